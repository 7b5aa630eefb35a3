/// Instances that are no longer listed: their units are stopped and taken away. Their homes stay.
struct CodeServerSweep: Resource {
    let scope: SweepScope

    var id: ResourceID { scope.id }

    func plan(_ now: Planning) async throws -> Plan {
        var facts: [Fact] = []
        var steps: [Step] = []
        for (unit, _, mark) in try CodeServerUnit.standing(now.probe) where scope.isLeftOver(mark) {
            facts.append(Fact(mark.item, unit, "removed"))
            let state = try await now.probe.unit(unit, .systemd)
            if state.exists, state.isActive != nil, state.isActive == true || state.isStarting || state.isFailing {
                steps.append(.unit(UnitAction(.stop, unit, .systemd)))
            }
            if state.enablement == .enabled { steps.append(.unit(UnitAction(.disable, unit, .systemd))) }
            steps.append(.remove(path: CodeServerUnit.dropIn(unit)))
        }
        return facts.isEmpty ? .unchanged : .change(Change(.remove, facts: facts, steps: steps))
    }
}
