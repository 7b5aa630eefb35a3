// cfn-signal by name.

import Foundation
import InitCore
import TestSupport
import Testing

extension StandInTests {
    @Suite struct CfnSignalTests {
        /// Options, and what the stack hears.
        @Test(
            arguments: [
                ([], "SUCCESS"), (["-e", "0"], "SUCCESS"), (["-e", "3"], "FAILURE"), (["-e=7"], nil),
                (["-e", "-1"], "FAILURE"),
                (["--exit-code=1"], "FAILURE"), (["-s", "true"], "SUCCESS"), (["-s", "false"], "FAILURE"),
                (["-e", "0", "-s", "false"], "FAILURE"), (["-e", "1", "-s", "true"], "FAILURE"), (["-e", "1x"], nil),
                (["-e", ""], nil), (["-s", "maybe"], nil), (["-s", "True"], nil), (["--no-such"], nil), (["-i"], nil),
            ] as [([String], String?)])
        func `exit code and --success decide together`(_ options: [String], _ status: String?) async throws {
            let instance = try await Instance(signals: 3)
            let words = ["--stack", instance.stack, "--resource", "Host", "--region", "us-east-1"]
            let result = try await instance.program.run(words + options, as: instance.program.link("cfn-signal"))
            let signals = try await instance.signals()
            guard let status else {
                #expect(result.code == 2)
                #expect(result.errors.hasPrefix("Usage: cfn-signal "))
                #expect(signals.isEmpty)
                return
            }
            #expect(result.code == 0, "\(result.errors)")
            #expect(result.output.isEmpty)
            #expect(signals == [Instance.Signal(resource: "Host", status: status, isAccepted: true)])
            // By the instance's identity: no credentials were given.
            #expect(try await instance.askers() == [instance.standIn["instanceId"]])
        }

        @Test func `the id is the instance's unless one is given`() async throws {
            let instance = try await Instance(signals: 9)
            let words = ["--stack", instance.stack, "--resource", "Host"]
            try await instance.cfn("signal", words[0], words[1], words[2], words[3])
            try await instance.cfn("signal", words[0], words[1], words[2], words[3], "-i", "mine")
            let ids = try await instance.standIn.look("signals").items.filter {
                $0["stack"]?.plainText == instance.stack
            }
            #expect(ids.texts("uniqueId") == [instance.standIn["instanceId"], "mine"])
        }

        @Test func `a signal that comes late or twice is benign`() async throws {
            let instance = try await Instance(signals: 2)
            let words = ["signal", "--stack", instance.stack, "--resource", "Host"]
            func signal(_ id: String) async throws -> Program.Result {
                try await instance.cfn(words[0], words[1], words[2], words[3], words[4], "-i", id)
            }
            #expect(try await signal("a").errors.isEmpty)
            let twice = try await signal("a")
            #expect(twice.code == 0)
            #expect(
                twice.errors.hasPrefix(
                    "nobody waits for this signal: Signal with ID a for resource Host already exists"))
            #expect(try await signal("b").errors.isEmpty)
            let late = try await signal("c")
            #expect(late.code == 0)
            #expect(late.errors.contains("is in CREATE_COMPLETE state and cannot be signaled"))
            #expect(try await instance.signals().map(\.isAccepted) == [true, false, true, false])
        }

        @Test func `keys and roles are used where they are given`() async throws {
            let instance = try await Instance(signals: 9)
            let (id, secret) = (instance.standIn["accessKeyId"], instance.standIn["secretAccessKey"])
            for more in [["--access-key", id, "--secret-key", secret], ["--role", "ec2role", "-i", "b"]] {
                let words = ["--stack", instance.stack, "--resource", "Host"]
                let result = try await instance.program.run(words + more, as: instance.program.link("cfn-signal"))
                #expect(result.code == 0, "\(result.errors)")
            }
            let askers = try await instance.askers()
            #expect(askers.count == 2)
            #expect(askers.first == id)
            #expect(askers.last?.hasPrefix("ASIA") == true)
        }

