// A machine on which nothing was applied yet knows its stack by its tags, or says what to type.

import Foundation
import InitCore
import TestSupport
import Testing

extension StandInTests {
    @Suite struct TagTests {
        private let configs = #""config": {"files": {"/run/one": {"content": "one"}}}"#
        private let howTo =
            "name a file, or the stack: ide-init apply --stack NAME --resource LOGICAL_ID [--region REGION]"

        private func tag(_ instance: Instance, resource: String = "Host", group: Bool = false) async throws {
            let more = group ? #", "aws:autoscaling:groupName": "the-group""# : ""
            try await instance.standIn.set(
                "tags",
                """
                {"\(instance.standIn["instanceId"])": {"aws:cloudformation:stack-name": "\(instance.stack)",
                  "aws:cloudformation:logical-id": "\(resource)"\(more)}}
                """)
        }

        @Test(arguments: [true, false]) func `they are read from instance metadata, else from EC2`(inMetadata: Bool)
            async throws
        {
            let standIn = try Instance.shared.get()
            let instance = try await Instance(configs: configs)
            try await tag(instance)
            try await standIn.set("imds", #"{"tags": \#(inMetadata)}"#)
            let result = try await instance.ideInit("apply")
            #expect(result.code == 0, "\(result.errors)")
            #expect(instance.read("run/one") == "one")
            #expect(instance.read("state/ide-init/source.json")?.contains(instance.stack) == true)
            #expect(try await standIn.requests("ec2.DescribeTags") == (inMetadata ? 0 : 1))
        }

        @Test func `without tags the message says what to type, for each command its own`() async throws {
            let instance = try await Instance(configs: configs)
            let result = try await instance.ideInit("apply")
            #expect(result.code == 64)
            #expect(
                result.errors
                    == "ide-init: no document is named, none was applied here before, and this instance's tags name no stack; \(howTo)\n"
            )
            for command in ["plan", "validate", "metadata", "signal"] {
                let result = try await instance.ideInit(command)
                #expect(result.code == 64)
                #expect(result.errors.contains(": ide-init \(command) --stack NAME --resource LOGICAL_ID"))
                #expect(result.errors.contains(command == "signal" ? "no stack is named" : "no document is named"))
            }
        }

        @Test func `tags that may not be read are told with the permission`() async throws {
            let standIn = try Instance.shared.get()
            let instance = try await Instance(configs: configs)
            try await tag(instance)
            try await standIn.set("deny", #"[{"action": "ec2:DescribeTags"}]"#)
            let result = try await instance.ideInit("apply")
            #expect(result.code == 1)
            #expect(result.errors.contains("UnauthorizedOperation: "))
            #expect(
                result.errors.hasSuffix("; allow ec2:DescribeTags, or show tags in instance metadata; \(howTo)\n"))
        }

        @Test func `without a role the message says so`() async throws {
            let standIn = try Instance.shared.get()
            let instance = try await Instance(configs: configs)
            try await standIn.set("imds", #"{"role": ""}"#)
            let result = try await instance.ideInit("plan")
            #expect(result.code == 1)
            #expect(result.errors.contains("DescribeTags takes AWS credentials, and there are none"))
            #expect(result.errors.contains("give this instance a role"))
        }

        @Test func `a machine that isn't on EC2 is told so`() async throws {
            let instance = try await Instance(configs: configs)
            try await instance.standIn.set("imds", #"{"disabled": true}"#)
            for (endpoint, why) in [
                ("http://127.0.0.1:9", "(connection refused)"), (instance.standIn.imdsURL, "is switched off (403)"),
            ] {
                let result = try await instance.ideInit(
                    "apply", setting: ["AWS_EC2_METADATA_SERVICE_ENDPOINT": endpoint])
                #expect(result.code == 64)
                #expect(result.errors.contains("this machine can't be asked for its stack ("))
                #expect(result.errors.contains(why), "\(result.errors)")
                #expect(result.errors.hasSuffix("\(howTo)\n"))
            }
        }

        @Test func `a group's tags lead nowhere unless the group has the metadata`() async throws {
            let group = #""Type": "AWS::AutoScaling::AutoScalingGroup""#
            let metadata = #""Metadata": {"AWS::CloudFormation::Init": {\#(configs)}}"#
            let instance = try await Instance(
                resources: #", "Group": {\#(group)}, "Full": {\#(group), \#(metadata)}"#)
            try await tag(instance, resource: "Group", group: true)
            let result = try await instance.ideInit("apply")
            #expect(result.code == 64)
            #expect(
                result.errors
                    == "ide-init: this instance's tags name Group of the stack \(instance.stack), the Auto Scaling group the-group, "
                    + "which has no AWS::CloudFormation::Init; name the resource that has it, mostly the launch template: "
                    + "ide-init apply --stack \(instance.stack) --resource LOGICAL_ID --region us-east-1\n")
            try await tag(instance, resource: "Full", group: true)
            #expect(try await instance.ideInit("apply").code == 0)
            #expect(instance.read("run/one") == "one")
        }

        @Test func `a run that is stopped while it looks for its stack is told all the same`() async throws {
            let instance = try await Instance(configs: configs)
            try await tag(instance)
            try await instance.standIn.set("latency", #"{"ec2.DescribeTags": 600}"#)
            let process = try instance.program.start(["apply", "--signal"])
            #expect(
                try await comes {
                    try await instance.standIn.look("counters")["in_progress"]?["ec2.DescribeTags"] != nil
                })
            try await instance.standIn.set("latency", "{}")
            process.terminate()
            process.waitUntilExit()
            #expect(process.terminationStatus == 1)
            #expect(try await instance.signals().map(\.status) == ["FAILURE"])
            #expect(!instance.exists("run/one"))
        }

        @Test func `a group is what is signalled, with metadata or without`() async throws {
            let instance = try await Instance(
                resources:
                    #", "Group": {"Type": "AWS::AutoScaling::AutoScalingGroup", "CreationPolicy": {"ResourceSignal": {"Count": 2}}}"#
            )
            try await tag(instance, resource: "Group", group: true)
            let file = try instance.program.config(#""files": {"/run/f": {"content": "f"}}"#)
            let run = try await instance.ideInit("apply", file, "--signal")
            #expect(run.code == 0, "\(run.errors)")
            #expect(run.errors.contains("ide-init: SUCCESS signalled to Group of the stack \(instance.stack)"))
            #expect(try await instance.ideInit("signal", "--id", "another").code == 0)
            #expect(
                try await instance.signals() == [
                    Instance.Signal(resource: "Group", status: "SUCCESS", isAccepted: true),
                    Instance.Signal(resource: "Group", status: "SUCCESS", isAccepted: true),
                ])
        }
    }
}
