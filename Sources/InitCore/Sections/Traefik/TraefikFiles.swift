// The files of each version as text. What is a hash comes in from outside: it is another each time it is made.

extension TraefikModel {
    static let staticName = "traefik.toml"
    static let certificatesName = "dynamic/certificates.toml"
    static let dashboardName = "dynamic/dashboard.toml"
    static let routesName = "dynamic/routes.toml"

    /// Below the directory: the copies that Traefik serves with.
    func copies(of certificate: CertificatePlace) -> (chain: String, privateKey: String) {
        let name = (certificate.name.hasPrefix("*") ? "_star" + certificate.name.dropFirst() : certificate.name)
            .replacing("/", with: "-")
        return ("certificates/\(name).pem", "certificates/\(name).key")
    }

    /// An upload may take that long; without it, 2.11.2 and later break off after a minute.
    private static let longestRequest = "1h"

    // MARK: What Traefik reads once

    /// - Parameter dashboardUser: `user:hash`, which 1.7 keeps here.
    func staticText(dashboardUser: String) -> String {
        var toml = TOML()
        if version == .one {
            addStatic1(&toml, dashboardUser: dashboardUser)
        } else {
            addStatic(&toml)
        }
        return toml.text
    }

    private func addStatic(_ toml: inout TOML) {
        toml.table(["global"], [("checkNewVersion", .flag(false)), ("sendAnonymousUsage", .flag(false))])
        for point in entryPoints {
            toml.table(["entryPoints", point.name], [("address", .string(point.address))])
            if point.name == Self.http, redirects {
                toml.table(
                    ["entryPoints", point.name, "http", "redirections", "entryPoint"],
                    [("to", .string(Self.https)), ("scheme", .string("https"))])
            }
            toml.table(
                ["entryPoints", point.name, "transport", "respondingTimeouts"],
                [("readTimeout", .string(Self.longestRequest))])
        }
        if dashboard != nil { toml.table(["api"], [("dashboard", .flag(true))]) }
        toml.table(["providers", "file"], [("directory", .string(inside + "/dynamic")), ("watch", .flag(true))])
        guard routes == .labels else { return }
        toml.table(
            ["providers", "docker"],
            [("endpoint", .string(Self.dockerSocket)), ("exposedByDefault", .flag(false))]
                + (network.map { [("network", .string($0))] } ?? []))
    }

    private static let dockerSocket = "unix:///var/run/docker.sock"

    private func addStatic1(_ toml: inout TOML, dashboardUser: String) {
        toml.add("checkNewVersion", .flag(false))
        toml.add("sendAnonymousUsage", .flag(false))
        toml.add("defaultEntryPoints", .strings(servingPoints.map(\.name)))
        for point in entryPoints {
            toml.table(["entryPoints", point.name], [("address", .string(point.address))])
            if point.name == Self.http, redirects {
                toml.table(["entryPoints", point.name, "redirect"], [("entryPoint", .string(Self.https))])
            }
            if point.name == Self.https || point.name == Self.dashboardPoint && dashboardIsEncrypted {
                toml.table(["entryPoints", point.name, "tls"], [("minVersion", .string("VersionTLS12"))])
            }
            if point.name == Self.dashboardPoint {
                toml.table(["entryPoints", point.name, "auth", "basic"], [("users", .strings([dashboardUser]))])
            }
        }
        if dashboard != nil {
            toml.table(["api"], [("entryPoint", .string(Self.dashboardPoint)), ("dashboard", .flag(true))])
        }
        toml.table(["file"], [("directory", .string(inside + "/dynamic")), ("watch", .flag(true))])
        guard routes == .labels else { return }
        toml.table(
            ["docker"],
            [
                ("endpoint", .string(Self.dockerSocket)), ("domain", .string(domain ?? "localhost")),
                ("watch", .flag(true)), ("exposedByDefault", .flag(false)),
            ] + (network.map { [("network", .string($0))] } ?? []))
    }

    // MARK: What Traefik watches

