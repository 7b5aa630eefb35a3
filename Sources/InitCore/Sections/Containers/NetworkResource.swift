// networks/NAME: a bridge of the document, or a container's own, with addresses from our pool.

struct NetworkResource: Resource {
    let id: ResourceID
    let name: String
    let place: NetworkWish.Place
    let adopts: Bool
    /// Whether its containers are kept away from instance metadata.
    let isDenied: Bool
    let mark: OwnershipMark
    var runsSideBySide: Bool { true }

    /// Docker's own pools end after some thirty networks. A container's has room for itself, its proxies and a few guests.
    static let ownPrefix = 28
    /// One that the document names is for many.
    static let namedPrefix = 24

    init(own name: String, isDenied: Bool, pool: Subnet, adopts: Bool, _ input: SectionInput) {
        self.init(
            name, .within(Self.part(of: pool, isDenied), prefix: Self.ownPrefix), adopts: adopts, isDenied: isDenied,
            input)
    }

    private init(
        _ name: String, _ place: NetworkWish.Place, adopts: Bool, isDenied: Bool, _ input: SectionInput
    ) {
        id = input.id("networks/\(name)")
        self.name = name
        self.place = place
        self.adopts = adopts
        self.isDenied = isDenied
        mark = input.ownership("networks/\(name)")
    }

    /// The rule that keeps instance metadata out of reach is about the pool's lower half.
    private static func part(of pool: Subnet, _ isDenied: Bool) -> Subnet {
        isDenied ? pool.halves.lower : pool.halves.upper
    }

    static func named(
        _ node: JSONNode, _ outline: ContainerOutline, _ input: SectionInput, _ diagnostics: inout Diagnostics
    ) -> [NetworkResource] {
        node.map(&diagnostics).compactMap { name, item -> NetworkResource? in
            if name == ContainerOutline.poolKey, !item.isMap {
                guard let text = item.text(&diagnostics) else { return nil }
                guard let pool = Subnet(text), (8...22).contains(pool.prefix) else {
                    diagnostics.error(
                        item.path,
                        "\u{201C}\(text)\u{201D} is no pool; a private network from /8 to /22 is wanted, as \(ContainerOutline.pool)"
                    )
                    return nil
                }
                return nil
            }
            _ = item.map(&diagnostics)
            item.checkKeys(["subnet", "instanceMetadata", "adopt"], &diagnostics)
            guard DecodedContainer.isName(name), !["own", "host", "none", "bridge", "default"].contains(name) else {
                diagnostics.error(
                    item.path,
                    "\u{201C}\(name)\u{201D} can't name a network: letters, digits, _ . and - are taken, a letter or digit first; own, host, none, bridge and default have a meaning"
                )
                return nil
            }
            if let choice = item.given("instanceMetadata"), let text = choice.text(&diagnostics),
                !["allow", "deny"].contains(text)
            {
                diagnostics.error(choice.path, "\u{201C}\(text)\u{201D} stands here; deny or allow is wanted")
            }
            let isDenied = outline.networks[name]?.isDenied ?? true
            var place = NetworkWish.Place.within(part(of: outline.pool, isDenied), prefix: namedPrefix)
            if let wish = item.given("subnet"), let text = wish.text(&diagnostics) {
                if let subnet = Subnet(text), (8...29).contains(subnet.prefix) {
                    place = .fixed(subnet)
                } else {
                    diagnostics.error(
                        wish.path, "\u{201C}\(text)\u{201D} is no subnet from /8 to /29; 10.1.2.0/24 is one")
                }
            }
            return NetworkResource(
                name, place, adopts: item.given("adopt")?.flag(&diagnostics) ?? false, isDenied: isDenied, input)
        }
    }

    func plan(_ now: Planning) async throws -> Plan {
        if let found = try await now.probe.docker.network(name) {
            let owner = OwnershipMark(ofNetwork: name, found.labels)
            guard adopts || owner != nil else {
                throw Failure(
                    .refused,
                    "Docker has a network \(name) that isn't ours; rename one, or write \u{201C}adopt\u{201D}: true to use it as it is"
                )
            }
            if case .fixed(let subnet) = place, found.subnet != "\(subnet)", owner != nil {
                throw Failure(
                    .host,
                    "network \(name) has \(found.subnet), and \(subnet) is wanted; a network can't be changed while containers are in it: remove it (docker network rm \(name)) or name another"
                )
            }
            // A rule of the host is about one half of the pool, and about nothing else.
            if case .within(let part, _) = place, let subnet = Subnet(found.subnet),
                !part.contains(subnet),
                owner != nil || isDenied
            {
                throw Failure(
                    .refused,
                    "network \(name) has \(subnet), outside of \(part), so its containers would \(isDenied ? "reach instance metadata, which they are denied" : "not reach instance metadata, which they are allowed"); remove its containers and it (docker network rm \(name)), or write \u{201C}instanceMetadata\u{201D}: \u{201C}\(isDenied ? "allow" : "deny")\u{201D}"
                )
            }
            return .unchanged
        }
        let table = try now.probe.status("/proc/net/route") == nil ? [] : now.probe.read("/proc/net/route")
        let wish = NetworkWish(name: name, place: place, labels: mark.labels, taken: Subnet.routed(table))
        let subnet =
            switch place {
            case .fixed(let subnet): "\(subnet)"
            case .within(let pool, let prefix): "a free /\(prefix) of \(pool)"
            }
        return .change(Change(.create, facts: [Fact("subnet", nil, subnet)], steps: [.docker(.createNetwork(wish))]))
    }
}

/// The proxies' place in the own networks of the containers of this config.
struct ProxyNetworks: Resource {
    let id: ResourceID
    let proxy: String
    let networks: [String]
    let adopts: Bool

    func plan(_ now: Planning) async throws -> Plan {
        guard let state = try await now.probe.docker.container(proxy) else {
            return later("isn't there yet, and joins these networks when it is made", now)
        }
        guard OwnershipMark(ofContainer: proxy, state.labels) != nil else {
            guard adopts else { throw Failure.foreign(container: proxy) }
            return later("isn't ours yet, and joins these networks when it is replaced", now)
        }
        guard state.isNetworked else {
            return later("was made to join no network, and joins these when it is replaced", now)
        }
        let missing = networks.filter { !state.networks.contains($0) }
        guard !missing.isEmpty else { return .unchanged }
        return .change(
            Change(
                .update, facts: missing.map { Fact("network", nil, $0) },
                steps: [.docker(.connect(container: proxy, networks: missing))]))
    }

    private func later(_ why: String, _ now: Planning) -> Plan {
        guard let earlier = now.ledger.awaits("containers", proxy) else { return .skip("container \(proxy) \(why)") }
        return .change(
            Change(
                .update, facts: [Fact("networks", nil, networks.joined(separator: ", "))], steps: [],
                certainty: .knownAfter("\(earlier)")))
    }
}
