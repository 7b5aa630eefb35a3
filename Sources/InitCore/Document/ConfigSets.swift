// configSets → the list of configs that each set runs, nested references laid flat.
// Everything is checked before anything runs; the original finds a missing set only when its turn comes.

package struct ConfigSets: Sendable {
    /// Set name → config names in order. A config may stand in it several times: it then runs several times.
    package private(set) var sets: [String: [String]] = [:]
    private let names: [String]

    private enum Entry {
        case config(String)
        case set(String)
    }

    /// - Parameter initNode: the value of `AWS::CloudFormation::Init`.
    package init(_ initNode: JSONNode, _ diagnostics: inout Diagnostics) {
        guard let node = initNode["configSets"] else {
            names = ["default"]
            if initNode["config"] == nil {
                let configs = initNode.members.map(\.key)
                diagnostics.ignored(
                    initNode.path,
                    "neither configSets nor a config named \u{201C}config\u{201D} is here, so nothing runs"
                        + (configs.isEmpty ? "" : "; found: \(configs.joined(separator: ", "))"))
                sets = ["default": []]
            } else {
                sets = ["default": ["config"]]
            }
            return
        }
        names = node.members.map(\.key)
        guard node.isMap else {
            node.complain("a map of set names to lists of configs", &diagnostics)
            return
        }
        if names.isEmpty { diagnostics.error(node.path, "there is no set in it") }
        let known = Known(configs: Set(initNode.members.map(\.key).filter { $0 != "configSets" }), sets: Set(names))
        var entries: [String: [Entry]] = [:]
        for (name, set) in node.members { entries[name] = Self.entries(of: set, known, &diagnostics) }
        for name in names { flatten(name, entries, [], node.path, &diagnostics) }
    }

    private struct Known {
        let configs: Set<String>
        let sets: Set<String>
    }

    /// Sets within sets, and configs of a set in all: a document beyond these is a mistake or an attack.
    private static let deepestNesting = 100
    private static let longestSet = 10_000

    private static func entries(of node: JSONNode, _ known: Known, _ diagnostics: inout Diagnostics) -> [Entry] {
        switch node.value {
        case .string(let name):
            guard known.configs.contains(name) else {
                let hint =
                    known.sets.contains(name)
                    ? "; a set of that name exists: write {\"ConfigSet\": \"\(name)\"}"
                    : suggestion(for: name, among: known.configs.sorted())
                diagnostics.error(node.path, "there is no config \u{201C}\(name)\u{201D}\(hint)")
                return []
            }
            return [.config(name)]
        case .array:
            return node.items.flatMap { entries(of: $0, known, &diagnostics) }
        case .object:
            guard let reference = node["ConfigSet"], case .string(let name) = reference.value else {
                diagnostics.error(node.path, "a map stands here; only {\"ConfigSet\": \"NAME\"} is known")
                return []
            }
            guard known.sets.contains(name) else {
                let hint = suggestion(for: name, among: known.sets.sorted())
                diagnostics.error(reference.path, "there is no configSet \u{201C}\(name)\u{201D}\(hint)")
                return []
            }
            return [.set(name)]
        default:
            node.complain("a config's name, {\"ConfigSet\": \"NAME\"} or a list of these", &diagnostics)
            return []
        }
    }

    /// Lays a set flat once, into `sets`.
    private mutating func flatten(
        _ name: String, _ entries: [String: [Entry]], _ trail: [String], _ path: DocumentPath,
        _ diagnostics: inout Diagnostics
    ) {
        guard sets[name] == nil else { return }
        if let start = trail.firstIndex(of: name) {
            let cycle = (trail[start...] + [name]).joined(separator: " → ")
            diagnostics.error(path.appending(name), "the sets refer to each other in a circle: \(cycle)")
            return
        }
        guard trail.count < Self.deepestNesting else {
            diagnostics.error(path.appending(name), "sets are nested deeper than \(Self.deepestNesting) levels")
            return
        }
        var configs: [String] = []
        for entry in entries[name] ?? [] {
            switch entry {
            case .config(let config): configs.append(config)
            case .set(let set):
                flatten(set, entries, trail + [name], path, &diagnostics)
                configs += sets[set] ?? []
            }
        }
        if configs.count > Self.longestSet {
            diagnostics.error(path.appending(name), "this set runs more than \(Self.longestSet) configs")
            configs = []
        }
        sets[name] = configs
    }

    /// The sets asked for, by name, in their order.
    package func chosen(_ wanted: [String], _ path: DocumentPath, _ diagnostics: inout Diagnostics) -> [(
        name: String, configs: [String]
    )] {
        wanted.compactMap { name in
            if let configs = sets[name] { return (name, configs) }
            let trimmed = name.trimmingBlanks()
            if let configs = sets[trimmed] { return (trimmed, configs) }
            let known = names.isEmpty ? "" : "; there are: \(names.joined(separator: ", "))"
            diagnostics.error(
                path.appending("configSets"),
                wanted == ["default"]
                    ? "there is no configSet \u{201C}default\u{201D}, so name the sets to run (-c)\(known)"
                    : "there is no configSet \u{201C}\(name)\u{201D}\(suggestion(for: name, among: names))\(known)")
            return nil
        }
    }
}
