// What a fixture plans for beside the host's own state: how commands end and what they do, what URLs and archives hold.
// The format of a fixture is told in Tests/ScenarioTests/Scenarios/README.md.

import InitCore

package struct FakeWorld: Sendable {
    /// One way in which a command may go; of several the first one whose condition holds.
    struct Case: Sendable {
        var exists: String?
        var missing: String?
        /// So many runs end with code 1 before one goes this way.
        var failures = 0
        /// False for a command that need not run each time: it isn't told in `after.json`.
        var isRecorded = true
        var result = CommandResult(.exited(0))
        var effect: JSONNode?
        var expected: JSONNode?

        init(_ node: JSONNode, _ diagnostics: inout Diagnostics) {
            _ = node.map(&diagnostics)
            let ofResult = ["code", "signal", "timedOut", "notStarted", "output", "errors"]
            node.checkKeys(
                ["exists", "missing", "failures", "expected", "recorded"] + ofResult + FakeState.keys, &diagnostics)
            exists = node.given("exists")?.text(&diagnostics)
            missing = node.given("missing")?.text(&diagnostics)
            failures = node.given("failures")?.whole(&diagnostics, 0...100) ?? 0
            isRecorded = node.given("recorded")?.flag(&diagnostics) ?? true
            result = CommandResult(node, &diagnostics)
            effect = node
            expected = node.given("expected")
            expected?.checkKeys(["user", "directory", "environment", "timeout"], &diagnostics)
        }
    }

    struct Archive: Sendable {
        var members: [(name: String, node: FakeNode)]
    }

    var commands: [String: [Case]] = [:]
    var downloads: [String: [UInt8]] = [:]
    var archives: [String: Archive] = [:]
    /// Who has to ask, by URL; all else is asked for by nobody in particular.
    var access: [String: String] = [:]
    /// By what they ask for, as a plan shows it.
    var checks: [String: FakeCheck] = [:]
    var umask: UInt16 = 0o022
    package var state = FakeState()

    package init() {}

    /// - Throws: `Failure` naming what isn't understood.
    package init(_ bytes: [UInt8], name: String) throws {
        let node = JSONNode(try JSONParser.parse(bytes, name: name).value)
        var diagnostics = Diagnostics()
        node.checkKeys(
            FakeState.keys + ["commands", "downloads", "archives", "access", "checks", "umask"], &diagnostics)
        state.apply(node, &diagnostics)
        for (text, value) in node.given("commands")?.map(&diagnostics) ?? [] {
            commands[text] =
                value.isList
                ? value.items.map { Case($0, &diagnostics) } : [Case(value, &diagnostics)]
        }
        for (url, body) in node.given("downloads")?.map(&diagnostics) ?? [] {
            downloads[url] = Array((body.text(&diagnostics) ?? "").utf8)
        }
        for (place, members) in node.given("archives")?.map(&diagnostics) ?? [] {
            archives[place] = Archive(members: members.map(&diagnostics).map { ($0, FakeNode($1, &diagnostics)) })
        }
        for (url, who) in node.given("access")?.map(&diagnostics) ?? [] { access[url] = who.text(&diagnostics) }
        for (target, way) in node.given("checks")?.map(&diagnostics) ?? [] {
            checks[target] = FakeCheck(way, &diagnostics)
        }
        if let text = node.given("umask")?.text(&diagnostics) { umask = UInt16(text, radix: 8) ?? 0 }
        if let error = diagnostics.errors.first { throw Failure(.usage, "\(name): \(error.path): \(error.message)") }
    }
}

extension FakeWorld.Archive {
    /// With the top-level directory left out if there is but one and that is wished for.
    func members(of unpacking: Unpacking) throws -> [(name: String, node: FakeNode)] {
        if !unpacking.allowsSetuid, let bad = members.first(where: { $0.node.mode & 0o6000 != 0 }) {
            throw Failure(.refused, "\(bad.name) has a setuid or setgid bit")
        }
        let tops = Set(members.map { $0.name.prefix { $0 != "/" } })
        guard unpacking.stripsTopLevel, tops.count == 1, let top = tops.first else { return members }
        return members.map { (String($0.name.dropFirst(top.count + 1)), $0.node) }.filter { !$0.name.isEmpty }
    }
}

extension FakeWorld {
    /// A state as `after.json` tells it.
    package init(after text: String) throws {
        let node = JSONNode(try JSONParser.parse(Array(text.utf8), name: "after.json").value)
        var diagnostics = Diagnostics()
        state.apply(node, &diagnostics)
    }
}
