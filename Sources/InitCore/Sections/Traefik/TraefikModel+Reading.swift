// From the document to the model, with every mistake a diagnostic.

extension TraefikModel {
    static let keys = [
        "version", "domain", "network", "entryPoints", "redirectToHTTPS", "certificates", "dashboard", "directory",
        "routes", "bcryptCost", "adopt",
    ]

    /// - Parameter certificate: finds the one whose name stands there, or complains.
    init?(
        _ node: JSONNode, in document: JSONNode, _ facts: HostFacts, _ diagnostics: inout Diagnostics,
        certificate: (JSONNode, inout Diagnostics) -> CertificatePlace?
    ) {
        guard node.isMap else {
            node.complain("a map", &diagnostics)
            return nil
        }
        let filled = node.counted(Self.section, facts, &diagnostics)
        guard node.given("count") == nil, let node = filled.first?.node else {
            if node.given("count") != nil {
                diagnostics.error(node.path, "there is one Traefik, so it has no \u{201C}count\u{201D}")
            }
            return nil
        }
        node.checkKeys(Self.keys, &diagnostics)
        let errors = diagnostics.errors.count
        version = Self.version(node.given("version"), &diagnostics)
        domain = node.given("domain").flatMap { given in
            given.text(&diagnostics).flatMap { ContainerRoute.host($0, at: given.path, &diagnostics) }
        }
        network = node.given("network")?.text(&diagnostics)
        certificates = (node.given("certificates").map { $0.isList ? $0.items : [$0] } ?? []).compactMap {
            certificate($0, &diagnostics)
        }
        let points = Self.entryPoints(node.given("entryPoints"), isEncrypted: !certificates.isEmpty, &diagnostics)
        entryPoints = points
        redirects =
            node.given("redirectToHTTPS")?.flag(&diagnostics)
            ?? (!certificates.isEmpty
                && [Self.http, Self.https].allSatisfy { name in points.contains { $0.name == name } })
        dashboard = Self.dashboard(node.given("dashboard"), in: node, domain, version, points, &diagnostics)
        directory = Self.directory(node.given("directory"), &diagnostics)
        inside = Self.inside(directory, document, facts)
        if let given = node.given("routes") {
            let text = given.text(&diagnostics) ?? ""
            if Routes(rawValue: text) == nil {
                diagnostics.error(
                    given.path,
                    "\u{201C}\(text)\u{201D} is no way to tell Traefik of containers\(suggestion(for: text, among: ["file", "labels"])); known: file, labels"
                )
            }
            routes = Routes(rawValue: text) ?? .file
        } else {
            routes = .file
        }
        bcryptCost = node.given("bcryptCost")?.whole(&diagnostics, 4...16) ?? Self.usualCost
        checkTogether(node, document, facts, &diagnostics)
        if diagnostics.errors.count > errors { return nil }
    }

    private func checkTogether(
        _ node: JSONNode, _ document: JSONNode, _ facts: HostFacts, _ diagnostics: inout Diagnostics
    ) {
        if redirects, let given = node.given("redirectToHTTPS"), !has(Self.http) || !has(Self.https) {
            diagnostics.error(
                given.path,
                "to redirect, the entry points \u{201C}http\u{201D} and \u{201C}https\u{201D} are both wanted")
        }
        if !certificates.isEmpty, !has(Self.https) {
            diagnostics.error(
                node.path, "there are certificates, and no entry point \u{201C}https\u{201D} to serve with them")
        }
        if certificates.isEmpty, has(Self.https) {
            diagnostics.warning(
                node.path,
                "the entry point \u{201C}https\u{201D} has no certificate, so Traefik makes one up that no browser trusts; name one in \u{201C}certificates\u{201D}"
            )
        }
        if dashboard != nil, !dashboardIsEncrypted {
            diagnostics.warning(
                node.path, "without certificates the dashboard's password crosses the network in clear")
        }
        for (name, container) in ContainerRoute.containers(in: document, facts) {
            var ignored = Diagnostics()
            guard let image = container.given("image")?.text(&ignored), let major = Self.versionOfImage(image)?.first,
                major != version.rawValue
            else { continue }
            diagnostics.warning(
                node.path,
                "files for Traefik \(version.rawValue) are written, and the container \(name) runs \(image), which doesn't read them"
            )
        }
    }

