// Where the document comes from when nobody says: the last run's stack.

import Foundation
import InitCore
import TestSupport
import Testing

extension StandInTests {
    @Suite struct SourceTests {
        private let configs = #"""
            "configSets": {"default": ["one"], "other": ["two"]},
            "one": {"files": {"/run/one": {"content": "one\n"}}},
            "two": {"files": {"/run/two": {"content": "two\n"}}}
            """#

        @Test func `cfn-init's source is remembered, for root alone, and an admin need name nothing`() async throws {
            let instance = try await Instance(configs: configs)
            #expect(
                try await instance.cfnInit("--region", "us-east-1", "-u", instance.standIn.url, "--role", "ec2role")
                    .code == 0)
            let path = "state/ide-init/source.json"
            #expect(instance.mode(path) == 0o600)
            let source = JSONNode(try JSONParser.parse(Array(try #require(instance.read(path)).utf8), name: path).value)
            let fields = ["stack", "resource", "region", "url", "role"].map { source[$0]?.plainText }
            #expect(fields == [instance.stack, "Host", "us-east-1", instance.standIn.url, "ec2role"])

            let plan = try await instance.ideInit("plan", "--detailed-exitcode", setting: ["AWS_ENDPOINT_URL": ""])
            #expect(plan.code == 0, "\(plan.errors)")
            #expect(plan.output.contains("1 already right"))
            try FileManager.default.removeItem(atPath: instance.run + "/one")
            #expect(try await instance.ideInit("apply", setting: ["AWS_ENDPOINT_URL": ""]).code == 0)
            #expect(instance.read("run/one") == "one\n")
            // The region, the URL and the role were those of the first run.
            #expect(try await instance.askers().allSatisfy { $0.hasPrefix("ASIA") })
        }

        @Test func `another set is for that run alone`() async throws {
            let instance = try await Instance(configs: configs)
            try await instance.cfnInit()
            let other = try await instance.ideInit("apply", "-c", "other")
            #expect(other.code == 0)
            #expect(other.output.contains("files[/run/two] created"))
            try FileManager.default.removeItem(atPath: instance.run + "/one")
            let again = try await instance.ideInit("apply")
            #expect(again.output.contains("files[/run/one] created"))
            #expect(!again.output.contains("/run/two"))
        }

        @Test func `the sets of the stack's own run are taken again`() async throws {
            let instance = try await Instance(configs: configs)
            try await instance.cfnInit("-c", "other,default")
            let plan = try await instance.ideInit("plan")
            #expect(plan.output.contains("2 already right"))
            // Also where the same stack is named again without sets.
            let named = try await instance.ideInit("plan", "--stack", instance.stack, "--resource", "Host")
            #expect(named.output.contains("2 already right"))
        }

        @Test func `what cfn-init ignored is ignored by a later apply, and without it only with --compatible`()
            async throws
        {
            let configs = #""config": {"files": {"/run/one": {"content": "one\n"}}, "servces": {}}"#
            let asCfnInit = try await Instance(configs: configs)
            #expect(try await asCfnInit.cfnInit().code == 0)
            #expect(try await asCfnInit.ideInit("apply").code == 0)

            let instance = try await Instance(configs: configs)
            let words = ["--stack", instance.stack, "--resource", "Host"]
            let refused = try await instance.program.run(["apply"] + words, as: Program.path)
            #expect(refused.code == 65)
            #expect(refused.errors.contains("config.servces"))
            #expect(try await instance.program.run(["apply", "--compatible"] + words, as: Program.path).code == 0)
            let again = try await instance.ideInit("apply")
            #expect(again.code == 0)
            #expect(again.errors.contains("warning: config.servces"))
        }

        @Test func `a file and a dry run leave no source`() async throws {
            let instance = try await Instance(configs: configs)
            #expect(try await instance.ideInit("plan", "--stack", instance.stack, "--resource", "Host").code == 0)
            #expect(try await instance.cfnInit("--dry-run").code == 0)
            let file = try instance.program.config(#""files": {"/run/f": {"content": "f"}}"#)
            #expect(try await instance.ideInit("apply", file).code == 0)
            #expect(!instance.exists("state/ide-init/source.json"))
            #expect(!instance.exists("state/cfn-init"))
        }

        @Test(arguments: [
            (["apply", "--stack", "s"], "--stack takes --resource beside it"),
            (["apply", "--resource", "Host"], "--resource takes --stack beside it"),
            (
                ["plan", "x.json", "--stack", "s", "--resource", "r"],
                "a file and a stack are both named; which one is meant?"
            ),
        ]) func `half a source is told`(_ arguments: [String], _ words: String) async throws {
            let instance = try await Instance()
            let result = try await instance.program.run(arguments, as: Program.path)
            #expect(result.code == 64)
            #expect(result.errors.contains(words))
        }

        @Test func `a damaged record is told with its path`() async throws {
            let instance = try await Instance(configs: configs)
            try await instance.cfnInit()
            let path = instance.program.directory + "/state/ide-init/source.json"
            try "{\"stack\": 1}".write(toFile: path, atomically: false, encoding: .utf8)
            let result = try await instance.ideInit("apply")
            #expect(result.code == 1)
            #expect(
                result.errors.contains(
                    "/var/lib/ide-init/source.json is damaged; remove it, and name --stack and --resource once"))
        }
    }
}
