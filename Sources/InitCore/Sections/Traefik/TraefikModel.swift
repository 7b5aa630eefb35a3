// What a `traefik` section wishes for, whichever version reads it. The files and labels of each version are written from this.

import Crypto

package struct TraefikModel: Sendable, Equatable {
    package enum Version: Int, Sendable {
        /// 1.7: frontends and backends.
        case one = 1
        case two
        case three
    }

    package enum Routes: String, Sendable {
        /// Traefik watches a directory; it needs no access to Docker.
        case file
        /// Traefik reads the containers' labels through Docker's socket.
        case labels
    }

    struct EntryPoint: Sendable, Equatable {
        let name: String
        /// `[HOST]:PORT`
        let address: String
    }

    struct Dashboard: Sendable, Equatable {
        let login: ContainerRoute.Login
        /// Under which it is served beside the containers, too.
        let host: String?
    }

    package static let section = "traefik"
    static let directory = "/etc/traefik"
    static let http = "http"
    static let https = "https"
    static let dashboardPoint = "dashboard"

    package let version: Version
    /// Containers without a `host` are served below it.
    package let domain: String?
    package let network: String?
    let entryPoints: [EntryPoint]
    let redirects: Bool
    /// The first is served to those who ask for no known name.
    let certificates: [CertificatePlace]
    let dashboard: Dashboard?
    /// On the host.
    package let directory: String
    /// The same, as Traefik sees it.
    let inside: String
    package let routes: Routes
    package let bcryptCost: Int
    static let usualCost = 5

    /// Of the config that is asked for if it has one, else of the first that has.
    package static func find(
        in document: JSONNode, _ facts: HostFacts, preferring config: String? = nil
    ) -> TraefikModel? {
        var ignored = Diagnostics()
        let found = document.members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .filter { $0.node.given(section) != nil }
        guard let best = found.first(where: { $0.key == config }) ?? found.first, let node = best.node.given(section)
        else { return nil }
        return TraefikModel(node, in: document, facts, &ignored) { node, diagnostics in
            node.text(&diagnostics).flatMap { CertificatePlaces.find($0, in: document, facts) }
        }
    }

    func has(_ point: String) -> Bool { entryPoints.contains { $0.name == point } }

    /// Where containers are served: encrypted if that can be, and in clear only if nothing redirects from there.
    var servingPoints: [(name: String, isEncrypted: Bool)] {
        guard has(Self.https) else { return [(Self.http, false)] }
        return [(Self.https, true)] + (redirects || !has(Self.http) ? [] : [(Self.http, false)])
    }

    /// What the route to a container is called where it is served.
    func routerName(_ name: String, at point: (name: String, isEncrypted: Bool)) -> String {
        point.isEncrypted || servingPoints.count == 1 ? name : "\(name)-plain"
    }

    /// What a container's routers are called. In a label a dot would divide the name.
    func routerNames(of route: ContainerRoute) -> [String] {
        if version == .one { return [route.container] }
        let name = routes == .labels ? Self.labelName(route) : route.container
        return servingPoints.map { routerName(name, at: $0) }
    }

    /// Its password would go over the network in clear without.
    var dashboardIsEncrypted: Bool { !certificates.isEmpty }

    // MARK: For the container that reads the files

    /// SHA-256 of the file that Traefik reads only once, at its start, as it is wished for; without the hash of a password,
    /// which is another each time.
    package var staticFingerprint: String {
        hexadecimal(SHA256.hash(data: Array(staticText(dashboardUser: dashboard?.login.user ?? "").utf8)))
    }

    /// Whose hash is in that file: 1.7's.
    package var staticPassword: ReferencedText? { version == .one ? dashboard?.login.password : nil }

    /// Whether a release of Traefik asks for Docker's API 1.24, which newer daemons refuse: before 2.11.31 and 3.6.1.
    /// What a tag leaves open (`v3`, `latest`) is taken for new enough.
    package static func needsOldDockerAPI(image: String) -> Bool {
        guard let version = versionOfImage(image), let major = version.first else { return false }
        let minor = version.count > 1 ? version[1] : nil
        let patch = version.count > 2 ? version[2] : nil
        switch major {
        case 1: return true
        case 2: return minor.map { $0 < 11 || $0 == 11 && patch.map { $0 < 31 } ?? false } ?? false
        case 3: return minor.map { $0 < 6 || $0 == 6 && patch.map { $0 < 1 } ?? false } ?? false
        default: return false
        }
    }

    /// The numbers in the tag of an image called `…/traefik`; nil: none are there.
    static func versionOfImage(_ image: String) -> [Int]? {
        let name = image.split(separator: "@").first ?? ""
        let parts = (name.split(separator: "/").last ?? "").split(separator: ":")
        guard parts.count == 2, parts[0] == "traefik" else { return nil }
        let tag = parts[1].hasPrefix("v") ? parts[1].dropFirst() : parts[1]
        let numbers = (tag.split(separator: "-").first ?? "").split(separator: ".").map { Int($0) }
        return numbers.isEmpty || numbers.contains(nil) ? nil : numbers.compactMap(\.self)
    }
}
