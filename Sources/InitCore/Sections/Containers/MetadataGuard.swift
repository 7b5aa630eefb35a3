// A terminal in a container must not read the machine's role: what our networks forward to the instance metadata service is
// refused by a routing rule, which needs no packet filter and holds for all of a pool. A unit sets it before Docker starts.

struct MetadataGuard: Resource {
    static let name = "metadata guard"
    static let unit = "ide-init-metadata-guard.service"
    static let path = "/etc/systemd/system/\(unit)"
    static let address = "169.254.169.254"
    /// Before the main table's rule, and before those of network scripts.
    private static let priority = "100"

    let id: ResourceID
    let subnets: [Subnet]
    let mark: OwnershipMark

    init(_ subnets: [Subnet], _ input: SectionInput) {
        id = input.id(Self.name)
        self.subnets = subnets
        mark = input.ownership(Self.name)
    }

    /// systemd-networkd takes rules away that aren't its own, but for the kernel's.
    private func words(_ verb: String, _ subnet: Subnet) -> [String] {
        ["rule", verb, "from", "\(subnet)", "to", "\(Self.address)/32", "prohibit", "pref", Self.priority]
            + (verb == "add" ? ["protocol", "kernel"] : [])
    }

    private var content: String {
        let lines = subnets.flatMap { subnet in
            [
                "ExecStart=-/sbin/ip " + words("del", subnet).joined(separator: " "),
                "ExecStart=/sbin/ip " + words("add", subnet).joined(separator: " "),
            ]
        }
        return """
            # \(mark.header)
            [Unit]
            Description=Keep instance metadata out of the reach of containers
            Before=docker.service network-pre.target
            Wants=network-pre.target
            DefaultDependencies=no
            After=local-fs.target
            Conflicts=shutdown.target

            [Service]
            Type=oneshot
            RemainAfterExit=yes
            \(lines.joined(separator: "\n"))

            [Install]
            WantedBy=multi-user.target

            """
    }

    /// What stands below the header.
    private static func rules(_ unit: [UInt8]) -> ArraySlice<UInt8> { unit.drop { $0 != UInt8(ascii: "\n") } }

    func plan(_ now: Planning) async throws -> Plan {
        var facts: [Fact] = []
        var steps: [Step] = []
        let wanted = Array(content.utf8)
        let isThere = try now.probe.status(Self.path) != nil
        let found = isThere ? try now.probe.read(Self.path) : []
        // It is the host's, whichever of its documents wrote it.
        if Self.rules(found) != Self.rules(wanted) {
            guard found.isEmpty || OwnershipMark(ofFile: found) != nil else {
                throw Failure(.refused, "\(Self.path) isn't ours; move it away, it stands where a unit of ours belongs")
            }
            facts.append(Fact("unit", isThere ? .content(found) : .absent, .content(wanted)))
            steps.append(
                .write(FileWrite(Self.path, .bytes(wanted), mode: 0o644, owner: 0, group: 0, keepsBackup: false)))
        }
        let state = try await now.probe.unit(Self.unit, .systemd)
        if state.isActive != nil, !state.exists || state.enablement == .disabled {
            facts.append(Fact("enabled", state.exists ? "false" : nil, "true"))
            steps.append(.unit(UnitAction(.enable, Self.unit, .systemd)))
        }
        let rules = try await now.probe.ask(.routingRules)
        guard rules.succeeded else {
            throw Failure(
                .unreadable,
                "the host's routing rules can't be asked for (ip rule show \(rules.endingText)); install iproute",
                output: rules.lastLines())
        }
        for subnet in subnets where !rules.text.contains("from \(subnet) to \(Self.address) prohibit") {
            facts.append(Fact("from \(subnet)", "reaches \(Self.address)", "refused"))
            let words = ["ip"] + words("add", subnet)
            steps.append(.run(Command(words.joined(separator: " "), .arguments(words), timeout: 30)))
        }
        return steps.isEmpty ? .unchanged : .change(Change(isThere ? .update : .create, facts: facts, steps: steps))
    }
}
