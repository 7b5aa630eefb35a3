// cfn-init with a stack: what it does, keeps, logs and says.

import Foundation
import InitCore
import TestSupport
import Testing

extension StandInTests {
    @Suite struct CfnInitStackTests {
        private let configs = #"""
            "configSets": {"default": ["one"], "end-to-end": ["one", "two"]},
            "one": {"files": {"/run/one": {"content": "one\n"}}},
            "two": {"commands": {"c": {"command": "echo from the command; touch /run/two"}}}
            """#

        @Test func `the usual user-data line applies the set that it names`() async throws {
            let instance = try await Instance(configs: configs)
            let result = try await instance.cfn(
                "init", "-v", "--stack", instance.stack, "--resource", "Host", "--configsets", "end-to-end", "--region",
                "us-east-1")
            #expect(result.code == 0)
            #expect(result.output.isEmpty)
            #expect(result.errors.isEmpty)
            #expect(instance.read("run/one") == "one\n")
            #expect(instance.exists("run/two"))
            let log = try #require(instance.read("log/cfn-init.log"))
            let marks = [
                "-----------------------Starting build-----------------------", "Running configSets: end-to-end",
                "Running configSet end-to-end", "Running config one", "Running config two", "Command c succeeded",
                "ConfigSets completed", "-----------------------Build complete-----------------------",
            ]
            let lines = log.split(separator: "\n").map { String($0.split(separator: "] ", maxSplits: 1).last ?? "") }
            #expect(lines.filter(marks.contains) == marks)
            #expect(instance.read("log/cfn-init-cmd.log")?.contains("from the command") == true)
        }

        @Test func `options stand in any order and form, and -u names the service`() async throws {
            let instance = try await Instance(configs: configs)
            let result = try await instance.cfn(
                "init", "-u", instance.standIn.url, "-rHost", "--stac=\(instance.stack)",
                setting: ["AWS_ENDPOINT_URL": "http://127.0.0.1:9"])
            #expect(result.code == 0)
            #expect(instance.read("run/one") == "one\n")
            #expect(!instance.exists("run/two"))
        }

        @Test func `a failed build is told on stderr and in the log, and its exit code is 1`() async throws {
            let instance = try await Instance(
                configs: #""config": {"commands": {"c": {"command": "echo no such disk; exit 7"}}}"#)
            let result = try await instance.cfnInit()
            #expect(result.code == 1)
            #expect(
                result.errors.hasPrefix("Error occurred during build: commands[c]: Command c exited with code 7\n"))
            #expect(result.errors.contains("no such disk"))
            let log = try #require(instance.read("log/cfn-init.log"))
            #expect(log.contains("[ERROR] -----------------------BUILD FAILED!------------------------"))
        }

        /// Options, and what is to be told.
        @Test(arguments: [
            (
                ["-s", "no-such-stack", "-r", "Host", "--role", "ec2role", "--region", "eu-west-1"],
                "ValidationError: Stack 'no-such-stack' does not exist; looked for in eu-west-1: is that, by --region,"
            ),
            (
                ["-s", "no-such-stack", "-r", "Host"],
                "By its identity an instance may ask about the stack that made it and no other"
            ),
            (["-r", "Missing"], "ValidationError: Resource Missing does not exist for stack stack-"),
            (["-r", "Bare"], "Bare of the stack stack-"),
        ]) func `what can't be fetched is told, in the log too`(_ options: [String], _ words: String) async throws {
            let instance = try await Instance(
                metadata: #"{"x": 1}"#, resources: #", "Bare": {"Type": "AWS::EC2::Instance"}"#)
            let result = try await instance.program.run(
                ["-s", instance.stack] + options, as: instance.program.link("cfn-init"))
            #expect(result.code == 1)
            #expect(result.errors.contains(words), "\(result.errors)")
            #expect(instance.read("log/cfn-init.log")?.contains(words) == true)
            #expect(!instance.exists("state/ide-init/source.json"))
        }

        @Test func `metadata without an Init block is no failure, and is stored`() async throws {
            let instance = try await Instance(metadata: #"{"x": 1}"#)
            let result = try await instance.cfnInit()
            #expect(result.code == 0)
            #expect(result.errors.contains("there is no AWS::CloudFormation::Init"))
            #expect(instance.read("state/cfn-init/data/metadata.json") == "{\n    \"x\": \"1\"\n}\n")
        }

        @Test func `a set that isn't there is told with those that are, before anything is done`() async throws {
            let instance = try await Instance(configs: configs)
            let result = try await instance.cfnInit("-c", "default,late")
            #expect(result.code == 1)
            #expect(result.errors.contains("there is no configSet \u{201C}late\u{201D}; there are: "))
            #expect(result.errors.contains("end-to-end"))
            #expect(!instance.exists("run/one"))
        }

        @Test
        func `references are resolved by the role though the stack is asked by identity, and stay references on disk`()
            async throws
        {
            let standIn = try Instance.shared.get()
            let name = "/cli/\(UUID().uuidString)"
            try await standIn.set(
                "parameters", #"[{"name": "\#(name)", "value": "hunter2-hunter2", "type": "SecureString"}]"#)
            let instance = try await Instance(
                configs:
                    #""config": {"files": {"/run/s": {"content": "key={{resolve:ssm-secure:\#(name)}}\n", "mode": "000600"}}}"#
            )
            let result = try await instance.cfnInit("-v")
            #expect(result.code == 0, "\(result.errors)")
            #expect(instance.read("run/s") == "key=hunter2-hunter2\n")
            #expect(try await instance.askers() == [standIn["instanceId"]])
            let readers = try await standIn.log().filter {
                $0["names"]?.items.contains { $0.plainText.hasSuffix(name) } ?? false
            }
            #expect(readers.texts("who").allSatisfy { $0.hasPrefix("ASIA") })
            #expect(!readers.isEmpty)
            let path = "state/cfn-init/data/metadata.json"
            #expect(instance.mode(path) == 0o600)
            #expect(instance.read(path)?.contains("{{resolve:ssm-secure:\(name)}}") == true)
            for kept in [path, "state/ide-init/metadata.json", "log/cfn-init.log", "log/cfn-init-cmd.log"] {
                #expect(try #require(instance.read(kept), "\(kept)").contains("hunter2") == false, "\(kept)")
            }
        }

        @Test func `the second run of the same metadata finds all right, though the service shuffles it`() async throws
        {
            let instance = try await Instance(
                configs: #""config": {"files": {"/run/j": {"content": {"b": 1, "a": [true, null], "c": {}}}}}"#)
            #expect(try await instance.cfnInit().code == 0)
            for _ in 0..<3 {
                let plan = try await instance.ideInit("plan", "--detailed-exitcode")
                #expect(plan.code == 0, "\(plan.output)")
            }
        }
    }
}
