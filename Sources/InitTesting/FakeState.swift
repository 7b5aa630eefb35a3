// What a fake host holds: what a fixture describes before a run, and what is compared after it.

package import InitCore

package struct FakeState: Sendable, Equatable {
    package struct Unit: Sendable, Equatable {
        package var enablement: UnitState.Enablement
        package var isActive: Bool?
        /// What it takes in when it starts: paths, or keys of answers.
        var reads: [String] = []
        /// What it took in when it last started; to be the same as now, it had to be restarted for each change.
        var loaded: [String: String] = [:]
    }

    package var tree = FakeTree()
    package var users = ["root": UserAccount(name: "root", id: 0, group: 0, home: "/root", groups: [])]
    package var groups: [String: UInt32] = ["root": 0]
    package var units: [String: Unit] = [:]
    /// To queries, by their key (Query+Key.swift).
    package var answers: [String: CommandResult] = [:]
    /// What lives elsewhere; not told in `after.json`.
    package var references: [Reference: FakeReference] = [:]
    package var zones: [String: FakeZone] = [:]
    package var docker = FakeDocker()
    /// Texts of commands that have ever been performed here.
    package var ran: Set<String> = []
    package var pending: [DueReaction] = []

    package init() {}

    /// What a unit that starts now takes in.
    mutating func load(_ name: String) {
        guard let unit = units[name] else { return }
        let loaded = current(unit)
        units[name]?.loaded = loaded
    }

    private func current(_ unit: Unit) -> [String: String] {
        Dictionary(uniqueKeysWithValues: unit.reads.map { ($0, current($0)) })
    }

    private func current(_ source: String) -> String {
        guard source.hasPrefix("/") else { return answers[source]?.text ?? "" }
        return tree.nodes.filter { $0.key == source || $0.key.hasPrefix(source + "/") }
            .sorted { $0.key < $1.key }.map { "\($0) \($1.content)" }.joined(separator: "\n")
    }

    // MARK: In fixtures

    static let keys = ["files", "users", "groups", "units", "answers", "references", "remove", "zones", "docker"]

    /// Lays what a fixture, or a command's effect, describes over what there is.
    mutating func apply(_ node: JSONNode, _ diagnostics: inout Diagnostics) {
        for path in node.given("remove")?.texts(&diagnostics) ?? [] { tree.remove(path) }
        for (path, file) in node.given("files")?.map(&diagnostics) ?? [] {
            tree.set(path, FakeNode(file, &diagnostics))
        }
        for (name, group) in node.given("groups")?.map(&diagnostics) ?? [] {
            groups[name] = group.whole(&diagnostics, 0...Int(UInt32.max)).map(UInt32.init)
        }
        for (name, user) in node.given("users")?.map(&diagnostics) ?? [] {
            user.checkKeys(["id", "group", "home", "groups"], &diagnostics)
            let id = user.given("id")?.whole(&diagnostics, 0...Int(UInt32.max)).map(UInt32.init) ?? 0
            users[name] = UserAccount(
                name: name, id: id,
                group: user.given("group")?.whole(&diagnostics, 0...Int(UInt32.max)).map(UInt32.init) ?? id,
                home: user.given("home")?.text(&diagnostics) ?? "/home/\(name)",
                groups: user.given("groups")?.texts(&diagnostics) ?? [])
        }
        for (key, answer) in node.given("answers")?.map(&diagnostics) ?? [] {
            answers[key] = CommandResult(answer, &diagnostics)
        }
        for (spelling, reference) in node.given("references")?.map(&diagnostics) ?? [] {
            do throws(ReferenceError) {
                references[try Reference(spelling)] = FakeReference(reference, &diagnostics)
            } catch {
                diagnostics.error(reference.path, error.message)
            }
        }
        if let given = node.given("docker") { docker.apply(given, &diagnostics) }
        for (id, zone) in node.given("zones")?.map(&diagnostics) ?? [] { zones[id] = FakeZone(zone, &diagnostics) }
        for (name, unit) in node.given("units")?.map(&diagnostics) ?? [] {
            unit.checkKeys(["enabled", "active", "reads", "upToDate"], &diagnostics)
            let enablement = unit.given("enabled")?.text(&diagnostics) ?? "false"
            units[name] = Unit(
                enablement: enablement == "true"
                    ? .enabled
                    : enablement == "false" ? .disabled : enablement == "masked" ? .masked : .fixed(enablement),
                isActive: unit["active"]?.value == .null ? nil : unit.given("active")?.flag(&diagnostics) ?? false,
                reads: unit.given("reads")?.texts(&diagnostics) ?? [])
            if unit.given("upToDate")?.flag(&diagnostics) ?? true { load(name) }
        }
    }

    /// As a fixture writes it; usual things are left out, so that only what matters is read.
    package var json: JSONValue {
        var result = JSONObject()
        func add(_ key: String, _ members: [(String, JSONValue)]) {
            if !members.isEmpty { result[key] = .object(JSONObject(members.sorted { $0.0 < $1.0 })) }
        }
        if case .object(let files) = tree.json { add("files", Array(files.members)) }
        add("groups", groups.filter { $0.key != "root" }.map { ($0, number($1)) })
        add(
            "users",
            users.values.filter { $0.name != "root" }.map { user in
                var object = JSONObject([
                    ("id", number(user.id)), ("group", number(user.group)), ("home", .string(user.home)),
                ])
                if !user.groups.isEmpty { object["groups"] = .array(user.groups.map { .string($0) }) }
                return (user.name, .object(object))
            })
        add("units", units.map { ($0, json($1)) })
        add("zones", zones.map { ($0, $1.json) })
        if case .object(let docker) = docker.json { add("docker", Array(docker.members)) }
        add("answers", answers.map { ($0, $1.json) })
        if !ran.isEmpty { result["ran"] = .array(ran.sorted().map { .string($0) }) }
        if !pending.isEmpty {
            result["pending"] = .array(pending.map { .string("\($0.mark.section) \($0.mark.name)") })
        }
        return .object(result)
    }

    private func json(_ unit: Unit) -> JSONValue {
        let enablement: JSONValue =
            switch unit.enablement {
            case .enabled: .bool(true)
            case .disabled: .bool(false)
            case .masked: .string("masked")
            case .fixed(let text): .string(text)
            }
        var object = JSONObject([
            ("enabled", enablement), ("active", unit.isActive.map { .bool($0) } ?? .null),
        ])
        if unit.isActive == true, !unit.reads.isEmpty { object["upToDate"] = .bool(unit.loaded == current(unit)) }
        return .object(object)
    }

    private func number(_ value: UInt32) -> JSONValue { .number(JSONNumber("\(value)")) }
}

