// An instance's unit, among the services: enabled, running, and restarted for what it reads at its start.

struct CodeServerService: Resource {
    let id: ResourceID
    let instance: CodeServerInstance
    let reactsTo: [Mark]

    /// Seconds: as long is somebody at work behind a heartbeat of that age.
    private static let freshFor = 300.0

    var runsAmongServices: Bool { true }
    var unit: ServiceResource? { service }

    private var service: ServiceResource { ServiceResource(id, unit: instance.unit, reactsTo: reactsTo) }

    func plan(_ now: Planning) async throws -> Plan {
        let state = try await now.probe.unit(instance.unit, .systemd)
        if !state.exists, let earlier = now.ledger.awaits(id.section) {
            return .change(
                Change(
                    .update,
                    facts: [Fact("enabled", nil, "true")]
                        + (state.isActive.map { [Fact("running", "\($0)", "true")] } ?? []),
                    steps: [], certainty: .knownAfter("\(earlier)")))
        }
        guard let renewal = instance.certificate?.mark, now.ledger.due(self) == [renewal], state.isActive == true,
            case .home(let home) = try await CodeServerHome.of(instance, now),
            let heartbeat = try now.probe.status(home.heartbeat), heartbeat.age < Self.freshFor
        else { return try await service.plan(now) }
        return .skip(
            "somebody works with it (a heartbeat \(durationText(max(1, heartbeat.age.rounded()))) ago), so its restart for the new certificate waits for a later run"
        )
    }
}
