// All servers of a config, and what its former ones left: how they differ from what stands there, and the one checked replacement
// that puts it right. One by one, a server that takes another's place would be refused for the one that it replaces.

struct NginxServers: SweepingResource {
    static let name = "servers"

    let id: ResourceID
    let servers: [NginxServer]
    /// By server.
    let marks: [String: OwnershipMark]
    var scope: SweepScope?

    init(_ servers: [NginxServer], _ input: SectionInput) {
        id = input.id(Self.name)
        self.servers = servers
        marks = Dictionary(servers.map { ($0.name, input.ownership($0.name)) }) { $1 }
    }

    var owns: [String] { servers.map(\.name) }
    var claims: [String] {
        servers.flatMap { server in
            ["the file \(server.file)"]
                + server.names.flatMap { name in server.listens.map { "the server \(name) at \($0.text)" } }
        }
    }

    func plan(_ now: Planning) async throws -> Plan {
        let host = NginxHost(now.probe)
        guard try host.isInstalled else { return try missing(now) }
        try host.checkIncludes(now)
        let leftOver = try scope.map { try NginxLeftOver($0, besides: Set(servers.map(\.file)), now.probe) }
        let standing = try servers.map { try Standing($0.file, now.probe) }
        for (server, standing) in zip(servers, standing) { try standing.checkOwner(server.file, adopts: server.adopts) }

        var facts: [Fact] = []
        var set = FileSet(writes: [])
        let stock = try StockSite(self, standing, leftOver, host)
        var hints: [String: String] = [:]
        var origins: [String: [String?]] = [:]
        var marks: [Mark] = []
        for (server, standing) in zip(servers, standing) {
            let text = server.text(header: header(server, stock), hasIPv6: try host.hasIPv6)
            origins[server.file] = text.origins.map { $0.map { "\($0)" } }
            hints.merge(server.certificateHints) { $1 }
            guard standing.bytes != text.bytes || standing.status?.mode != 0o644 else { continue }
            facts.append(
                standing.bytes == text.bytes
                    ? Fact("\(server.name): mode", standing.status.map { octal($0.mode) }, "0644")
                    : Fact(server.name, standing.bytes.map(Fact.Value.content) ?? .absent, .content(text.bytes)))
            set.writes.append(
                FileWrite(server.file, .bytes(text.bytes), mode: 0o644, owner: 0, group: 0, keepsBackup: false))
            marks.append(Nginx.change(of: server.name))
            if server.ides.count > 1 {
                facts.append(
                    Fact(
                        "\(server.name): origin", nil,
                        "\(server.ides.count) paths of one host: to a browser they are one site, so a page of one IDE can act in the others"
                    ))
            }
        }
        let isNew = standing.allSatisfy { $0.status == nil } && leftOver?.files.isEmpty != false
        if let leftOver, !leftOver.files.isEmpty {
            facts += leftOver.facts
            set.removals += leftOver.files.map(\.path)
            marks.append(Nginx.removal)
        }
        if let site = stock.outgoing {
            facts.append(
                Fact("Debian's default site", site.target, "taken out, since a server here answers by default"))
            set.removals.append(site.path)
        }
        if let site = stock.returning {
            facts.append(Fact("Debian's default site", nil, "back again"))
            set.links.append(site.link)
        }
        guard !set.writes.isEmpty || !set.removals.isEmpty else { return .unchanged }
        var check = Nginx.check(origins: origins)
        check.hints.merge(hints) { $1 }
        set.check = check
        facts.append(Fact("nginx -t", nil, "asked before anything is replaced; a plan doesn't"))
        return .change(Change(isNew ? .create : .update, facts: facts, steps: [.replace(set)], marks: marks))
    }

    private func header(_ server: NginxServer, _ stock: StockSite) -> [String] {
        [marks[server.name]?.header].compactMap(\.self) + (stock.note(for: server).map { [$0] } ?? [])
    }

    /// No nginx: in a dry run something before it may bring it.
    private func missing(_ now: Planning) throws -> Plan {
        guard let earlier = now.ledger.awaits("packages", "sources", "files", "commands") else {
            throw Failure(
                .host,
                "there is no nginx on this host; name it in packages, {\"apt\": {\"nginx\": []}} or dnf, or let an earlier config install it"
            )
        }
        let facts = servers.map { server in
            let header = [marks[server.name]?.header].compactMap(\.self)
            return Fact(server.name, .absent, .content(server.text(header: header, hasIPv6: true).bytes))
        }
        return .change(
            Change(
                .create, facts: facts, steps: [], certainty: .knownAfter("\(earlier)"),
                marks: servers.map { Nginx.change(of: $0.name) }))
    }

    /// What stands at the place of our file.
    fileprivate struct Standing {
        let status: FileStatus?
        let bytes: [UInt8]?

        init(_ path: String, _ probe: Probe) throws {
            status = try probe.status(path)
            bytes = status?.kind == .file ? try probe.read(path) : nil
        }

        var stockSite: NginxStockSite? { bytes.flatMap { NginxStockSite(notedIn: $0) } }

        func checkOwner(_ path: String, adopts: Bool) throws {
            guard status != nil, bytes.flatMap(OwnershipMark.init(ofFile:)) == nil, !adopts || status?.kind != .file
            else { return }
            if let kind = status?.kind, kind != .file {
                throw Failure(
                    .refused, "\(path): a \(kind.rawValue) stands here, where a file of ours would go; move it away")
            }
            throw Failure(
                .refused,
                "\(path) isn't ours: there is no mark of ide-init in it; move it away, or write \"adopt\": true to have it overwritten"
            )
        }
    }

    /// Whether Debian's default site has to go or to come back, and which of the servers stands in for it.
    private struct StockSite {
        private let standIn: String?
        private let noted: NginxStockSite?
        let outgoing: NginxStockSite?
        let returning: NginxStockSite?

        init(_ all: NginxServers, _ standing: [Standing], _ leftOver: NginxLeftOver?, _ host: NginxHost) throws {
            standIn = all.servers.first { $0.isDefault && $0.listens.contains(where: \.meetsStockSite) }?.name
            let present = try host.stockSite
            noted = present ?? standing.lazy.compactMap(\.stockSite).first ?? leftOver?.stockSite
            outgoing = standIn == nil ? nil : present
            let isAway = standIn == nil && present == nil && leftOver?.isNotedElsewhere != true
            returning = isAway ? noted : nil
        }

        func note(for server: NginxServer) -> String? { server.name == standIn ? noted?.note : nil }
    }
}

extension NginxServer {
    /// Files that nginx names without a line of its configuration.
    fileprivate var certificateHints: [String: String] {
        guard let certificate else { return [:] }
        let paths = [certificate.place.certificatePath, certificate.place.privateKeyPath].map { "\"\($0)\"" }
        return Dictionary(
            paths.map {
                ($0, "That is what \(certificate.path) names; the config that lists it has to run first")
            }
        ) { $1 }
    }
}
