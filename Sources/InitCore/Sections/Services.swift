// services: {systemd | sysvinit: {NAME: {enabled?, ensureRunning?, and lists of what it restarts for}}}, in document order.

let servicesSection = SectionType(key: "services") { input, diagnostics in
    let managers = ["systemd", "sysvinit", "windows"]
    return input.node.map(&diagnostics).flatMap { name, node -> [ServiceResource] in
        guard managers.contains(name) else {
            diagnostics.ignored(
                node.path,
                "there is no service manager of this name\(suggestion(for: name, among: managers)); known: systemd, sysvinit"
            )
            return []
        }
        guard let manager = ServiceManager(rawValue: name) else {
            diagnostics.ignored(node.path, "Windows services can't be managed on Linux")
            return []
        }
        return node.map(&diagnostics).map { name, node in
            ServiceResource(name, node, manager, input, &diagnostics)
        }
    }
}

package struct ServiceResource: Resource {
    package let id: ResourceID
    let name: String
    let manager: ServiceManager
    let isEnabled: Bool?
    let isRunning: Bool?
    package let reactsTo: [Mark]
    private let canReload: (@Sendable (Planning) throws -> Void)?

    init(
        _ name: String, _ node: JSONNode, _ manager: ServiceManager, _ input: SectionInput,
        _ diagnostics: inout Diagnostics
    ) {
        let lists = ["files", "sources", "commands", "groups", "users"]
        _ = node.map(&diagnostics)
        node.checkKeys(["enabled", "ensureRunning", "packages"] + lists, &diagnostics)
        self.id = input.id("\(manager.rawValue)/\(name)")
        self.name = name
        self.manager = manager
        canReload = nil
        isEnabled = node.given("enabled")?.flag(&diagnostics)
        isRunning = node.given("ensureRunning")?.flag(&diagnostics)
        var marks: [Mark] = []
        for section in lists {
            guard let list = node.given(section) else { continue }
            let siblings = input.siblings[section]?.members.map(\.key) ?? []
            for name in Self.names(in: list, siblings: siblings, of: section, &diagnostics) {
                marks.append(input.mark(name, section: section))
            }
        }
        for (manager, list) in node.given("packages")?.map(&diagnostics) ?? [] {
            let siblings = input.siblings["packages"]?[manager]?.members.map(\.key) ?? []
            for name in Self.names(in: list, siblings: siblings, of: "packages.\(manager)", &diagnostics) {
                marks.append(input.mark("\(manager)/\(name)", section: "packages"))
            }
        }
        reactsTo = marks
    }

    /// A unit that a section of ours needs.
    /// - Parameter canReload: throws where what runs would refuse a reload and tell nobody.
    init(
        _ id: ResourceID, unit: String, isEnabled: Bool? = true, isRunning: Bool? = true, reactsTo: [Mark] = [],
        canReload: (@Sendable (Planning) throws -> Void)? = nil
    ) {
        self.id = id
        self.canReload = canReload
        name = unit
        manager = .systemd
        self.isEnabled = isEnabled
        self.isRunning = isRunning
        self.reactsTo = reactsTo
    }

    /// For those whose units it are, too.
    package var runsAmongServices: Bool { true }
    package var unit: ServiceResource? { self }

    private static func names(
        in list: JSONNode, siblings: [String], of section: String, _ diagnostics: inout Diagnostics
    ) -> [String] {
        guard list.isList else {
            diagnostics.ignored(list.path, "\(list.value.kindName) stands here, and only a list of names is heeded")
            return []
        }
        let names = list.texts(&diagnostics)
        for (index, name) in names.enumerated() where !siblings.contains(name) {
            diagnostics.warning(
                list.path.appending(index),
                "\u{201C}\(name)\u{201D} isn't among this config's \(section), so it never restarts the service"
                    + suggestion(for: name, among: siblings))
        }
        return names
    }

    package func plan(_ now: Planning) async throws -> Plan {
        let state = try await now.probe.unit(name, manager)
        let changed = now.ledger.due(self)
        guard state.exists else { return try missing(now, changed, runs: state.isActive != nil) }
        var facts: [Fact] = []
        var steps: [Step] = []
        func act(_ verb: UnitAction.Verb) { steps.append(.unit(UnitAction(verb, name, manager))) }
        switch (isEnabled, state.enablement) {
        case (true?, .masked):
            throw masked("enabled")
        case (true?, .disabled):
            facts.append(Fact("enabled", "false", "true"))
            act(.enable)
        case (false?, .enabled):
            facts.append(Fact("enabled", "true", "false"))
            act(.disable)
        default: break
        }
        guard let isActive = state.isActive else {
            return steps.isEmpty ? .unchanged : .change(Change(.update, facts: facts, steps: steps))
        }
        if state.enablement == .masked, !changed.isEmpty || isRunning == true && !isActive {
            throw masked(changed.isEmpty ? "started" : "restarted")
        }
        if !changed.isEmpty {
            if isActive { try canReload?(now) }
            facts.append(Fact("restarts for", nil, changed.map { "\($0.section)[\($0.name)]" }.joined(separator: ", ")))
            act(.restart)
            let doubt = now.ledger.doubt(of: changed)
            return .change(
                Change(.restart, facts: facts, steps: steps, certainty: doubt.map { .knownAfter("\($0)") } ?? .certain))
        }
        if let isRunning, isRunning != isActive || state.isStarting || state.isFailing {
            let before = state.isStarting ? "starting" : state.isFailing ? "failing" : isActive ? "true" : "false"
            facts.append(Fact("running", before, isRunning ? "true" : "false"))
            // To start what is starting waits for it; what fails is tried at once instead of after its while.
            act(!isRunning ? .stop : state.isFailing ? .restart : .start)
        }
        return steps.isEmpty ? .unchanged : .change(Change(.update, facts: facts, steps: steps))
    }

    private func masked(_ done: String) -> Failure {
        Failure(.host, "\(name) is masked, so it can't be \(done); unmask it first: systemctl unmask \(name)")
    }

    /// No such service: in a dry run something before it may bring it; a service that is to be off is off.
    /// - Parameter runs: whether services run here at all.
    private func missing(_ now: Planning, _ changed: [Mark], runs: Bool) throws -> Plan {
        // The unit of a section of ours is written by a neighbour of that section.
        let own = id.section == servicesSection.key ? [] : [id.section]
        if let earlier = now.ledger.awaits(["packages", "sources", "files", "commands"] + own) {
            var facts: [Fact] = []
            if let isEnabled {
                facts.append(Fact("enabled", nil, "\(isEnabled)"))
            }
            if let isRunning, runs {
                facts.append(Fact("running", nil, "\(isRunning)"))
            }
            return .change(Change(.update, facts: facts, steps: [], certainty: .knownAfter("\(earlier)")))
        }
        if isEnabled != true, isRunning != true, changed.isEmpty { return .unchanged }
        throw Failure(
            .host,
            "there is no service \(name) on this host; install the package that brings it, write its unit in files, or mend its name"
        )
    }
}
