// What the section's items once were: containers and networks with our mark that are listed nowhere any more.

struct ContainersSweep: Resource {
    let scope: SweepScope
    var id: ResourceID { scope.id }

    func plan(_ now: Planning) async throws -> Plan {
        // Nothing has ever been made here: Docker isn't even asked.
        guard try now.probe.status(LabelKey.path) != nil, let owned = try await now.probe.docker.owned() else {
            return .unchanged
        }
        func leftOver(_ items: [String: OwnershipMark]) -> [String] {
            items.filter { scope.isLeftOver($0.value) }.map(\.key).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        }
        let containers = leftOver(owned.containers)
        let networks = leftOver(owned.networks)
        guard !containers.isEmpty || !networks.isEmpty else { return .unchanged }
        let facts =
            containers.map { Fact("container", .text($0), .absent) }
            + networks.map { Fact("network", .text($0), .absent) }
        return .change(
            Change(.remove, facts: facts, steps: [.docker(.remove(containers: containers, networks: networks))]))
    }
}
