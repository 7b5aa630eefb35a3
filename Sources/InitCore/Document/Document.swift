// The typed document: what the chosen configSets wish for, and every complaint about it.

package struct Document: Sendable {
    package struct Config: Sendable {
        package let name: String
        package internal(set) var resources: [any Resource]
        /// What takes away the items that are no longer listed.
        package internal(set) var sweeps: [any Resource] = []
        /// What can go only once all configs are as they are to be.
        package internal(set) var lastSweeps: [any Resource] = []
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
    /// Who acts on a change, in all configs, also those that aren't chosen.
    let reactors: [Mark: [ResourceID]]
    /// There is no Init block, or an empty one: nothing to do, which is most likely a mistake.
    package let isMissingInit: Bool

    /// - Parameters:
    ///   - configSets: names in the order to run them; empty: `default`.
    ///   - owner: as in ownership marks.
    ///   - strict: cfn-init's `--strict`: an rpm file that can't be read is an error.
    ///   - duplicates: from the parser.
    package init(
        _ metadata: JSONValue, owner: String = "-", facts: HostFacts = .unasked, configSets: [String] = [],
        compatible: Bool = false, strict: Bool = false, duplicates: [JSONParser.DuplicateKey] = []
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
            reactors = [:]
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
            reactors = [:]
            self.diagnostics = diagnostics
            return
        }
        let allSets = ConfigSets(initNode, &diagnostics)
        let configSets = allSets.chosen(
            configSets.isEmpty ? ["default"] : configSets, initNode.path, &diagnostics)
        let chosen = Set(configSets.flatMap(\.configs))
        var authentication = Authentication.none
        if let node = root.given(Authentication.key) {
            authentication = Authentication(node, &diagnostics)
            findLeftovers(inAuthentication: node, &diagnostics)
        }
        var configs: [String: Config] = [:]
        let containers = ContainerNames(in: initNode, facts)
        for (name, node) in initNode.members where name != "configSets" {
            var own = Diagnostics(compatible: compatible)
            let input = SectionInput(
                config: name, node: node, siblings: node, document: initNode, owner: owner, facts: facts,
                authentication: authentication, commandTimeout: compatible ? nil : Self.commandTimeout,
                skipsUnreadablePackages: compatible && !strict)
            configs[name] = Config(
                name: name, resources: Self.resources(input, &own),
                readiness: node.given(Readiness.key).map {
                    Readiness.checks($0, config: name, facts: facts, containers: containers, &own)
                })
            diagnostics.merge(own, demoted: !chosen.contains(name))
        }
        let all = configs.values.flatMap(\.resources)
        // What a config that left the document has made is removed by a run of all that is left.
        let isWhole = chosen.isSuperset(of: allSets.sets.values.joined())
        let names = Set(configs.keys)
        for name in chosen {
            configs[name]?.takeSweeps { section in
                SweepScope(
                    owner: owner, config: name, section: section,
                    listed: Set(all.filter { $0.id.section == section }.flatMap(\.owns)),
                    documentConfigs: isWhole ? names : nil)
            }
        }
        Config.checkClaims(configSets.flatMap(\.configs).compactMap { configs[$0] }, initNode.path, &diagnostics)
        let reacting = (all + configs.values.flatMap { $0.sweeps + $0.lastSweeps }).flatMap { resource in
            resource.reactsTo.map { ($0, resource.id) }
        }
        reactors = Dictionary(grouping: reacting) { $0.0 }.mapValues { $0.map(\.1) }
        sets = configSets.map { set in ConfigSet(name: set.name, configs: set.configs.compactMap { configs[$0] }) }
        self.diagnostics = diagnostics
    }

    /// What the chosen configs wait for, each check once though its config may run several times; nil: none of them says.
    package var readiness: [ReadinessCheck]? {
        var seen: Set<String> = []
        let configs = sets.flatMap(\.configs).filter { $0.readiness != nil && seen.insert($0.name).inserted }
        return configs.isEmpty ? nil : configs.flatMap { $0.readiness ?? [] }
    }

    private static func resources(_ input: SectionInput, _ diagnostics: inout Diagnostics) -> [any Resource] {
        let config = input.node
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
        var resources: [any Resource] = []
        // Of sections before it; behind the section's own.
        var units: [any Resource] = []
        var isEarly = true
        for section in sections {
            var decoded: [any Resource] = []
            if let node = config.given(section.key), node.value.isTruthy {
                decoded = section.decode(input.of(node), &diagnostics)
            }
            if section.key == servicesSection.key {
                resources += decoded + units
                isEarly = false
            } else {
                resources += decoded.filter { !(isEarly && $0.runsAmongServices) }
                if isEarly { units += decoded.filter(\.runsAmongServices) }
            }
        }
        return resources
    }
}

extension SectionInput {
    /// For the section that stands there.
    fileprivate func of(_ section: JSONNode) -> SectionInput {
        SectionInput(
            config: config, node: section, siblings: siblings, document: document, owner: owner, facts: facts,
            authentication: authentication, commandTimeout: commandTimeout,
            skipsUnreadablePackages: skipsUnreadablePackages)
    }
}
