// Servers that the document no longer lists. A config that still has others takes them out with its own, in one step.

/// Files of ours that nobody wishes for.
struct NginxLeftOver {
    struct File {
        let path: String
        let item: String
    }

    private(set) var files: [File] = []
    /// Debian's default site, as one of them notes it.
    private(set) var stockSite: NginxStockSite?
    /// Whether a server that stays stands in for that site.
    private(set) var isNotedElsewhere = false

    /// - Parameter own: files that are about to be written.
    init(_ scope: SweepScope, besides own: Set<String> = [], _ probe: Probe) throws {
        for name in try probe.names(Nginx.directory) where name.hasPrefix(Nginx.prefix) && name.hasSuffix(Nginx.suffix)
        {
            let path = "\(Nginx.directory)/\(name)"
            let bytes = try probe.read(path)
            let noted = NginxStockSite(notedIn: bytes)
            guard let mark = OwnershipMark(ofFile: bytes), scope.isLeftOver(mark) else {
                isNotedElsewhere = isNotedElsewhere || noted != nil && !own.contains(path)
                continue
            }
            files.append(File(path: path, item: mark.item))
            stockSite = stockSite ?? noted
        }
    }

    var facts: [Fact] { files.map { Fact($0.item, .text($0.path), .absent) } }
}

/// Takes out the servers of a config that has none any more, or that left the document.
struct NginxSweep: Resource {
    let scope: SweepScope

    init(_ scope: SweepScope) { self.scope = scope }

    var id: ResourceID { scope.id }

    /// Where the document still has servers, their unit is reloaded in its turn.
    private var reloads: Bool { !scope.listed.contains(Nginx.unit) }

    /// Its own: what it has removed is served until the reload, which a killed run leaves to the next.
    var reactsTo: [Mark] { reloads ? [Nginx.removal] : [] }

    func plan(_ now: Planning) async throws -> Plan {
        let leftOver = try NginxLeftOver(scope, now.probe)
        var reload: [Step] = []
        if reloads, !leftOver.files.isEmpty || !now.ledger.due(self).isEmpty,
            try await now.probe.unit(Nginx.unit, .systemd).isActive == true
        {
            reload = [.unit(UnitAction(.restart, Nginx.unit, .systemd))]
        }
        guard !leftOver.files.isEmpty else {
            return reload.isEmpty ? .unchanged : .change(Change(.restart, steps: reload))
        }
        var facts = leftOver.facts
        let isInstalled = try NginxHost(now.probe).isInstalled
        var set = FileSet(
            writes: [], removals: leftOver.files.map(\.path), check: isInstalled ? Nginx.check() : nil)
        if isInstalled, !leftOver.isNotedElsewhere, let site = leftOver.stockSite,
            try now.probe.status(site.path) == nil
        {
            facts.append(Fact("Debian's default site", nil, "back again"))
            set.links.append(site.link)
        }
        return .change(Change(.remove, facts: facts, steps: [.replace(set)] + reload, marks: [Nginx.removal]))
    }
}