    private static func version(_ node: JSONNode?, _ diagnostics: inout Diagnostics) -> Version {
        guard let node, let text = node.text(&diagnostics) else { return .three }
        let digits = text.hasPrefix("v") ? text.dropFirst() : text[...]
        let major = digits.split(separator: ".").first.flatMap { Int($0) }
        guard let version = major.flatMap(Version.init) else {
            diagnostics.error(
                node.path, "\u{201C}\(text)\u{201D} is no known version of Traefik; known: 1 (which is 1.7), 2, 3")
            return .three
        }
        return version
    }

    private static func entryPoints(
        _ node: JSONNode?, isEncrypted: Bool, _ diagnostics: inout Diagnostics
    ) -> [EntryPoint] {
        guard let node else {
            return [EntryPoint(name: http, address: ":80")]
                + (isEncrypted ? [EntryPoint(name: https, address: ":443")] : [])
        }
        let known = [http, https, dashboardPoint]
        _ = node.map(&diagnostics)
        node.checkKeys(known, &diagnostics)
        var points: [EntryPoint] = []
        for name in known {
            guard let given = node.given(name), let text = given.text(&diagnostics, wanted: "an address like \":80\"")
            else { continue }
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            let address = parts.count == 1 ? ":\(text)" : text
            let place = HostAndPort(address.hasPrefix(":") ? "localhost\(address)" : address)
            guard place?.port != nil else {
                diagnostics.error(
                    given.path, "\u{201C}\(text)\u{201D} is no address to listen on; \":80\" and \"127.0.0.1:8090\" are"
                )
                continue
            }
            if let other = points.first(where: { $0.address == address }) {
                diagnostics.error(given.path, "\(address) is already the address of \(other.name)")
            }
            points.append(EntryPoint(name: name, address: address))
        }
        if !points.contains(where: { $0.name != dashboardPoint }) {
            diagnostics.error(node.path, "an entry point \u{201C}http\u{201D} or \u{201C}https\u{201D} is wanted")
        }
        return points
    }

    private static func dashboard(
        _ node: JSONNode?, in section: JSONNode?, _ domain: String?, _ version: Version, _ points: [EntryPoint],
        _ diagnostics: inout Diagnostics
    ) -> Dashboard? {
        let hasPoint = points.contains { $0.name == dashboardPoint }
        guard let node else {
            if hasPoint, let section {
                diagnostics.error(
                    section.path.appending("entryPoints").appending(dashboardPoint),
                    "who may see the dashboard isn't said; \u{201C}dashboard\u{201D} with user and password is wanted")
            }
            return nil
        }
        guard let login = ContainerRoute.Login(node, also: ["host"], &diagnostics) else { return nil }
        var host = domain.map { "monitor.\($0)" }
        if let given = node.given("host"), let text = given.text(&diagnostics) {
            host = ContainerRoute.host(text, at: given.path, &diagnostics)
            if version == .one {
                diagnostics.error(given.path, "Traefik 1.7 serves its dashboard at an entry point of its own only")
            }
        }
        if version == .one { host = nil }
        if !hasPoint, host == nil {
            diagnostics.error(
                node.path,
                version == .one
                    ? "the dashboard wants an entry point \u{201C}dashboard\u{201D}, like \":8090\""
                    : "the dashboard wants an entry point \u{201C}dashboard\u{201D}, like \":8090\", or a \u{201C}host\u{201D}"
            )
        }
        return Dashboard(login: login, host: host)
    }

    private static func directory(_ node: JSONNode?, _ diagnostics: inout Diagnostics) -> String {
        guard let node, let path = node.text(&diagnostics, wanted: "a path") else { return directory }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        guard path.hasPrefix("/"), !parts.isEmpty, !parts.contains(where: { ["", ".", ".."].contains($0) }) else {
            diagnostics.error(node.path, "\u{201C}\(path)\u{201D} is no absolute path of a directory")
            return directory
        }
        return path
    }

    /// Where a container that mounts the directory sees it.
    private static func inside(_ directory: String, _ document: JSONNode, _ facts: HostFacts) -> String {
        var ignored = Diagnostics()
        for (_, container) in ContainerRoute.containers(in: document, facts) {
            for volume in container.given("volumes")?.texts(&ignored) ?? [] {
                let parts = volume.split(separator: ":")
                if parts.count >= 2, parts[0] == directory, parts[1].hasPrefix("/") { return String(parts[1]) }
            }
        }
        return directory
    }
}
