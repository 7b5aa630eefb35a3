// The document's containers and networks, of all its configs, as far as one must know of another: a proxy joins the networks of
// the containers that it is there for, whichever config they are in.

struct ContainerOutline: Sendable {
    struct Network: Sendable {
        /// Nil: one from the pool.
        var subnet: Subnet?
        var isDenied: Bool
    }

    struct Container: Sendable {
        var config: String
        var name: String
        /// Nil: joined to others' networks only.
        var ownNetwork: Network?
        /// Not in the host's network, nor in none.
        var isNetworked: Bool
        var isProxy: Bool
        var adopts: Bool
    }

    static let pool = Subnet("10.213.0.0/16") ?? Subnet(0, prefix: 0)

    private(set) var pool = Self.pool
    private(set) var networks: [String: Network] = [:]
    private(set) var containers: [Container] = []

    /// Mistakes are the sections' own to tell.
    init(_ document: JSONNode, _ facts: HostFacts, _ traefik: TraefikModel?) {
        var ignored = Diagnostics()
        for (config, node) in document.members where config != "configSets" {
            guard let section = node.given("containers") else { continue }
            for (name, item) in section.members where item.value != .null {
                switch name {
                case "registries": break
                case "networks": takeNetworks(item)
                default:
                    for (name, item) in item.countedContainers(name, facts, &ignored) {
                        containers.append(Self.container(item, name, config, traefik))
                    }
                }
            }
        }
        containers.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    private mutating func takeNetworks(_ node: JSONNode) {
        var ignored = Diagnostics()
        for (name, item) in node.members {
            if name == Self.poolKey, !item.isMap {
                pool = item.text(&ignored).flatMap(Subnet.init) ?? pool
            } else {
                networks[name] = Network(
                    subnet: item.given("subnet")?.text(&ignored).flatMap(Subnet.init),
                    isDenied: item.given("instanceMetadata")?.text(&ignored) != "allow")
            }
        }
    }

    static let poolKey = "pool"

    private static func container(
        _ node: JSONNode, _ name: String, _ config: String, _ traefik: TraefikModel?
    ) -> Container {
        var ignored = Diagnostics()
        let networks = (node.given("networks") ?? node.given("network"))?.texts(&ignored) ?? ["own"]
        let isDenied = node.given("instanceMetadata")?.text(&ignored) != "allow"
        return Container(
            config: config, name: name,
            ownNetwork: networks.contains("own") ? Network(subnet: nil, isDenied: isDenied) : nil,
            isNetworked: !networks.contains("host") && !networks.contains("none"),
            isProxy: isProxy(node, traefik?.directory), adopts: node.given("adopt")?.flag(&ignored) ?? false)
    }

    /// - Parameter directory: Traefik's, if there is one.
    static func isProxy(_ node: JSONNode, _ directory: String?) -> Bool {
        var ignored = Diagnostics()
        if let flag = node.given("proxy") { return flag.flag(&ignored) }
        guard let directory else { return false }
        let sources = node.given("volumes")?.texts(&ignored).map { String($0.prefix { $0 != ":" }) } ?? []
        return sources.contains { mounts($0, directory) }
    }

    /// Whether who mounts the path sees the directory, or a part of it.
    static func mounts(_ path: String, _ directory: String) -> Bool {
        isWithin(directory, path) || isWithin(path, directory)
    }

    /// Whether the path is the directory, or in it.
    static func isWithin(_ directory: String, _ path: String) -> Bool {
        let directory = directory.hasSuffix("/") ? String(directory.dropLast()) : directory
        return path == directory || path.hasPrefix(directory + "/")
    }

    /// Whose instance metadata isn't to be reached from: the lower half of the pool, and denied networks with addresses of their own.
    var deniedSubnets: [Subnet] {
        let all = Array(networks.values) + containers.compactMap(\.ownNetwork)
        guard !all.isEmpty else { return [] }
        let ofPool = all.contains { $0.isDenied && $0.subnet == nil } ? [pool.halves.lower] : []
        return ofPool + Set(all.filter(\.isDenied).compactMap(\.subnet)).sorted { $0.address < $1.address }
    }

    /// Networks of containers that a proxy is there for; it is in them, too.
    var ownNetworks: [String] { containers.filter { $0.ownNetwork != nil && !$0.isProxy }.map(\.name) }
    var proxies: [Container] { containers.filter { $0.isProxy && $0.isNetworked } }
    /// All that the document wishes for.
    var allNetworks: Set<String> {
        Set(networks.keys).union(containers.filter { $0.ownNetwork != nil }.map(\.name))
    }
}

extension JSONNode {
    /// Counted, and each called as its `name` says, where it has one.
    func countedContainers(
        _ key: String, _ facts: HostFacts, _ diagnostics: inout Diagnostics
    ) -> [(name: String, node: JSONNode)] {
        counted(key, facts, &diagnostics).map { name, item in
            (item.given("name")?.text(&diagnostics) ?? name, item)
        }
    }
}
