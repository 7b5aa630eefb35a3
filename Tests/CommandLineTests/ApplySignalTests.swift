// apply --signal: the stack learns how it went, once and truthfully, whatever is wrong.

import Foundation
import InitCore
import TestSupport
import Testing

extension StandInTests {
    @Suite struct ApplySignalTests {
        private let good = #""config": {"commands": {"c": {"command": "true"}}}"#
        private let bad = #""config": {"commands": {"c": {"command": "echo no such disk; exit 3"}}}"#

        private func accepted(_ status: String, _ resource: String = "Host") -> [Instance.Signal] {
            [Instance.Signal(resource: resource, status: status, isAccepted: true)]
        }

        @Test func `SUCCESS is told once, at the end`() async throws {
            let instance = try await Instance(configs: good)
            let result = try await instance.applySignalling()
            #expect(result.code == 0)
            #expect(result.errors == "ide-init: SUCCESS signalled to Host of the stack \(instance.stack)\n")
            #expect(try await instance.signals() == accepted("SUCCESS"))
        }

        @Test func `without --signal, and in a dry run, nothing is told`() async throws {
            let instance = try await Instance(configs: bad)
            #expect(try await instance.ideInit("apply", "--stack", instance.stack, "--resource", "Host").code == 1)
            #expect(try await instance.applySignalling("--dry-run").code == 0)
            #expect(try await instance.applySignalling("--dry-run", "--timeout", "soon").code == 64)
            #expect(try await instance.signals().isEmpty)
        }

        @Test func `a failed command is a FAILURE`() async throws {
            let instance = try await Instance(configs: bad)
            let result = try await instance.applySignalling()
            #expect(result.code == 1)
            #expect(result.errors.contains("FAILURE signalled to Host of the stack \(instance.stack)"))
            #expect(try await instance.signals() == accepted("FAILURE"))
        }

