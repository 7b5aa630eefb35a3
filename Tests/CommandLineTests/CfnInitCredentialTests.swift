// By whom cfn-init asks: credential file, role, keys, or the instance's identity, in this order.

import Foundation
import TestSupport
import Testing

extension StandInTests {
    @Suite struct CfnInitCredentialTests {
        private func credentialFile(_ instance: Instance, _ text: String, mode: Int) throws -> String {
            let path = instance.program.directory + "/credentials"
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            return path
        }

        private func lines(_ standIn: StandIn) -> String {
            "# of the stack\nAWSAccessKeyId=\(standIn["accessKeyId"])\n AWSSecretKey=\(standIn["secretAccessKey"])\n"
        }

        @Test func `with nothing given the instance shows its identity`() async throws {
            let instance = try await Instance()
            // The original knows nothing of these.
            let result = try await instance.cfnInit(
                setting: ["AWS_ACCESS_KEY_ID": "AKIANOBODY", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "eu-west-1"])
            #expect(result.code == 0)
            #expect(try await instance.askers() == [instance.standIn["instanceId"]])
        }

        @Test func `--role takes the keys of that role`() async throws {
            let instance = try await Instance()
            #expect(try await instance.cfnInit("--role", "ec2role").code == 0)
            let askers = try await instance.askers()
            #expect(askers.count == 1)
            #expect(askers.first?.hasPrefix("ASIA") == true)
        }

        @Test func `a role that the instance hasn't is told by its name`() async throws {
            let instance = try await Instance()
            let result = try await instance.cfnInit("--role", "other")
            #expect(result.code == 1)
            #expect(result.errors == "this instance has no role other; the one that it has is ec2role\n")
            #expect(try await instance.askers().isEmpty)
        }

        @Test func `keys on the command line are used, and kept nowhere`() async throws {
            let instance = try await Instance()
            let secret = instance.standIn["secretAccessKey"]
            let keys = ["-v", "--access-key", instance.standIn["accessKeyId"], "--secret-key", secret]
            let result = try await instance.program.run(
                keys + ["-s", instance.stack, "-r", "Host"], as: instance.program.link("cfn-init"))
            #expect(result.code == 0)
            #expect(try await instance.askers() == [instance.standIn["accessKeyId"]])
            for kept in ["state/ide-init/source.json", "log/cfn-init.log"] {
                #expect(try #require(instance.read(kept)).contains(secret) == false)
            }
        }

        @Test(arguments: [
            (["--access-key", "AKIANOBODY"], "--access-key takes --secret-key beside it"),
            (["--access-key", "AKIANOBODY", "--secret-key", "x"], "InvalidClientTokenId: "),
            (["--access-key", "AKIASTANDIN", "--secret-key", "wrong"], "SignatureDoesNotMatch: "),
        ]) func `bad keys are told as what they are`(_ keys: [String], _ words: String) async throws {
            let instance = try await Instance()
            let result = try await instance.program.run(
                ["-s", instance.stack, "-r", "Host"] + keys, as: instance.program.link("cfn-init"))
            #expect(result.code == 1)
            #expect(result.errors.hasPrefix(words), "\(result.errors)")
            #expect(!result.errors.contains("wrong"))
        }

        @Test func `a credential file is used, and goes before all else`() async throws {
            let instance = try await Instance()
            let file = try credentialFile(instance, lines(instance.standIn), mode: 0o400)
            let result = try await instance.cfnInit(
                "-f", file, "--role", "other", "--access-key", "a", "--secret-key", "b")
            #expect(result.code == 0, "\(result.errors)")
            #expect(try await instance.askers() == [instance.standIn["accessKeyId"]])
        }

        @Test func `a bad credential file is told before the metadata is looked at, a file's too`() async throws {
            let instance = try await Instance()
            let open = try credentialFile(instance, lines(instance.standIn), mode: 0o640)
            let missing = instance.program.directory + "/no-such-metadata.json"
            for arguments in [["-f", open, missing], ["-s", instance.stack, "-r", "Host", "-f", open]] {
                let result = try await instance.program.run(arguments, as: instance.program.link("cfn-init"))
                #expect(result.code == 1)
                #expect(
                    result.errors
                        == "the credential file \(open) can be read by others; its mode must be 0600 or 0400 (chmod 600)\n"
                )
            }
            let half = try credentialFile(instance, "AWSAccessKeyId=a\n", mode: 0o600)
            let result = try await instance.cfnInit("-f", half)
            #expect(result.code == 1)
            #expect(
                result.errors == "the credential file \(half) needs the lines AWSAccessKeyId=… and AWSSecretKey=…\n")
            #expect(
                try await instance.cfnInit("-f", missing).errors.contains("can't be read: No such file or directory"))
            #expect(try await instance.askers().isEmpty)
        }

        @Test func `a file is applied though the role that is named isn't there`() async throws {
            let instance = try await Instance()
            let document = try instance.program.config(#""files": {"/run/one": {"content": "one"}}"#)
            #expect(try await instance.cfn("init", "--role", "other", document).code == 0)
            #expect(instance.read("run/one") == "one")
        }
    }
}
