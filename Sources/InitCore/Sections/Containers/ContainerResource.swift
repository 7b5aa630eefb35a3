// NAME: made, replaced when its specification or its image is another, started when it stands still.

struct ContainerResource: Resource {
    let id: ResourceID
    let wish: DecodedContainer
    let mark: OwnershipMark
    let traefik: TraefikModel?
    /// Own networks of those that it is the proxy of.
    let otherNetworks: [String]

    var runsSideBySide: Bool { true }
    /// Most of its time it waits until it is seen to run; the way to the daemon is narrow enough by itself.
    var mostSideBySide: Int { 256 }
    var references: [Reference] { named.map(\.reference) }
    var claims: [String] { ["the container \(wish.spec.name)"] }

    private var named: [NamedReference] { wish.references + (traefikPassword?.references ?? []) }

    private var runsTraefik: Bool {
        guard let traefik else { return false }
        return wish.spec.mounts.contains { ContainerOutline.mounts($0.source, traefik.directory) }
    }

    private var traefikPassword: ReferencedText? { runsTraefik ? traefik?.staticPassword : nil }

    init(_ wish: DecodedContainer, _ outline: ContainerOutline, _ traefik: TraefikModel?, _ input: SectionInput) {
        id = input.id(wish.spec.name)
        self.wish = wish
        self.traefik = traefik
        mark = input.ownership(wish.spec.name)
        otherNetworks = wish.isProxy ? outline.ownNetworks : []
    }

    func plan(_ now: Planning) async throws -> Plan {
        let name = wish.spec.name
        let found = try await now.probe.docker.container(name)
        let values: ReferenceValues
        switch try await now.resolve(named) {
        case .values(let known): values = known
        case .unknown(let certainty):
            return .change(
                Change(
                    found == nil ? .create : .update, facts: [Fact("image", nil, "\(wish.spec.image)")], steps: [],
                    certainty: certainty))
        }
        let warning = try await warning(now)
        let digest = try LabelKey.read(now.probe).map { SpecDigest(try parts(values), key: $0) }
        guard let found else {
            let facts = newFacts() + (warning.map { [Fact("warning", nil, $0)] } ?? [])
            return .change(
                Change(.create, facts: facts, steps: [.docker(.bring(try complete(values, digest, nil, now)))]))
        }
        guard wish.adopts || OwnershipMark(labels: found.labels) != nil else {
            throw Failure(
                .refused,
                "there is a container \(name) that isn't ours; rename one, remove it (docker rm -f \(name)), or write \u{201C}adopt\u{201D}: true to have it replaced"
            )
        }
        let isOther = digest == nil || found.labels[ContainerLabel.spec] != digest?.whole
        let image = try await now.probe.docker.image("\(wish.spec.image)")
        var facts: [Fact] = []
        if isOther {
            facts += try differences(found, digest, values)
        } else if let image, image.id != found.image {
            facts.append(Fact("image", Self.short(found.image), Self.short(image.id)))
        }
        if found.isHalfReplaced { facts.append(Fact("broken-off replacement", .text("left over"), .absent)) }
        if facts.isEmpty, !runs(found) { facts.append(Fact("running", found.words, "true")) }
        let missing = missingNetworks(found)
        if facts.isEmpty, !missing.isEmpty { facts += missing.map { Fact("network", nil, $0) } }
        guard !facts.isEmpty else { return warning.map(Plan.noted) ?? .unchanged }
        if let warning { facts.append(Fact("warning", nil, warning)) }
        return .change(
            Change(.update, facts: facts, steps: [.docker(.bring(try complete(values, digest, found, now)))]))
    }

    /// What was wished for before is known by its digests only.
    private func differences(
        _ found: ContainerState, _ digest: SpecDigest?, _ values: ReferenceValues
    ) throws -> [Fact] {
        let keys = digest?.differing(from: found.labels[ContainerLabel.parts] ?? "") ?? []
        guard !keys.isEmpty else { return [Fact("specification", .text("another"), .text("as in the document"))] }
        let parts = wish.spec.parts()
        return keys.map { key in
            switch parts[key] {
            case nil where ["secrets", "secretEnvironment", "password", "traefik", "route", "owner"].contains(key):
                Fact(key, .concealed, .concealed)
            case nil: Fact(key, .text("another"), .absent)
            case .string(let text)?: Fact(key, "another", text)
            // Variables may hold what is nobody's business.
            case _ where key == "environment": Fact(key, .concealed, .concealed)
            case .array(let items)?:
                Fact(
                    key, "another",
                    items.map { if case .string(let text) = $0 { text } else { $0.pythonText } }.joined(separator: " "))
            case let value?: Fact(key, "another", value.pythonText)
            }
        }
    }

