// The same routes as labels of the containers, where Traefik reads these. In labels set through Docker's API `$` stays as it is.

extension TraefikModel {
    /// Labels by which Traefik serves a container; none where it is told by a file.
    /// - Parameters:
    ///   - network: in which Traefik reaches it.
    ///   - user: `user:hash`, where the route has a login.
    package func labels(for route: ContainerRoute, network: String, user: String?) -> [String: String] {
        guard routes == .labels else { return [:] }
        return version == .one
            ? labels1(for: route, network: network, user: user) : labels2(for: route, network: network, user: user)
    }

    /// The `user:hash` that the labels of a standing container hold; nil: none.
    package func user(inLabels labels: [String: String], of route: ContainerRoute) -> String? {
        labels[version == .one ? Self.users1 : "traefik.http.middlewares.\(Self.labelName(route)).basicauth.users"]
    }

    private static let users1 = "traefik.frontend.auth.basic.users"

    /// A dot would divide it.
    static func labelName(_ route: ContainerRoute) -> String { route.container.replacing(".", with: "-") }

    private func labels2(for route: ContainerRoute, network: String, user: String?) -> [String: String] {
        let name = Self.labelName(route)
        var labels = ["traefik.enable": "true", "traefik.docker.network": network]
        for point in servingPoints {
            let router = "traefik.http.routers." + routerName(name, at: point)
            labels["\(router).entrypoints"] = point.name
            labels["\(router).rule"] = Self.rule(route.hosts)
            labels["\(router).service"] = name
            if point.isEncrypted { labels["\(router).tls"] = "true" }
            if user != nil { labels["\(router).middlewares"] = name }
        }
        labels["traefik.http.services.\(name).loadbalancer.server.port"] = "\(route.port)"
        if let user {
            labels["traefik.http.middlewares.\(name).basicauth.users"] = user
            labels["traefik.http.middlewares.\(name).basicauth.removeheader"] = "true"
        }
        return labels
    }

    private func labels1(for route: ContainerRoute, network: String, user: String?) -> [String: String] {
        var labels = [
            "traefik.enable": "true", "traefik.docker.network": network, "traefik.backend": route.container,
            "traefik.port": "\(route.port)", "traefik.frontend.rule": Self.rule1(route.hosts),
            "traefik.frontend.entryPoints": servingPoints.map(\.name).joined(separator: ","),
            "traefik.frontend.passHostHeader": "true",
        ]
        if let user {
            labels[Self.users1] = user
            labels["traefik.frontend.auth.basic.removeHeader"] = "true"
        }
        return labels
    }
}

extension Planning {
    /// `user:hash` for a login: the one that stands there if it is the password's, else a new one.
    /// - Parameter standing: as a file or a label holds it.
    /// - Throws: `Failure` for a password that nobody could type.
    package func basicUser(_ user: String, _ password: Secret, standing: String?, cost: Int) throws -> Secret {
        try TypedSecret.check(password, .password)
        if let standing, standing.hasPrefix(user + ":") {
            let hash = String(standing.dropFirst(user.utf8.count + 1))
            // A higher cost is asked for by making another.
            let isOfCost = hash.hasPrefix("$2y$\(cost < 10 ? "0" : "")\(cost)$")
            if isOfCost, try probe.passwordMatches(password, hash) { return Secret(standing) }
        }
        let hash = try probe.hashPassword(password, .bcrypt(cost: cost))
        return Secret(hash.reveal { Array("\(user):".utf8) + $0 })
    }
}