    /// - Parameter sums: of the copies of the chains, in order. Traefik doesn't watch these, so that a new one shows here.
    func certificatesText(sums: [String]) -> String {
        var toml = TOML()
        for (certificate, sum) in zip(certificates, sums) { toml.comment("\(certificate.name): SHA-256 \(sum)") }
        if version == .one {
            let points = [Self.https] + (has(Self.dashboardPoint) ? [Self.dashboardPoint] : [])
            for certificate in certificates {
                toml.table(["tls"], isElement: true, [("entryPoints", .strings(points))])
                toml.table(["tls", "certificate"], files(of: certificate))
            }
            return toml.text
        }
        for certificate in certificates {
            toml.table(["tls", "certificates"], isElement: true, files(of: certificate))
        }
        if let first = certificates.first {
            toml.table(["tls", "stores", "default", "defaultCertificate"], files(of: first))
        }
        toml.table(["tls", "options", "default"], [("minVersion", .string("VersionTLS12"))])
        return toml.text
    }

    private func files(of certificate: CertificatePlace) -> [(String, TOML.Value)] {
        let names = copies(of: certificate)
        return [
            ("certFile", .string("\(inside)/\(names.chain)")), ("keyFile", .string("\(inside)/\(names.privateKey)")),
        ]
    }

    /// - Parameter user: `user:hash`.
    func dashboardText(user: String) -> String {
        var toml = TOML()
        let login = "ide-init-dashboard"
        func router(_ name: String, _ point: String, _ rule: String, isEncrypted: Bool) {
            toml.table(
                ["http", "routers", name],
                [
                    ("entryPoints", .strings([point])), ("rule", .string(rule)), ("service", .string("api@internal")),
                    ("middlewares", .strings([login])),
                ])
            if isEncrypted { toml.table(["http", "routers", name, "tls"]) }
        }
        if has(Self.dashboardPoint) {
            router("ide-init-dashboard", Self.dashboardPoint, "PathPrefix(`/`)", isEncrypted: dashboardIsEncrypted)
        }
        if let host = dashboard?.host, let point = servingPoints.first {
            router("ide-init-monitor", point.name, Self.rule([host]), isEncrypted: point.isEncrypted)
        }
        toml.table(["http", "middlewares", login, "basicAuth"], Self.basic(user))
        return toml.text
    }

    /// - Parameter users: `user:hash` by container.
    func routesText(_ routes: [ContainerRoute], users: [String: String]) -> String {
        var toml = TOML()
        for route in routes {
            if version == .one {
                add1(route, user: users[route.container], &toml)
            } else {
                add(route, user: users[route.container], &toml)
            }
        }
        return toml.text
    }

    private func add(_ route: ContainerRoute, user: String?, _ toml: inout TOML) {
        let name = route.container
        for point in servingPoints {
            let router = routerName(name, at: point)
            toml.table(
                ["http", "routers", router],
                [
                    ("entryPoints", .strings([point.name])), ("rule", .string(Self.rule(route.hosts))),
                    ("service", .string(name)),
                ] + (user == nil ? [] : [("middlewares", .strings([name]))]))
            if point.isEncrypted { toml.table(["http", "routers", router, "tls"]) }
        }
        toml.table(
            ["http", "services", name, "loadBalancer", "servers"], isElement: true, [("url", .string(Self.url(route)))])
        if let user { toml.table(["http", "middlewares", name, "basicAuth"], Self.basic(user)) }
    }

    private func add1(_ route: ContainerRoute, user: String?, _ toml: inout TOML) {
        let name = route.container
        toml.table(["backends", name, "servers", "container"], [("url", .string(Self.url(route)))])
        toml.table(
            ["frontends", name],
            [
                ("entryPoints", .strings(servingPoints.map(\.name))), ("backend", .string(name)),
                ("passHostHeader", .flag(true)),
            ])
        toml.table(["frontends", name, "routes", "host"], [("rule", .string(Self.rule1(route.hosts)))])
        if let user { toml.table(["frontends", name, "auth", "basic"], Self.basic(user)) }
    }

    // MARK: Parts

    static func rule(_ hosts: [String]) -> String { hosts.map { "Host(`\($0)`)" }.joined(separator: " || ") }
    static func rule1(_ hosts: [String]) -> String { "Host:" + hosts.joined(separator: ",") }

    private static func url(_ route: ContainerRoute) -> String { "http://\(route.container):\(route.port)" }

    /// The password is for Traefik, not for what stands behind it.
    private static func basic(_ user: String) -> [(String, TOML.Value)] {
        [("removeHeader", .flag(true)), ("users", .strings([user]))]
    }
}