extension CommandResult {
    /// A string is what a command printed before it ended with 0.
    init(_ node: JSONNode, _ diagnostics: inout Diagnostics) {
        if case .string(let text) = node.value {
            self.init(.exited(0), output: Array(text.utf8))
            return
        }
        let code = node.given("code")?.whole(&diagnostics, 0...255).map(Int32.init) ?? 0
        let ending: Ending =
            if let why = node.given("notStarted")?.text(&diagnostics) {
                .notStarted(why)
            } else if let seconds = node.given("timedOut")?.duration(&diagnostics) {
                .timedOut(seconds: seconds)
            } else if let signal = node.given("signal")?.whole(&diagnostics, 1...64) {
                .signalled(Int32(signal))
            } else {
                .exited(code)
            }
        self.init(
            ending, output: Array((node.given("output")?.text(&diagnostics) ?? "").utf8),
            errors: Array((node.given("errors")?.text(&diagnostics) ?? "").utf8))
    }

    var json: JSONValue {
        if self == CommandResult(.exited(0), output: output) { return .string(text) }
        var object = JSONObject([("ending", .string(endingText))])
        if !output.isEmpty { object["output"] = .string(text) }
        if !errors.isEmpty { object["errors"] = .string(String(decoding: errors, as: UTF8.self)) }
        return .object(object)
    }
}
