import InitCore
import Testing

@Suite struct OwnershipTests {
    private static let marks = [
        OwnershipMark(owner: "team/Host", config: "config", section: "nginx", item: "code.example.com"),
        OwnershipMark(owner: "/root/a: b|c.json", config: "a|b", section: "files", item: "100 % \n ü"),
    ]

    @Test("A header says whose a file is, whatever else stands in its names and before it", arguments: marks)
    func headers(mark: OwnershipMark) {
        #expect(!mark.header.contains("\n"))
        for sign in ["# ", "// ", ""] { #expect(OwnershipMark(header: sign + mark.header) == mark) }
        #expect(OwnershipMark(ofFile: Array("\n# \(mark.header)\nserver {}\n".utf8)) == mark)
        #expect(OwnershipMark(ofFile: Array("a\nb\nc\nd\ne\n# \(mark.header)\n".utf8)) == nil)
        #expect(OwnershipMark(labels: mark.labels) == mark)
    }

    @Test("Another's file is another's")
    func strangers() {
        #expect(OwnershipMark(header: "# Made by hand; changes are overwritten") == nil)
        #expect(OwnershipMark(header: "# Made by ide-init for a: b|c; changes are overwritten") == nil)
        #expect(OwnershipMark(labels: ["ide-init.owner": "x"]) == nil)
        #expect(OwnershipMark(ofFile: Array("\u{7f}ELF\0\0".utf8)) == nil)
    }
}

@Suite struct HostFactsTests {
    private func metadata(_ text: String) throws -> JSONValue {
        try JSONParser.parse(Array(text.utf8), name: "t").value
    }

    @Test("Facts are filled in beside numbers, and one that can't be had says why")
    func filling() throws {
        let item = JSONNode(
            try metadata(#"{"count": 2, "value": "${public-ipv4}:${8000+n}", "other": {"x": ["${PATH}"]}}"#))
        var diagnostics = Diagnostics()
        let facts = HostFacts([.publicIPv4: .value("203.0.113.7"), .region: .value("eu-west-1")])
        let items = item.counted("dev${n}.${region}", facts, keeping: ["other"], &diagnostics)
        #expect(items.map(\.name) == ["dev1.eu-west-1", "dev2.eu-west-1"])
        #expect(items.map { $0.node["value"]?.value } == [.string("203.0.113.7:8001"), .string("203.0.113.7:8002")])
        #expect(items.first?.node["other"]?["x"]?.items.first?.value == .string("${PATH}"))
        #expect(diagnostics.items.isEmpty)

        let missing = HostFacts([.publicIPv4: .missing("it has none"), .region: .unknown("nobody answers")])
        #expect(item.counted("${region}", missing, keeping: ["other"], &diagnostics).isEmpty)
        #expect(diagnostics.items.map(\.severity) == [.warning, .error])
        #expect(diagnostics.errors.first?.message == "${public-ipv4} can't be had: it has none")
    }

    @Test("What isn't known is an error that names what is")
    func unknown() throws {
        var diagnostics = Diagnostics()
        #expect(JSONNode(.string("${public-ip4}")).counted("x", .unasked, &diagnostics).isEmpty == false)
        #expect(diagnostics.errors.first?.message.contains("did you mean \u{201C}public-ipv4\u{201D}?") == true)
    }
}
