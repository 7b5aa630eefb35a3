// All files of one Traefik, put right in one step: certificates first, then what makes Traefik look at them.

import Crypto

struct TraefikResource: Resource {
    let id: ResourceID
    let model: TraefikModel
    /// That are told by a file.
    let routes: [ContainerRoute]
    let mark: OwnershipMark
    /// Whether files that aren't ours are replaced.
    let adopts: Bool

    static let directories = ["", "dynamic/", "certificates/"]

    private var named: [NamedReference] {
        ([model.dashboard?.login] + routes.map(\.login)).compactMap(\.self).flatMap(\.password.references)
    }

    var references: [Reference] { named.map(\.reference) }
    var claims: [String] { ["the Traefik in \(model.directory)"] }

    /// A file as it should be.
    private struct Wish {
        let name: String
        let mode: UInt16
        let content: Secret
        /// Nil: nobody but Traefik may see it.
        var shown: [UInt8]?
    }

    func plan(_ now: Planning) async throws -> Plan {
        let standing = try Standing(model.directory, now)
        for certificate in model.certificates {
            guard let earlier = now.ledger.awaits(CertificatePlaces.section, certificate.name) else { continue }
            return unknown(standing, .knownAfter("\(earlier)"))
        }
        let values: ReferenceValues
        switch try await now.resolve(named) {
        case .values(let known): values = known
        case .unknown(let certainty): return unknown(standing, certainty)
        }
        let wishes = try wishes(standing, values, now)
        var facts: [Fact] = []
        var writes: [FileWrite] = []
        for wish in wishes {
            let path = "\(model.directory)/\(wish.name)"
            let old = try standing.file(wish.name, now)
            if let old, old.bytes == wish.content.reveal({ $0 }), old.status.mode == wish.mode, old.status.owner == 0 {
                continue
            }
            if let old, OwnershipMark(ofFile: old.bytes) == nil, !adopts {
                throw Failure(
                    .refused,
                    "\(path) is there already and isn't ours; take it away, or say \"adopt\": true to have it overwritten"
                )
            }
            facts.append(fact(wish, old?.bytes))
            writes.append(
                FileWrite(path, .secret(wish.content), mode: wish.mode, owner: 0, group: 0, keepsBackup: false))
        }
        let removals = try standing.ours(mark, now).filter { name in !wishes.contains { $0.name == name } }
        facts += removals.map { Fact($0, "there", "removed") }
        let isMissing = try now.probe.status("\(model.directory)/dynamic") == nil
        guard !writes.isEmpty || !removals.isEmpty || isMissing else { return .unchanged }
        var steps: [Step] = []
        // Traefik doesn't start without it.
        if isMissing {
            steps.append(
                .makeDirectory(path: "\(model.directory)/dynamic", mode: 0o755, owner: 0, group: 0))
        }
        let paths = removals.map { "\(model.directory)/\($0)" }
        if !writes.isEmpty || !paths.isEmpty { steps.append(.replace(FileSet(writes: writes, removals: paths))) }
        let isNew = try standing.file(TraefikModel.staticName, now) == nil
        return .change(
            Change(
                isNew ? .create : .update, facts: facts + routeFacts(isNew: isNew), steps: steps))
    }

    private func unknown(_ standing: Standing, _ certainty: Change.Certainty) -> Plan {
        var facts = routeFacts(isNew: standing.isEmpty)
        if standing.isEmpty, model.version != .one {
            let wish = wish(TraefikModel.staticName, 0o644, text: model.staticText(dashboardUser: ""))
            facts.insert(fact(wish, nil), at: 0)
        }
        return .change(
            Change(
                standing.isEmpty ? .create : .update, facts: facts, steps: [],
                certainty: certainty))
    }

    private func routeFacts(isNew: Bool) -> [Fact] {
        guard isNew, !routes.isEmpty else { return [] }
        let lines = routes.map { "\($0.hosts.joined(separator: ", ")) to \($0.container):\($0.port)" }
        return [Fact("routes", nil, lines.joined(separator: "\n"))]
    }

