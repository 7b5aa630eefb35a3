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
        let configs = initNode.members.map(\.key).filter { $0 != "configSets" }
        var entries: [String: [Entry]] = [:]
        for (name, set) in node.members {
            entries[name] = Self.entries(of: set, configs: configs, sets: names, &diagnostics)
        }
        for name in names {
            var trail: [String] = []
            sets[name] = Self.flatten(name, entries, &trail, node.path, &diagnostics)
        }
    }

    private static func entries(
        of node: JSONNode, configs: [String], sets: [String], _ diagnostics: inout Diagnostics
    ) -> [Entry] {
        switch node.value {
        case .string(let name):
            guard configs.contains(name) else {
                let hint =
                    sets.contains(name)
                    ? "; a set of that name exists: write {\"ConfigSet\": \"\(name)\"}"
                    : suggestion(for: name, among: configs)
                diagnostics.error(node.path, "there is no config \u{201C}\(name)\u{201D}\(hint)")
                return []
            }
            return [.config(name)]
        case .array:
            return node.items.flatMap { entries(of: $0, configs: configs, sets: sets, &diagnostics) }
        case .object:
            guard let reference = node["ConfigSet"], case .string(let name) = reference.value else {
                diagnostics.error(node.path, "a map stands here; only {\"ConfigSet\": \"NAME\"} is known")
                return []
            }
            guard sets.contains(name) else {
                diagnostics.error(
                    reference.path, "there is no configSet \u{201C}\(name)\u{201D}\(suggestion(for: name, among: sets))"
                )
                return []
            }
            return [.set(name)]
        default:
            node.complain("a config's name, {\"ConfigSet\": \"NAME\"} or a list of these", &diagnostics)
            return []
        }
    }

    private static func flatten(
        _ name: String, _ entries: [String: [Entry]], _ trail: inout [String], _ path: DocumentPath,
        _ diagnostics: inout Diagnostics
    ) -> [String] {
        if let start = trail.firstIndex(of: name) {
            // Each set of the cycle would report it; the one that starts it does.
            if start == 0 {
                let cycle = (trail[start...] + [name]).joined(separator: " → ")
                diagnostics.error(path.appending(name), "the sets refer to each other in a circle: \(cycle)")
            }
            return []
        }
        trail.append(name)
        defer { trail.removeLast() }
        return (entries[name] ?? []).flatMap { entry in
            switch entry {
            case .config(let config): [config]
            case .set(let set): flatten(set, entries, &trail, path, &diagnostics)
            }
        }
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