        @Test func `a wait condition gets reason and data`() async throws {
            let instance = try await Instance()
            let url = try await instance.waitCondition()
            let full = try await instance.cfn("signal", "-r", "all \"good\"", "-d", "dätä", "-i", "me", url)
            #expect(full.code == 0)
            #expect(full.output == "CloudFormation signaled successfully with SUCCESS.\n")
            let plain = try await instance.cfn("signal", "-e", "1", Data(url.utf8).base64EncodedString())
            #expect(plain.output == "CloudFormation signaled successfully with FAILURE.\n")
            try await instance.cfn("signal", url, "-s", "false", "--reason=no disk")
            let bodies = try await instance.waitConditionBodies()
            #expect(bodies.texts("Status") == ["SUCCESS", "FAILURE", "FAILURE"])
            #expect(bodies.texts("Reason") == ["all \"good\"", "Configuration Failed", "no disk"])
            #expect(bodies.texts("Data") == ["dätä", "", ""])
            #expect(bodies.texts("UniqueId") == ["me", instance.standIn["instanceId"], instance.standIn["instanceId"]])
        }

        @Test(arguments: [
            ([], "Error: name a wait condition's URL, or a stack and a resource\nUsage: cfn-signal "),
            (["--stack", "s"], "Error: name a wait condition's URL, or a stack and a resource\nUsage: cfn-signal "),
            (["--resource", "Host"], "Error: --resource takes --stack beside it\nUsage: cfn-signal "),
            (
                ["http://127.0.0.1:9/", "--stack", "s", "--resource", "Host"],
                "Error: name either a wait condition's URL or a resource, not both\n"
            ),
            (["%%%"], "Error: this is no wait condition's URL, neither as it is nor in base64\n"),
            (["bm90aGluZw=="], "Error: this is no wait condition's URL, neither as it is nor in base64\n"),
        ]) func `what it can't be told by is told`(_ arguments: [String], _ words: String) async throws {
            let instance = try await Instance()
            let result = try await instance.program.run(arguments, as: instance.program.link("cfn-signal"))
            #expect(result.code == 1)
            #expect(result.errors.hasPrefix(words), "\(result.errors)")
            #expect(result.output.isEmpty)
        }

        @Test func `what the service refuses is told`() async throws {
            let instance = try await Instance()
            let missing = try await instance.cfn("signal", "--stack", instance.stack, "--resource", "Hots")
            #expect(missing.code == 1)
            #expect(
                missing.errors
                    == "Hots of the stack \(instance.stack) can't be signalled: ValidationError: Resource Hots does not exist for stack \(instance.stack)\n"
            )
            let long = String(repeating: "x", count: 65)
            let tooLong = try await instance.cfn("signal", "--stack", instance.stack, "--resource", "Host", "-i", long)
            #expect(tooLong.code == 1)
            #expect(tooLong.errors.contains("Member must have length less than or equal to 64"))
        }

        @Test func `off EC2 help comes without asking anybody, and a signal takes credentials`() async throws {
            let instance = try await Instance()
            let silence = try SilentServer()
            let setting = ["AWS_EC2_METADATA_SERVICE_ENDPOINT": silence.url, "AWS_ENDPOINT_URL": silence.url]
            let help = try await instance.cfn("signal", "--help", setting: setting)
            #expect(help.code == 0)
            #expect(help.output.hasPrefix("Usage: cfn-signal [options] --stack STACK --resource RESOURCE\n"))
            #expect(silence.connections == 0)
            let result = try await instance.cfn("signal", "--stack", "s", "--resource", "Host", setting: setting)
            #expect(result.code == 1)
            #expect(result.errors.contains("SignalResource takes AWS credentials, and there are none"))
            #expect(silence.connections > 0)
        }
    }
}