        @Test func `an invalid document is a FAILURE`() async throws {
            let instance = try await Instance(configs: #""config": {"commands": {"c": {"comand": "true"}}}"#)
            #expect(try await instance.applySignalling().code == 65)
            #expect(try await instance.signals() == accepted("FAILURE"))
        }

        @Test func `a resource without metadata, and a set that isn't there, are a FAILURE`() async throws {
            let bare = try await Instance(
                metadata: "{}", resources: #", "Group": {"CreationPolicy": {"ResourceSignal": {"Count": 1}}}"#)
            #expect(try await bare.applySignalling("--signal-resource", "Group").code == 65)
            #expect(try await bare.signals() == accepted("FAILURE", "Group"))
            let unset = try await Instance(configs: good)
            #expect(try await unset.applySignalling("-c", "late").code == 65)
            #expect(try await unset.signals() == accepted("FAILURE"))
        }

        @Test(arguments: [
            ["--configset", "x"], ["--timeout", "soon"], ["--signal-resource"], ["one.json", "two.json"],
        ]) func `a mistyped option is a FAILURE`(_ mistake: [String]) async throws {
            let instance = try await Instance(configs: good)
            let words = ["apply", "--stack=\(instance.stack)", "--resource", "Host", "--signal"] + mistake
            let result = try await instance.program.run(words, as: Program.path)
            #expect(result.code == 64)
            #expect(result.errors.contains("Usage: ide-init apply"))
            // Whom to tell can't be known where its name is missing.
            guard mistake != ["--signal-resource"] else {
                #expect(result.errors.contains("ide-init: the stack couldn't be told: "))
                return
            }
            #expect(result.errors.contains("ide-init: FAILURE signalled to Host of the stack \(instance.stack)"))
            #expect(try await instance.signals() == accepted("FAILURE"))
        }

        @Test func `--signal-resource alone is enough to signal`() async throws {
            let instance = try await Instance(
                metadata: #"{"AWS::CloudFormation::Init": {\#(good)}}"#,
                resources: #", "Group": {"CreationPolicy": {"ResourceSignal": {"Count": 1}}}"#)
            let result = try await instance.ideInit(
                "apply", "--stack", instance.stack, "--resource", "Host", "--signal-resource", "Group")
            #expect(result.code == 0)
            #expect(try await instance.signals() == accepted("SUCCESS", "Group"))
        }

        @Test func `--timeout is a FAILURE`() async throws {
            let instance = try await Instance(configs: #""config": {"commands": {"c": {"command": "sleep 600"}}}"#)
            let result = try await instance.applySignalling("--timeout", "1s")
            #expect(result.code == 1)
            #expect(result.output.contains("the run took longer than its --timeout of 1 s"))
            #expect(try await instance.signals() == accepted("FAILURE"))
        }

        @Test func `a document from standard input is applied by the process that is watched, and JSON stays JSON`()
            async throws
        {
            let instance = try await Instance(configs: good)
            let document = #"{"AWS::CloudFormation::Init": {"config": {"files": {"/run/one": {"content": "one"}}}}}"#
            let words = ["apply", "-", "--json", "--signal-url", try await instance.waitCondition()]
            let result = try await instance.program.run(words, as: Program.path, input: document)
            #expect(result.code == 0)
            #expect(instance.read("run/one") == "one")
            #expect(try await instance.waitConditionBodies().texts("Status") == ["SUCCESS"])
            let report = JSONNode(try JSONParser.parse(Array(result.output.utf8), name: "report").value)
            #expect(report["outcome"]?.plainText == "changed")
        }

        @Test func `a stack that waits for nothing any more is a note`() async throws {
            let instance = try await Instance(configs: good)
            #expect(try await instance.applySignalling().code == 0)
            let again = try await instance.ideInit("apply", "--signal")
            #expect(again.code == 0)
            #expect(again.errors.hasPrefix("ide-init: nobody waits for this signal: "))
            #expect(again.errors.contains("is in CREATE_COMPLETE state"))
            #expect(try await instance.signals().map(\.isAccepted) == [true, false])
        }

        @Test func `a signal to a resource that doesn't wait names the kind that does`() async throws {
            let instance = try await Instance(
                metadata: #"{"AWS::CloudFormation::Init": {\#(good)}}"#,
                resources: #", "Group": {"CreationPolicy": {"ResourceSignal": {"Count": 1}}}"#, signals: 0)
            let result = try await instance.applySignalling()
            #expect(result.code == 0)
            #expect(
                result.errors
                    == "ide-init: nobody waits for this signal: Resource Host is in CREATE_COMPLETE state and cannot be signaled; "
                    + "if an Auto Scaling group waits, name that one\n")
        }

        @Test func `a resource that isn't there can't be told, and that is said`() async throws {
            let instance = try await Instance(configs: good)
            let result = try await instance.applySignalling("--signal-resource", "Hots")
            #expect(result.code == 69)
            #expect(result.output.contains("Done: 1 ran"))
            #expect(
                result.errors.contains(
                    "ide-init: Hots of the stack \(instance.stack) can't be signalled: ValidationError: Resource Hots does not exist"
                )
            )
        }
    }
}

extension StandInTests {
    @Suite struct DeniedSignalTests {
        /// By keys, and not by the role: nobody waits for the permission of a user.
        private func denied(_ configs: String) async throws -> (Instance, [String: String]) {
            let standIn = try Instance.shared.get()
            let instance = try await Instance(configs: configs)
            try await standIn.set("deny", #"[{"action": "cloudformation:SignalResource"}]"#)
            let keys = [
                "AWS_ACCESS_KEY_ID": standIn["accessKeyId"], "AWS_SECRET_ACCESS_KEY": standIn["secretAccessKey"],
                "AWS_REGION": "us-east-1",
            ]
            return (instance, keys)
        }

        @Test func `what was done and couldn't be told has an exit code of its own`() async throws {
            let (instance, keys) = try await denied(#""config": {"commands": {"c": {"command": "true"}}}"#)
            let result = try await instance.applySignalling(setting: keys)
            #expect(result.code == 69)
            #expect(result.errors.contains("can't be signalled: AccessDenied: "))
            #expect(result.errors.contains("for another one its role needs cloudformation:SignalResource"))
        }

        @Test func `a failed run that couldn't be told is a failed run, and says both`() async throws {
            let (instance, keys) = try await denied(#""config": {"commands": {"c": {"command": "exit 3"}}}"#)
            let result = try await instance.applySignalling(setting: keys)
            #expect(result.code == 1)
            #expect(result.output.contains("Command c exited with code 3"))
            #expect(result.errors.contains("can't be signalled: AccessDenied: "))
            #expect(try await instance.signals().isEmpty)
        }

        @Test func `a role that may not signal is no matter: the instance shows its identity`() async throws {
            let standIn = try Instance.shared.get()
            let instance = try await Instance(configs: #""config": {"commands": {"c": {"command": "true"}}}"#)
            try await standIn.set(
                "deny", #"[{"action": "cloudformation:*", "principal": "*assumed-role*"}]"#)
            let result = try await instance.applySignalling()
            #expect(result.code == 0, "\(result.errors)")
            #expect(try await instance.signals().map(\.status) == ["SUCCESS"])
            #expect(try await instance.askers().contains(standIn["instanceId"]))
        }
    }
}
