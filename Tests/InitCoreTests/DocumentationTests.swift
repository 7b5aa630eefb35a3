// Every document that the project shows is one that it takes.

import Foundation
import InitCore
import Testing

@Suite struct DocumentationTests {
    private static let top = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test func `every JSON block of the README is a document without a complaint`() throws {
        let text = try String(contentsOf: Self.top.appendingPathComponent("README.md"), encoding: .utf8)
        let blocks = text.components(separatedBy: "```json\n").dropFirst().compactMap {
            $0.components(separatedBy: "```").first
        }
        #expect(!blocks.isEmpty)
        for block in blocks { try check(Array(block.utf8), "README.md") }
    }

    @Test func `every metadata document of the examples is one without a complaint`() throws {
        let examples = Self.top.appendingPathComponent("packaging/examples")
        let names = try FileManager.default.subpathsOfDirectory(atPath: examples.path).filter {
            $0.hasSuffix("metadata.json")
        }
        #expect(!names.isEmpty)
        for name in names { try check(Array(Data(contentsOf: examples.appendingPathComponent(name))), name) }
    }

    @Test func `the contract's readiness section is one without a complaint`() throws {
        let path = Self.top.appendingPathComponent("packaging/docs/metadata.md")
        let lines = try String(contentsOf: path, encoding: .utf8).components(separatedBy: "\n")
        let start = try #require(lines.firstIndex { $0.hasPrefix("    \"readiness\": {") })
        let text = lines[start...].prefix { $0.hasPrefix("    ") }.joined(separator: "\n")
        let metadata = "{\"AWS::CloudFormation::Init\": {\"config\": {\(text)}}}"
        let document = Document(try JSONParser.parse(Array(metadata.utf8), name: "metadata.md").value)
        #expect(document.diagnostics.items.isEmpty)
        let dev = (1...10).map { "dev-\($0)" }
        #expect(
            document.readiness?.map(\.id.name)
                == ["app"] + dev + ["ide1", "nginx", "own", "port-1", "port-2", "port-3"])
    }

    @Test func `a name that a role's condition takes in lower case alone can't be given otherwise`() throws {
        let examples = Self.top.appendingPathComponent("packaging/examples")
        var count = 0
        for file in try FileManager.default.contentsOfDirectory(atPath: examples.path) where file.hasSuffix(".yaml") {
            let text = try String(contentsOf: examples.appendingPathComponent(file), encoding: .utf8)
            guard text.contains("ChangeResourceRecordSetsNormalizedRecordNames") else { continue }
            let parameter = try #require(text.split(separator: "\n").first { $0.hasPrefix("  DomainName: ") })
            let pattern = try Regex(
                try #require(parameter.firstMatch(of: /AllowedPattern: '(.+?)'/)).output.1.description)
            #expect("code.example.com".wholeMatch(of: pattern) != nil, "\(file)")
            for name in ["Code.example.com", "code.example.com.", ""] {
                #expect(name.wholeMatch(of: pattern) == nil, "\(file): \(name)")
            }
            count += 1
        }
        #expect(count == 2)
    }

    private func check(_ bytes: [UInt8], _ name: String) throws {
        let parsed = try JSONParser.parse(bytes, name: name)
        let document = Document(parsed.value, duplicates: parsed.duplicates)
        #expect(document.diagnostics.items.isEmpty, "\(name): \(document.diagnostics.items.map(\.message))")
        #expect(!document.sets.isEmpty)
    }
}
