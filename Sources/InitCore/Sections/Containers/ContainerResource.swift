// NAME: made, replaced when its specification or its image is another, started when it stands still.

struct ContainerResource: Resource {
    let id: ResourceID
    let wish: DecodedContainer
    let mark: OwnershipMark
    let traefik: TraefikModel?
    /// Own networks of those that it is the proxy of.
    let otherNetworks: [String]
    /// All that the document wishes for; the others are a sweep's.
    private let listedNetworks: Set<String>

    var runsSideBySide: Bool { true }
    /// Most of its time it waits until it is seen to run; the way to the daemon is narrow enough by itself.
    var mostSideBySide: Int { 256 }
    var references: [Reference] { named.map(\.reference) }
    var claims: [String] { ["the container \(wish.spec.name)"] }

    private var named: [NamedReference] { wish.references + (traefikPassword?.references ?? []) }

    var runsTraefik: Bool {
        guard let traefik else { return false }
        return wish.spec.mounts.contains { ContainerOutline.mounts($0.source, traefik.directory) }
    }

    var traefikPassword: ReferencedText? { runsTraefik ? traefik?.staticPassword : nil }

    init(_ wish: DecodedContainer, _ outline: ContainerOutline, _ traefik: TraefikModel?, _ input: SectionInput) {
        id = input.id(wish.spec.name)
        self.wish = wish
        self.traefik = traefik
        mark = input.ownership(wish.spec.name)
        otherNetworks = wish.isProxy && wish.spec.mode == .networks ? outline.ownNetworks : []
        listedNetworks = outline.allNetworks
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
        guard wish.adopts || OwnershipMark(ofContainer: name, found.labels) != nil else {
            throw Failure.foreign(container: name)
        }
        let isOther = digest == nil || found.labels[ContainerLabel.spec] != digest?.whole
        let image = try await now.probe.docker.image("\(wish.spec.image)")
        var facts: [Fact] = []
        if isOther {
            facts += try differences(found, digest, values)
        } else if let image, image.id != found.image {
            facts.append(Fact("image", Self.short(found.image), Self.short(image.id)))
        }
        var surplus: [String] = []
        if facts.isEmpty {
            // A replacement settles all of this.
            surplus = try await surplusNetworks(found, now)
            facts += running(found).map { [$0] } ?? []
            facts += missingNetworks(found).map { Fact("network", nil, $0) }
            facts += surplus.map { Fact("network", .text($0), .absent) }
            if try hasOldSecrets(digest, now) { facts.append(Fact("former secrets", .text("left over"), .absent)) }
        }
        if found.isHalfReplaced { facts.append(Fact("broken-off replacement", .text("left over"), .absent)) }
        if facts.isEmpty, let pull = now.ledger.awaits("containers", "images/\(wish.spec.image)") {
            return .change(
                Change(
                    .update, facts: [Fact("image", .text(Self.short(found.image)), .unknown("pulled"))], steps: [],
                    certainty: .knownAfter("\(pull)")))
        }
        guard !facts.isEmpty else { return warning.map(Plan.noted) ?? .unchanged }
        if let warning { facts.append(Fact("warning", nil, warning)) }
        return .change(
            Change(
                .update, facts: facts,
                steps: [.docker(.bring(try complete(values, digest, found, leaving: surplus, now)))]))
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
            case nil
            where ["secrets", "secretEnvironment", "password", "traefik", "traefikPassword", "route", "owner"].contains(
                key):
                Fact(key, .concealed, .concealed)
            case nil where key == "network": Fact(key, "another", "own")
            case nil where key == "bcryptCost":
                Fact(key, "another", "\(traefik?.bcryptCost ?? TraefikModel.usualCost)")
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
    /// the next run, as a service's does. Nor does one run that its daemon brings up again and again, or that is unhealthy.
    private func running(_ found: ContainerState) -> Fact? {
        switch found.status {
        case .running where found.health == .unhealthy: Fact("health", "unhealthy", "healthy")
        case .running: nil
        case .exited where ["no", "on-failure"].contains(wish.spec.restart.policy) && found.exitCode == 0: nil
        case .exited, .restarting, .created, .paused, .removing, .dead: Fact("running", found.words, "true")
        }
    }

    /// In which its proxy finds it.
    var network: String { wish.spec.networks.first ?? "" }

    private func missingNetworks(_ found: ContainerState) -> [String] {
        wish.spec.networks.filter { !found.networks.contains($0) }
    }

    /// Of ours, where it was once wished to be; what somebody else made it join is his to undo.
    private func surplusNetworks(_ found: ContainerState, _ now: Planning) async throws -> [String] {
        var surplus: [String] = []
        for network in found.networks.subtracting(wish.spec.networks + otherNetworks).sorted() {
            // In a dry run it is still there, and who removes it sends all away.
            if !listedNetworks.contains(network), now.ledger.awaits("containers", ContainersSweep.name) != nil {
                continue
            }
            guard let state = try await now.probe.docker.network(network),
                OwnershipMark(ofNetwork: network, state.labels) != nil
            else { continue }
            surplus.append(network)
        }
        return surplus
    }

    /// Whether a kill left some of a specification that is gone.
    private func hasOldSecrets(_ digest: SpecDigest?, _ now: Planning) throws -> Bool {
        let directory = "\(ContainerSecrets.place)/\(wish.spec.name)"
        guard try now.probe.status(directory) != nil else { return false }
        return try now.probe.names(directory).contains { wish.secretFiles.isEmpty || $0 != digest?.whole }
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
}
