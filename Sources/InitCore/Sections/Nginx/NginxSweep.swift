// Takes out the servers that the document no longer lists.

struct NginxSweep: Resource {
    let scope: SweepScope

    init(_ scope: SweepScope) { self.scope = scope }

    var id: ResourceID { scope.id }

    /// Where the document still has servers, their unit is reloaded in its turn.
    private var reloads: Bool { !scope.listed.contains(Nginx.unit) }

    /// Its own: what it has removed is served until the reload, which a killed run leaves to the next.
    var reactsTo: [Mark] { reloads ? [Nginx.removal] : [] }

    func plan(_ now: Planning) async throws -> Plan {
        let ours = try now.probe.names(Nginx.directory).filter {
            $0.hasPrefix(Nginx.prefix) && $0.hasSuffix(Nginx.suffix)
        }
        var removals: [String] = []
        var facts: [Fact] = []
        var sites: [NginxStockSite] = []
        var staysDefault = false
        for name in ours {
            let path = "\(Nginx.directory)/\(name)"
            let bytes = try now.probe.read(path)
            guard let mark = OwnershipMark(ofFile: bytes), scope.isLeftOver(mark) else {
                staysDefault = staysDefault || NginxStockSite(notedIn: bytes) != nil
                continue
            }
            removals.append(path)
            facts.append(Fact(mark.item, .text(path), .absent))
            if let site = NginxStockSite(notedIn: bytes) { sites.append(site) }
        }
        var reload: [Step] = []
        if reloads, !removals.isEmpty || !now.ledger.due(self).isEmpty,
            try await now.probe.unit(Nginx.unit, .systemd).isActive == true
        {
            reload = [.unit(UnitAction(.restart, Nginx.unit, .systemd))]
        }
        guard !removals.isEmpty else { return reload.isEmpty ? .unchanged : .change(Change(.restart, steps: reload)) }
        let host = NginxHost(now.probe)
        let isInstalled = try host.isInstalled
        var set = FileSet(writes: [], removals: removals, check: isInstalled ? Nginx.check() : nil)
        if isInstalled, !staysDefault, let site = sites.first, try now.probe.status(site.path) == nil {
            facts.append(Fact("Debian's default site", nil, "back again"))
            set.links.append(site.link)
        }
        return .change(Change(.remove, facts: facts, steps: [.replace(set)] + reload, marks: [Nginx.removal]))
    }
}
