// The typed document: what the chosen configSets wish for, and every complaint about it.

package struct Document: Sendable {
    package struct Config: Sendable {
        package let name: String
        package let resources: [any Resource]
        /// Nil: it has no such section.
        package let readiness: [ReadinessCheck]?
    }

    package struct ConfigSet: Sendable {
        package let name: String
        package let configs: [Config]
    }

    package static let initKey = "AWS::CloudFormation::Init"

    /// An hour, where the original lets a command hang for ever.
    package static let commandTimeout = 3600.0

    /// The whole metadata, as it came.
    package let metadata: JSONValue
    package internal(set) var sets: [ConfigSet]
    package let diagnostics: Diagnostics
    /// There is no Init block, or an empty one: nothing to do, which is most likely a mistake.
    package let isMissingInit: Bool

    /// - Parameters:
    ///   - configSets: names in the order to run them; empty: `default`.
    ///   - strict: cfn-init's `--strict`: an rpm file that can't be read is an error.
    ///   - duplicates: from the parser.
    package init(
        _ metadata: JSONValue, configSets: [String] = [], compatible: Bool = false, strict: Bool = false,
        duplicates: [JSONParser.DuplicateKey] = []
    ) {
        var diagnostics = Diagnostics(compatible: compatible)
        for duplicate in duplicates {
            diagnostics.warning(
                duplicate.path.seen(from: Self.initKey),
                "this key stands twice, here in line \(duplicate.line), column \(duplicate.column); the last one counts"
            )
        }
        self.metadata = metadata
        let root = JSONNode(metadata)
        guard let found = root[Self.initKey], found.value.isTruthy else {
            isMissingInit = true
            sets = []
            if !root.isMap, metadata.isTruthy { root.complain("a map", &diagnostics) }
            diagnostics.ignored(root.path, "there is no \(Self.initKey) in it, so there is nothing to do")
            self.diagnostics = diagnostics
            return
        }
        isMissingInit = false
        let initNode = JSONNode(found.value)
        guard initNode.isMap else {
            found.complain("a map", &diagnostics)
            sets = []
            self.diagnostics = diagnostics
            return
        }
        let configSets = ConfigSets(initNode, &diagnostics).chosen(
            configSets.isEmpty ? ["default"] : configSets, initNode.path, &diagnostics)
        let chosen = Set(configSets.flatMap(\.configs))
        var authentication = Authentication.none
        if let node = root.given(Authentication.key) {
            authentication = Authentication(node, &diagnostics)
            findLeftovers(inAuthentication: node, &diagnostics)
        }
        var configs: [String: Config] = [:]
        for (name, node) in initNode.members where name != "configSets" {
            var own = Diagnostics(compatible: compatible)
            configs[name] = Config(
                name: name,
                resources: Self.resources(
                    of: node, named: name, authentication, commandTimeout: compatible ? nil : Self.commandTimeout,
                    skipsUnreadablePackages: compatible && !strict, &own),
                readiness: node.given(Readiness.key).map { Readiness.checks($0, config: name, &own) })
            diagnostics.merge(own, demoted: !chosen.contains(name))
        }
        sets = configSets.map { set in ConfigSet(name: set.name, configs: set.configs.compactMap { configs[$0] }) }
        self.diagnostics = diagnostics
    }

    /// What the chosen configs wait for, each check once though its config may run several times; nil: none of them says.
    package var readiness: [ReadinessCheck]? {
        var seen: Set<String> = []
        let configs = sets.flatMap(\.configs).filter { $0.readiness != nil && seen.insert($0.name).inserted }
        return configs.isEmpty ? nil : configs.flatMap { $0.readiness ?? [] }
    }

    private static func resources(
        of config: JSONNode, named name: String, _ authentication: Authentication, commandTimeout: Double?,
        skipsUnreadablePackages: Bool,
        _ diagnostics: inout Diagnostics
    ) -> [any Resource] {
        guard config.isMap else {
            config.complain("a map of sections", &diagnostics)
            return []
        }
        let known = sections.map(\.key) + [Readiness.key]
        for (key, node) in config.members where !known.contains(key) {
            diagnostics.ignored(
                node.path,
                "there is no section of this name\(suggestion(for: key, among: known)); known: \(known.joined(separator: ", "))"
            )
        }
        findLeftovers(in: config, &diagnostics)
        return sections.flatMap { section -> [any Resource] in
            guard let node = config.given(section.key), node.value.isTruthy else { return [] }
            return section.decode(
                SectionInput(
                    config: name, node: node, siblings: config, authentication: authentication,
                    commandTimeout: commandTimeout,
                    skipsUnreadablePackages: skipsUnreadablePackages), &diagnostics)
        }
    }
}
