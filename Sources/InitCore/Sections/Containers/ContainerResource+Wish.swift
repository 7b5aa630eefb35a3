// The wish with all its values.

extension ContainerResource {
    /// What the digest is made of: the specification, its secrets and who wished for it.
    func parts(_ values: ReferenceValues) throws -> [String: JSONValue] {
        var parts = wish.spec.parts()
        parts["owner"] = .array([mark.owner, mark.config, mark.section, mark.item].map { .string($0) })
        func revealed(_ texts: [String: ReferencedText]) throws -> JSONValue {
            .sorted(try texts.mapValues { .string(hexadecimal(try $0.filled(values).reveal { $0 })) })
        }
        if let route = wish.route, let traefik, traefik.routes == .labels {
            let labels = traefik.labels(for: route, network: network, user: route.login?.user)
            parts["route"] = .sorted(labels.mapValues { .string($0) })
            if let login = route.login {
                parts["password"] = try revealed(["": login.password])
                parts["bcryptCost"] = unusualCost
            }
        }
        if let traefik, runsTraefik { parts["traefik"] = .string(traefik.staticFingerprint) }
        if let traefikPassword {
            parts["traefikPassword"] = try revealed(["": traefikPassword])
            parts["bcryptCost"] = unusualCost
        }
        if !wish.secretEnvironment.isEmpty { parts["secretEnvironment"] = try revealed(wish.secretEnvironment) }
        if !wish.secretFiles.isEmpty { parts["secrets"] = try revealed(wish.secretFiles) }
        return parts
    }

    /// Only this one, so that a container that was made before it counted isn't made anew.
    private var unusualCost: JSONValue? {
        guard let traefik, traefik.bcryptCost != TraefikModel.usualCost else { return nil }
        return .number(JSONNumber("\(traefik.bcryptCost)"))
    }

    func complete(
        _ values: ReferenceValues, _ digest: SpecDigest?, _ found: ContainerState?, leaving: [String] = [],
        _ now: Planning
    ) throws -> ContainerWish {
        var labels = wish.spec.labels.merging(mark.labels) { $1 }
        if let route = wish.route, let traefik {
            let user = try route.login.map { login in
                try now.basicUser(
                    login.user, try login.password.filled(values),
                    standing: found.flatMap { traefik.user(inLabels: $0.labels, of: route) }, cost: traefik.bcryptCost)
            }
            let text = user?.reveal { String(decoding: $0, as: UTF8.self) }
            labels.merge(traefik.labels(for: route, network: network, user: text)) { $1 }
        }
        labels[ContainerLabel.spec] = digest?.whole
        labels[ContainerLabel.parts] = digest?.partsLabel
        let directories = try wish.spec.mounts.filter(\.isOfHost).map(\.source).filter {
            try now.probe.status($0) == nil
        }
        return ContainerWish(
            spec: wish.spec, labels: labels,
            secretEnvironment: try wish.secretEnvironment.mapValues { try $0.filled(values) },
            secretFiles: try wish.secretFiles.sorted { $0.key < $1.key }.map {
                ContainerWish.SecretFile(path: $0.key, content: try $0.value.filled(values))
            }, directories: directories, otherNetworks: otherNetworks, adopts: wish.adopts,
            leaving: leaving,
            isDoubted: found.map { $0.status == .restarting || $0.health == .unhealthy } ?? false)
    }
}
