// Dry runs with stacks and references: what they ask, what they can't know, what they leave alone.

import Foundation
import TestSupport
import Testing

extension StandInTests {
    @Suite struct RehearsalTests {
        private func instance(_ standIn: StandIn) async throws -> Instance {
            try await standIn.set(
                "parameters", #"[{"name": "/p", "value": "hunter2-hunter2", "type": "SecureString"}]"#)
            return try await Instance(
                configs: #""config": {"files": {"/run/s": {"content": "{{resolve:ssm-secure:/p}}", "mode": "000600"}}}"#
            )
        }

        @Test func `a reference compares as same or differs`() async throws {
            let standIn = try Instance.shared.get()
            let instance = try await instance(standIn)
            let words = ["plan", "--stack", instance.stack, "--resource", "Host", "--detailed-exitcode", "--diff"]
            func plan() async throws -> Program.Result { try await instance.program.run(words, as: Program.path) }
            #expect(try await plan().code == 2)
            #expect(try await instance.cfnInit().code == 0)
            let same = try await plan()
            #expect(same.code == 0)
            #expect(same.output.contains("1 already right"))
            try await standIn.set("parameters", #"[{"name": "/p", "value": "other-other"}]"#)
            let differs = try await plan()
            #expect(differs.code == 2)
            #expect(differs.output.contains("content: differs (secret)"))
            #expect(!differs.output.contains("other-other") && !differs.output.contains("hunter2"))
        }

        @Test func `without a role it is known after resolving`() async throws {
            let standIn = try Instance.shared.get()
            let instance = try await instance(standIn)
            try await standIn.set("imds", #"{"role": ""}"#)
            let result = try await instance.ideInit("plan", "--stack", instance.stack, "--resource", "Host")
            #expect(result.code == 0, "\(result.errors)")
            #expect(result.output.contains("known after resolving ssm:///p"))
            #expect(result.output.contains("Plan: 1 to change."))
        }

        /// Nobody at the address, and somebody who never answers.
        @Test(arguments: [false, true]) func `off EC2 it is known after resolving, too`(isSilent: Bool) async throws {
            let instance = try await instance(Instance.shared.get())
            let silence = try SilentServer()
            let document = try instance.program.config(
                #""files": {"/run/s": {"content": "{{resolve:ssm-secure:/p}}", "mode": "000600"}}"#)
            let setting = [
                "AWS_EC2_METADATA_SERVICE_ENDPOINT": isSilent ? silence.url : "http://127.0.0.1:9",
                "AWS_ENDPOINT_URL": silence.url,
            ]
            for region in [[:], ["AWS_REGION": "us-east-1"]] {
                let result = try await instance.ideInit("plan", document, setting: setting.merging(region) { $1 })
                #expect(result.code == 0, "\(result.errors)")
                #expect(result.output.contains("known after resolving ssm:///p"), "\(result.output)")
            }
            #expect((silence.connections > 0) == isSilent)
        }

        @Test func `off EC2 a stack takes a region, then credentials`() async throws {
            let instance = try await instance(Instance.shared.get())
            let silence = try SilentServer()
            let setting = ["AWS_EC2_METADATA_SERVICE_ENDPOINT": silence.url]
            let words = ["plan", "--stack", instance.stack, "--resource", "Host"]
            var program = instance.program
            program.environment.merge(setting) { $1 }
            let nowhere = try await program.run(words, as: Program.path)
            #expect(nowhere.code == 64)
            #expect(nowhere.errors.contains("no region is named; add --region"))
            let nobody = try await program.run(words + ["--region", "us-east-1"], as: Program.path)
            #expect(nobody.code == 1)
            #expect(
                nobody.errors.contains(
                    "DescribeStackResource takes AWS credentials, and there are none (looked at: the environment, the shared files' profile default,"
                ))
        }

        @Test func `--offline asks for the document alone`() async throws {
            let standIn = try Instance.shared.get()
            let instance = try await instance(standIn)
            let keys = [
                "AWS_ACCESS_KEY_ID": standIn["accessKeyId"], "AWS_SECRET_ACCESS_KEY": standIn["secretAccessKey"],
                "AWS_REGION": "us-east-1",
            ]
            try await standIn.set("clear", "{}")
            let result = try await instance.ideInit(
                "plan", "--offline", "--stack", instance.stack, "--resource", "Host", setting: keys)
            #expect(result.code == 0)
            #expect(result.output.contains("known after resolving ssm:///p"))
            #expect(try await standIn.log().texts("action") == ["DescribeStackResource"])

            try await standIn.set("clear", "{}")
            let document = try instance.program.config(#""files": {"/run/s": {"content": "{{resolve:ssm:/p}}"}}"#)
            #expect(try await instance.ideInit("plan", "--offline", document).code == 0)
            #expect(try await standIn.log().isEmpty)
        }

        @Test func `a reference that may not be read doesn't fail a plan, and is told`() async throws {
            let standIn = try Instance.shared.get()
            let instance = try await instance(standIn)
            try await standIn.set("deny", #"[{"action": "ssm:GetParameter*"}]"#)
            let result = try await instance.ideInit("plan", "--stack", instance.stack, "--resource", "Host")
            #expect(result.code == 0, "\(result.output)\(result.errors)")
            #expect(result.output.contains("ssm:///p, named in config.files./run/s.content"))
            #expect(result.output.contains("the credentials in use need ssm:GetParameters on"))
        }

        @Test func `nothing is recorded, logged or signalled, and nothing waits for the lock`() async throws {
            let instance = try await instance(Instance.shared.get())
            let words = ["--stack", instance.stack, "--resource", "Host"]
            let holder = try instance.program.start([
                "apply", instance.program.config(#""commands": {"s": {"command": "echo $$ >/run/holds; sleep 600"}}"#),
            ])
            _ = try #require(waitFor(instance.run + "/holds"))
            for command in [["plan"], ["apply", "--dry-run", "--signal"], ["validate"], ["metadata"]] {
                let result = try await instance.program.run(command + words, as: Program.path)
                #expect(result.code == 0, "\(command): \(result.errors)")
            }
            let rehearsal = try await instance.cfnInit("--dry-run")
            #expect(rehearsal.code == 0)
            #expect(rehearsal.output.contains("files[/run/s] would be created"))
            #expect(rehearsal.errors.contains("a cfn-signal after it would tell the stack something untrue"))
            holder.terminate()
            holder.waitUntilExit()
            #expect(!instance.exists("run/s"))
            #expect(!instance.exists("state/ide-init/source.json") && !instance.exists("state/cfn-init"))
            #expect(!instance.exists("log/cfn-init.log"))
            #expect(try await instance.signals().isEmpty)
        }
    }
}
