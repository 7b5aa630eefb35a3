// cfn-get-metadata and ide-init metadata.

import Foundation
import InitCore
import TestSupport
import Testing

extension StandInTests {
    @Suite struct MetadataTests {
        private let metadata = #"""
            {"a": {"b": {"c": "Größe {{resolve:ssm:/x}}"}, "with.dot": {"n": 7, "empty": "", "list": [1, "z"], "map": {"k": "ä"}}}}
            """#

        /// A key, and what is printed; nil: nothing is there.
        @Test(
            arguments: [
                ("a.b.c", "Größe {{resolve:ssm:/x}}\n"), (#"a.with\.dot.n"#, "7\n"), ("a.with.dot.n", nil),
                ("a.b.c.d", nil),
                ("A", nil), ("a.", nil), (#"a.with\.dot.list"#, "[\n    \"1\",\n    \"z\"\n]\n"),
                (#"a.with\.dot.map"#, "{\n    \"k\": \"\\u00e4\"\n}\n"), (#"a.with\.dot.empty"#, ""),
            ] as [(String, String?)]) func `one value, strings as they are and all else as JSON`(
                _ key: String, _ text: String?
            )
            async throws
        {
            let instance = try await Instance(metadata: metadata)
            let original = try await instance.cfn("get-metadata", "-s", instance.stack, "-r", "Host", "-k", key)
            let ours = try await instance.ideInit(
                "metadata", "--stack", instance.stack, "--resource", "Host", "--key", key)
            guard let text else {
                #expect(original.code == 1)
                #expect(
                    original.errors
                        == "there is no value for \(key) in the metadata of Host of the stack \(instance.stack)\n")
                #expect(ours.code == 1)
                #expect(ours.errors == "ide-init: the metadata has no \u{201C}\(key)\u{201D}\n")
                #expect(original.output.isEmpty && ours.output.isEmpty)
                return
            }
            // An empty value counts as missing there.
            #expect(original.code == (text.isEmpty ? 1 : 0))
            #expect(original.output == text)
            #expect(ours.code == 0)
            #expect(ours.output == (text.isEmpty ? "\n" : text))
        }

        @Test(arguments: ["0", "false", "null", "\"\"", "[]", "{}"])
        func `a value that is nothing is a value, in a file too`(_ json: String) async throws {
            let instance = try await Instance()
            let file = try instance.program.document(#"{"k": \#(json)}"#, name: "m.json")
            let result = try await instance.ideInit("metadata", file, "-k", "k")
            #expect(result.code == 0)
            #expect(result.output == (json == "\"\"" ? "" : json) + "\n")
        }

        @Test func `all of it is indented by four and in ASCII`() async throws {
            let instance = try await Instance(metadata: #"{"ä": {"b": "ß"}}"#)
            let whole = "{\n    \"\\u00e4\": {\n        \"b\": \"\\u00df\"\n    }\n}\n"
            #expect(try await instance.cfn("get-metadata", "-s", instance.stack, "-r", "Host").output == whole)
            #expect(
                try await instance.ideInit("metadata", "--stack", instance.stack, "--resource", "Host").output == whole)
            let piped = try instance.program.run("metadata", "-", input: #"{"ä":{"b":"ß"}}"#)
            #expect(piped.output == whole)
            // It is no run.
            #expect(!instance.exists("state/ide-init"))
        }

        @Test(arguments: [[], ["-s", "s"], ["-r", "Host"], ["-s", "", "-r", "Host"]])
        func `cfn-get-metadata takes a stack and a resource`(_ arguments: [String]) async throws {
            let instance = try await Instance()
            let result = try await instance.program.run(arguments, as: instance.program.link("cfn-get-metadata"))
            #expect(result.code == 1)
            #expect(result.errors.hasPrefix("Error: name a stack and a resource\nUsage: cfn-get-metadata [options]\n"))
        }

        @Test func `without metadata, and without the stack, it fails`() async throws {
            let instance = try await Instance(resources: #", "Bare": {"Type": "AWS::EC2::Subnet"}"#)
            let bare = try await instance.cfn("get-metadata", "-s", instance.stack, "-r", "Bare")
            #expect(bare.code == 1)
            #expect(bare.errors == "Bare of the stack \(instance.stack) (AWS::EC2::Subnet) has no Metadata\n")
            let missing = try await instance.cfn("get-metadata", "-s", instance.stack, "-r", "Missing")
            #expect(missing.code == 1)
            #expect(missing.errors == "ValidationError: Resource Missing does not exist for stack \(instance.stack)\n")
            #expect(try await instance.cfn("get-metadata", "--no-such").code == 2)
        }
    }
}
