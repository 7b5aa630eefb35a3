// What the section's items once were: containers and networks with our mark that are listed nowhere any more.

struct ContainersSweep: Resource {
    static let name = "no longer listed"

    let scope: SweepScope
    var id: ResourceID { scope.id }

    func plan(_ now: Planning) async throws -> Plan {
        guard let left = try await LeftOver(scope, now) else { return .unchanged }
        let networks = left.networks { _ in false }.free
        let secrets = left.secrets
        guard !left.containers.isEmpty || !networks.isEmpty || !secrets.isEmpty else { return .unchanged }
        let facts =
            left.containers.map { Fact("container", .text($0), .absent) }
            + networks.map { Fact("network", .text($0), .absent) }
            + secrets.map { Fact("secrets", .text($0), .absent) }
        return .change(
            Change(
                .remove, facts: facts,
                steps: [.docker(.remove(containers: left.containers + secrets, networks: networks))]))
    }
}

/// Networks in which somebody lived until the run replaced him: one whose network goes first is cut off while it still serves, and
/// can't be started again should its replacement fail.
struct NetworksSweep: Resource {
    let scope: SweepScope
    var id: ResourceID { ResourceID(config: scope.config, section: scope.section, name: "networks no longer listed") }

    func plan(_ now: Planning) async throws -> Plan {
        guard let left = try await LeftOver(scope, now) else { return .unchanged }
        // A dry run still sees what others would have taken away.
        let told = now.ledger.awaits(scope.id) ? left.networks { _ in false }.free : []
        let (free, inhabited) = left.networks { mark in
            now.ledger.awaits("containers", mark.item) != nil
                || !scope.lists(mark.item) && now.ledger.awaits("containers", ContainersSweep.name) != nil
        }
        let networks = free.filter { !told.contains($0) }
        guard networks.isEmpty else {
            return .change(
                Change(
                    .remove, facts: networks.map { Fact("network", .text($0), .absent) },
                    steps: [.docker(.remove(containers: [], networks: networks))]))
        }
        guard !inhabited.isEmpty else { return .unchanged }
        return .noted(
            inhabited.map { network, residents in
                "network \(network) isn't listed any more, and stays while \(residents.joined(separator: ", ")) \(residents.count == 1 ? "lives" : "live") in it"
            }.joined(separator: "; "))
    }
}

private struct LeftOver {
    /// By the names of their items.
    let containers: [String]
    /// Of containers that are neither there nor wished for.
    let secrets: [String]
    private let owned: OwnedByUs
    private let scope: SweepScope

    /// Nil: nothing has ever been made here, so that Docker isn't even asked.
    init?(_ scope: SweepScope, _ now: Planning) async throws {
        guard try now.probe.status(LabelKey.path) != nil, let owned = try await now.probe.docker.owned() else {
            return nil
        }
        self.owned = owned
        self.scope = scope
        containers = Self.sorted(owned.containers.values.filter(scope.isLeftOver).map(\.item))
        let standing = Set(owned.containers.values.map(\.item))
        let isThere = try now.probe.status(ContainerSecrets.place) != nil
        let folders = isThere ? try now.probe.names(ContainerSecrets.place) : []
        secrets = Self.sorted(folders.filter { !standing.contains($0) && !scope.lists($0) })
    }

    /// - Parameter leaves: whether the container of that mark would be gone from them by now.
    func networks(
        _ leaves: (OwnershipMark) -> Bool
    ) -> (free: [String], inhabited: [(network: String, residents: [String])]) {
        var free: [String] = []
        var inhabited: [(network: String, residents: [String])] = []
        for network in Self.sorted(owned.networks.filter { scope.isLeftOver($0.value) }.map(\.key)) {
            let residents = (owned.residents[network] ?? []).filter { resident in
                owned.containers[resident].map { !scope.isLeftOver($0) && !leaves($0) } ?? true
            }
            if residents.isEmpty {
                free.append(network)
            } else {
                inhabited.append((network, Self.sorted(Array(residents))))
            }
        }
        return (free, inhabited)
    }

    private static func sorted(_ names: [String]) -> [String] {
        Set(names).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
