// One server's file: how it differs from what stands there, and the one checked replacement that puts it right.

struct NginxServerResource: Resource {
    let id: ResourceID
    let server: NginxServer
    let mark: OwnershipMark

    func plan(_ now: Planning) async throws -> Plan {
        let host = NginxHost(now.probe)
        guard try host.isInstalled else { return try missing(now) }
        try host.checkIncludes(now)
        let standing = try Standing(server.file, now.probe)
        try standing.checkOwner(server.file, adopts: server.adopts)

        var header = [mark.header]
        let leavesStockSite = !server.isDefault || !server.listens.contains(where: \.meetsStockSite)
        let stock = leavesStockSite ? nil : try host.stockSite ?? standing.stockSite
        if let stock { header.append(stock.note) }
        let text = server.text(header: header, hasIPv6: try host.hasIPv6)

        var facts: [Fact] = []
        var set = FileSet(writes: [])
        if standing.bytes != text.bytes || standing.status?.mode != 0o644 {
            facts.append(
                standing.bytes == text.bytes
                    ? Fact("mode", standing.status.map { octal($0.mode) }, "0644")
                    : Fact("content", standing.bytes.map(Fact.Value.content) ?? .absent, .content(text.bytes)))
            set.writes.append(
                FileWrite(server.file, .bytes(text.bytes), mode: 0o644, owner: 0, group: 0, keepsBackup: false))
        }
        if stock != nil, let site = try host.stockSite {
            facts.append(Fact("Debian's default site", site.target, "taken out, since this server answers by default"))
            set.removals.append(site.path)
        }
        if leavesStockSite, let site = standing.stockSite, try now.probe.status(site.path) == nil {
            facts.append(Fact("Debian's default site", nil, "back again"))
            set.links.append(site.link)
        }
        guard !set.writes.isEmpty || !set.removals.isEmpty else { return .unchanged }
        var check = text.check(of: server.file)
        // These it names without a line of its configuration.
        if let certificate = server.certificate {
            for path in [certificate.place.certificatePath, certificate.place.privateKeyPath] {
                check.hints["\"\(path)\""] =
                    "That is what \(certificate.path) names; the config that lists it has to run first"
            }
        }
        set.check = check
        let paths = server.ides.count
        if paths > 1 {
            facts.append(
                Fact(
                    "origin", nil,
                    "\(paths) paths of one host: to a browser they are one site, so a page of one IDE can act in the others"
                ))
        }
        facts.append(Fact("nginx -t", nil, "asked before anything is replaced; a plan doesn't"))
        return .change(
            Change(
                standing.status == nil ? .create : .update, facts: facts, steps: [.replace(set)],
                marks: [Nginx.change(of: server.name)]))
    }

    /// No nginx: in a dry run something before it may bring it.
    private func missing(_ now: Planning) throws -> Plan {
        guard let earlier = now.ledger.awaits("packages", "sources", "files", "commands") else {
            throw Failure(
                .host,
                "there is no nginx on this host; name it in packages, {\"apt\": {\"nginx\": []}} or dnf, or let an earlier config install it"
            )
        }
        let text = server.text(header: [mark.header], hasIPv6: true)
        return .change(
            Change(
                .create, facts: [Fact("content", .absent, .content(text.bytes))], steps: [],
                certainty: .knownAfter("\(earlier)"), marks: [Nginx.change(of: server.name)]))
    }

    /// What stands at the place of our file.
    private struct Standing {
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
}

extension NginxText {
    /// `nginx -t` over it; what it says of a line is told with the line's place in the document.
    fileprivate func check(of path: String) -> FileCheck {
        Nginx.check(origins: [path: origins.map { $0.map { "\($0)" } }])
    }
}
