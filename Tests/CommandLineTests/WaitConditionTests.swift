// Wait conditions told by apply: the whole truth has room there, without secrets.

import Foundation
import InitCore
import TestSupport
import Testing

extension StandInTests {
    @Suite struct WaitConditionTests {
        private let good = #""config": {"files": {"/run/one": {"content": "one"}}}"#

        @Test func `SUCCESS has the instance's id`() async throws {
            let instance = try await Instance(configs: good)
            let result = try await instance.ideInit(
                "apply", "--stack", instance.stack, "--resource", "Host", "--signal-url",
                try await instance.waitCondition()
            )
            #expect(result.code == 0)
            #expect(result.errors == "ide-init: SUCCESS signalled to the wait condition\n")
            let body = try #require(try await instance.waitConditionBodies().first)
            #expect(body["Status"]?.plainText == "SUCCESS")
            #expect(body["Reason"]?.plainText == "Configuration Complete")
            #expect(body["UniqueId"]?.plainText == instance.standIn["instanceId"])
            #expect(body["Data"]?.plainText.isEmpty == true)
            #expect(try await instance.signals().isEmpty)
        }

        @Test func `FAILURE has the item, the error and the last lines, without secrets`() async throws {
            let name = "/cli/\(UUID().uuidString)"
            let standIn = try Instance.shared.get()
            try await standIn.set(
                "parameters", #"[{"name": "\#(name)", "value": "hunter2-hunter2", "type": "SecureString"}]"#)
            let instance = try await Instance(
                configs: #"""
                    "config": {
                      "files": {"/run/s": {"content": "{{resolve:ssm-secure:\#(name)}}", "mode": "000600"}},
                      "commands": {"c": {"command": "echo opening /dev/sdx; cat /run/s; echo; echo the last linë; exit 3"}}}
                    """#)
            let result = try await instance.ideInit(
                "apply", "--stack", instance.stack, "--resource", "Host", "--signal-url",
                try await instance.waitCondition()
            )
            #expect(result.code == 1)
            let bodies = try await instance.waitConditionBodies()
            #expect(bodies.texts("Status") == ["FAILURE"])
            #expect(
                bodies.texts("Reason") == [
                    "commands[c]: Command c exited with code 3\nopening /dev/sdx\n(secret)\nthe last linë"
                ])
        }

        @Test func `the reason of an invalid document holds its mistakes`() async throws {
            let instance = try await Instance(configs: #""config": {"files": {"/run/one": {"cntent": "one"}}}"#)
            let result = try await instance.ideInit(
                "apply", "--stack", instance.stack, "--resource", "Host", "--signal-url",
                try await instance.waitCondition()
            )
            #expect(result.code == 65)
            let reason = try #require(try await instance.waitConditionBodies().texts("Reason").first)
            #expect(
                reason.contains(
                    "config.files./run/one.cntent: this key isn't known here; did you mean \u{201C}content\u{201D}"))
        }

        @Test func `a wrong option is told there too`() async throws {
            let instance = try await Instance(configs: good)
            let result = try await instance.ideInit(
                "apply", "--signal-url", try await instance.waitCondition(), "--onyl", "x")
            #expect(result.code == 64)
            let reason = try #require(try await instance.waitConditionBodies().texts("Reason").first)
            #expect(reason.hasPrefix("wrong use: "))
            #expect(reason.contains("--onyl"))
        }

        @Test func `a long reason is cut, and stays text`() async throws {
            let instance = try await Instance(
                configs:
                    #""config": {"commands": {"c": {"command": "for i in $(seq 400); do echo \"ö line $i of the disk's complaints, which go on and on\"; done; exit 1"}}}"#
            )
            _ = try await instance.ideInit(
                "apply", "--stack", instance.stack, "--resource", "Host", "--signal-url",
                try await instance.waitCondition()
            )
            let reason = try #require(try await instance.waitConditionBodies().texts("Reason").first)
            #expect(reason.hasPrefix("commands[c]: Command c exited with code 1\n"))
            #expect(reason.contains("line 400 of"))
            #expect(reason.utf8.count <= 2010)
            #expect(!reason.contains("\u{FFFD}"))
        }

        /// As it is, in base64, in a file.
        @Test(arguments: ["", "base64", "@"]) func `a file's run tells it, however its URL is given`(_ form: String)
            async throws
        {
            let instance = try await Instance(configs: good)
            let document = try instance.program.config(#""files": {"/run/one": {"content": "one"}}"#)
            var url = try await instance.waitCondition()
            if form == "base64" { url = Data(url.utf8).base64EncodedString() }
            if form == "@" { url = "@" + (try instance.program.document(url + "\n", name: "url")) }
            #expect(try await instance.ideInit("apply", document, "--signal-url", url).code == 0)
            #expect(try await instance.waitConditionBodies().texts("Status") == ["SUCCESS"])
        }

        @Test(arguments: ["%%%", "bm90aGluZw==", "ftp://x/", "@/no/such/file"])
        func `what is no URL is told before anything is done`(_ url: String) async throws {
            let instance = try await Instance(configs: good)
            let document = try instance.program.config(#""files": {"/run/one": {"content": "one"}}"#)
            let result = try await instance.ideInit("apply", document, "--signal-url", url)
            #expect(result.code == 64)
            #expect(
                result.errors.contains(
                    url.hasPrefix("@") ? "/no/such/file: No such file or directory" : "this is no wait condition's URL")
            )
            #expect(!instance.exists("run/one"))
        }

        @Test func `a URL that is refused is told, and has the exit code for it`() async throws {
            let instance = try await Instance(configs: good)
            let url = try await instance.waitCondition()
            let document = try instance.program.config(#""files": {"/run/one": {"content": "one"}}"#)
            let result = try await instance.ideInit("apply", document, "--signal-url", String(url.dropLast()))
            #expect(result.code == 69)
            #expect(instance.read("run/one") == "one")
            #expect(result.errors.contains("the wait condition refuses the signal: SignatureDoesNotMatch: "))
            #expect(result.errors.contains("its URL may have run out, or be cut off"))
            // It is a credential.
            #expect(!result.errors.contains("X-Amz-Signature"))
        }
    }
}
