/// Instances that are no longer listed: their units are stopped and taken away. Their homes stay.
struct CodeServerSweep: Resource {
    let scope: SweepScope

    var id: ResourceID { scope.id }

    private static let opening = "ide-init-code-server@"
    private static let closing = ".service.d"

    func plan(_ now: Planning) async throws -> Plan {
        var facts: [Fact] = []
        var steps: [Step] = []
        for name in try now.probe.names(CodeServerUnit.directory)
        where name.hasPrefix(Self.opening) && name.hasSuffix(Self.closing) {
            let unit = String(name.dropLast(2))
            let path = CodeServerUnit.dropIn(unit)
            guard try now.probe.status(path)?.kind == .file, let mark = OwnershipMark(ofFile: try now.probe.read(path)),
                scope.isLeftOver(mark)
            else { continue }
            facts.append(Fact(mark.item, unit, "removed"))
            let state = try await now.probe.unit(unit, .systemd)
            if state.exists, state.isActive != nil, state.isActive == true || state.isStarting || state.isFailing {
                steps.append(.unit(UnitAction(.stop, unit, .systemd)))
            }
            if state.enablement == .enabled { steps.append(.unit(UnitAction(.disable, unit, .systemd))) }
            steps.append(.remove(path: path))
        }
        return facts.isEmpty ? .unchanged : .change(Change(.remove, facts: facts, steps: steps))
    }
}
