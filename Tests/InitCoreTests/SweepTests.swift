import Testing

@testable import InitCore

// What a run may take away: the contract's "Ownership and removal".

@Suite struct SweepTests {
    /// By config: whether an item that a mark names is left over for that config's sweep of nginx.
    private func leftOver(_ mark: OwnershipMark, sets: [String], _ text: String) throws -> [String: Bool] {
        let metadata = try JSONParser.parse(Array(#"{"AWS::CloudFormation::Init": \#(text)}"#.utf8), name: "t").value
        let document = Document(metadata, owner: "stack/Host", configSets: sets)
        #expect(document.diagnostics.errors.isEmpty, "\(document.diagnostics.errors)")
        let configs = document.sets.flatMap(\.configs)
        return Dictionary(
            uniqueKeysWithValues: configs.map { config in
                let scopes =
                    config.sweeps.compactMap { ($0 as? NginxSweep)?.scope }
                    + config.resources.compactMap { ($0 as? NginxServers)?.scope }
                #expect(scopes.count == 1)
                return (config.name, scopes.contains { $0.isLeftOver(mark) })
            })
    }

    private static let server = #"{"listen": 80, "ides": {"1": {"upstream": "127.0.0.1:8001"}}}"#
    private static let two = """
        {"configSets": {"a": ["A"], "b": ["B"], "all": ["A", "B"]},
         "A": {"nginx": {"one.example.com": \(server)}}, "B": {"nginx": {"two.example.com": \(server)}}}
        """

    private func mark(_ config: String, _ item: String, owner: String = "stack/Host") -> OwnershipMark {
        OwnershipMark(owner: owner, config: config, section: "nginx", item: item)
    }

    @Test("Only the config that made it takes it away, and only if no config lists it any more")
    func ownConfig() throws {
        #expect(try leftOver(mark("A", "gone"), sets: ["a"], Self.two) == ["A": true])
        #expect(try leftOver(mark("B", "gone"), sets: ["a"], Self.two) == ["A": false])
        #expect(try leftOver(mark("A", "one.example.com"), sets: ["all"], Self.two) == ["A": false, "B": false])
        // It has moved to the other config.
        #expect(try leftOver(mark("A", "two.example.com"), sets: ["a"], Self.two) == ["A": false])
    }

    @Test("What a config made that left the document is taken away by a run of all that is left")
    func goneConfig() throws {
        #expect(try leftOver(mark("C", "three"), sets: ["a"], Self.two) == ["A": false])
        #expect(try leftOver(mark("C", "three"), sets: ["all"], Self.two) == ["A": true, "B": true])
        #expect(try leftOver(mark("C", "one.example.com"), sets: ["all"], Self.two) == ["A": false, "B": false])
    }

    @Test("Another document's items, and another section's, are left alone")
    func strangers() throws {
        #expect(try leftOver(mark("A", "gone", owner: "other/Host"), sets: ["a"], Self.two) == ["A": false])
        var other = mark("A", "gone")
        other.section = "containers"
        #expect(try leftOver(other, sets: ["a"], Self.two) == ["A": false])
    }

    @Test("A section that is gone whole is swept all the same")
    func goneSection() throws {
        #expect(try leftOver(mark("config", "gone"), sets: [], #"{"config": {"files": {}}}"#) == ["config": true])
    }
}