    private func fact(_ wish: Wish, _ old: [UInt8]?) -> Fact {
        guard let shown = wish.shown else {
            return Fact(wish.name, old == nil ? .absent : .concealed, .concealed)
        }
        return Fact(wish.name, old.map { .content($0) } ?? .absent, .content(shown))
    }

    // MARK: What is wished for

    private func wishes(_ standing: Standing, _ values: ReferenceValues, _ now: Planning) throws -> [Wish] {
        var wishes: [Wish] = []
        var sums: [String] = []
        for certificate in model.certificates {
            let (chain, key) = try copies(of: certificate, now)
            let names = model.copies(of: certificate)
            sums.append(hexadecimal(SHA256.hash(data: chain)))
            wishes.append(wish(names.chain, 0o644, pem: chain))
            wishes.append(wish(names.privateKey, 0o600, pem: key))
        }
        if !sums.isEmpty {
            wishes.append(wish(TraefikModel.certificatesName, 0o644, text: model.certificatesText(sums: sums)))
        }
        if !routes.isEmpty {
            let users = try standing.users(TraefikModel.routesName, now)
            var known: [String: String] = [:]
            for route in routes {
                guard let login = route.login else { continue }
                known[route.container] = try user(login, users[route.container], values, now)
            }
            let text = model.routesText(routes, users: known)
            wishes.append(wish(TraefikModel.routesName, 0o600, text: text))
        }
        var dashboardUser = ""
        if let login = model.dashboard?.login {
            let isOld = model.version == .one
            let users = try standing.users(isOld ? TraefikModel.staticName : TraefikModel.dashboardName, now)
            let name = isOld ? TraefikModel.dashboardPoint : "ide-init-dashboard"
            dashboardUser = try user(login, users[name], values, now)
            if !isOld {
                wishes.append(
                    wish(TraefikModel.dashboardName, 0o600, text: model.dashboardText(user: dashboardUser)))
            }
        }
        let holdsHash = model.version == .one && model.dashboard != nil
        wishes.append(
            wish(
                TraefikModel.staticName, holdsHash ? 0o600 : 0o644, text: model.staticText(dashboardUser: dashboardUser)
            ))
        return wishes
    }

    private func wish(_ name: String, _ mode: UInt16, text: String) -> Wish {
        let bytes = Array("# \(mark.header)\n\(text)".utf8)
        return Wish(name: name, mode: mode, content: Secret(bytes), shown: mode & 0o077 == 0 ? nil : bytes)
    }

    /// Whoever reads PEM passes over what stands before its first line.
    private func wish(_ name: String, _ mode: UInt16, pem: [UInt8]) -> Wish {
        Wish(name: name, mode: mode, content: Secret(Array("# \(mark.header)\n".utf8) + pem))
    }

    private func user(
        _ login: ContainerRoute.Login, _ standing: String?, _ values: ReferenceValues, _ now: Planning
    ) throws -> String {
        let password = try login.password.filled(values)
        do {
            return try now.basicUser(login.user, password, standing: standing, cost: model.bcryptCost)
                .reveal { String(decoding: $0, as: UTF8.self) }
        } catch var failure as Failure {
            failure.message = "\(login.password.path): \(failure.message)"
            throw failure
        }
    }

    /// Looked at once more: what lies there may be somebody else's by now.
    private func copies(
        of certificate: CertificatePlace, _ now: Planning
    ) throws -> (chain: [UInt8], privateKey: [UInt8]) {
        let paths = [certificate.certificatePath, certificate.privateKeyPath]
        for path in paths where try now.probe.status(path) == nil {
            throw Failure(
                .host,
                "the certificate \(certificate.name) isn't at \(path); run the config that puts it there, too")
        }
        let (chain, key) = (try now.probe.read(paths[0]), try now.probe.read(paths[1]))
        do {
            _ = try now.probe.certificate(Secret(chain), Secret(key))
        } catch var failure as Failure {
            failure.message = "\(certificate.certificatePath) and \(certificate.privateKeyPath): \(failure.message)"
            throw failure
        }
        return (chain, key)
    }
}