    /// One that is to run once has done so when it has ended well. Every other one is to run: a person's docker stop lasts until
    /// the next run, as a service's does.
    private func runs(_ found: ContainerState) -> Bool {
        switch found.status {
        case .running, .restarting: true
        case .exited: ["no", "on-failure"].contains(wish.spec.restart.policy) && found.exitCode == 0
        case .created, .paused, .removing, .dead: false
        }
    }

    /// In which its proxy finds it.
    private var network: String { wish.spec.networks.first ?? "" }

    private func missingNetworks(_ found: ContainerState) -> [String] {
        wish.spec.networks.filter { !found.networks.contains($0) }
    }

    private static func short(_ id: String) -> String { String(id.prefix("sha256:".count + 12)) }

    private func newFacts() -> [Fact] {
        var facts = [Fact("image", nil, "\(wish.spec.image)")]
        if wish.spec.mode != .networks { facts.append(Fact("network", nil, wish.spec.mode.rawValue)) }
        if !wish.spec.ports.isEmpty {
            facts.append(Fact("ports", nil, wish.spec.ports.map(\.text).joined(separator: ", ")))
        }
        return facts
    }

    /// Traefik asks for a version of Docker's API that Docker 29 refuses; then it serves nothing and says so in its log only.
    private func warning(_ now: Planning) async throws -> String? {
        guard TraefikModel.needsOldDockerAPI(image: "\(wish.spec.image)"),
            wish.spec.mounts.contains(where: { $0.source.hasSuffix("/docker.sock") })
        else { return nil }
        let oldest = try await now.probe.docker.oldestAPI()
        let minor = oldest.split(separator: ".").last.flatMap { Int($0) } ?? 0
        guard minor > Self.traefiksAPI else { return nil }
        return
            "\(wish.spec.image) asks for version 1.\(Self.traefiksAPI) of Docker's API, and this Docker refuses all below \(oldest); take traefik:v2.11.31, traefik:v3.6.1 or later, or \u{201C}routes\u{201D}: \u{201C}file\u{201D}, which needs no Docker socket"
    }

    private static let traefiksAPI = 24

    // MARK: The wish with all its values

    /// What the digest is made of: the specification, its secrets and who wished for it.
    private func parts(_ values: ReferenceValues) throws -> [String: JSONValue] {
        var parts = wish.spec.parts()
        parts["owner"] = .array([mark.owner, mark.config, mark.section, mark.item].map { .string($0) })
        func revealed(_ texts: [String: ReferencedText]) throws -> JSONValue {
            .sorted(try texts.mapValues { .string(hexadecimal(try $0.filled(values).reveal { $0 })) })
        }
        if let route = wish.route, let traefik, traefik.routes == .labels {
            let labels = traefik.labels(for: route, network: network, user: route.login?.user)
            parts["route"] = .sorted(labels.mapValues { .string($0) })
            if let login = route.login { parts["password"] = try revealed(["": login.password]) }
        }
        if let traefik, runsTraefik { parts["traefik"] = .string(traefik.staticFingerprint) }
        if let traefikPassword { parts["traefikPassword"] = try revealed(["": traefikPassword]) }
        if !wish.secretEnvironment.isEmpty { parts["secretEnvironment"] = try revealed(wish.secretEnvironment) }
        if !wish.secretFiles.isEmpty { parts["secrets"] = try revealed(wish.secretFiles) }
        return parts
    }

    private func complete(
        _ values: ReferenceValues, _ digest: SpecDigest?, _ found: ContainerState?, _ now: Planning
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
            }, directories: directories, otherNetworks: otherNetworks, adopts: wish.adopts)
    }
}
