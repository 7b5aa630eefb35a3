/// Takes away records that this machine made and nobody wishes for any more.
struct ZoneSweep: Resource {
    let scope: SweepScope

    var id: ResourceID { scope.id }

    func plan(_ now: Planning) async throws -> Plan {
        var (facts, steps): ([Fact], [Step]) = ([], [])
        var certainty = Change.Certainty.certain
        for zone in try KnownRecords.zones(now.probe) {
            let found = try KnownRecords(of: zone, now.probe)
            let leftOver = found.records.filter { isLeftOver($0, zone) }
            guard !leftOver.isEmpty else { continue }
            var known = found
            known.records.subtract(leftOver)
            let listing: ZoneListing
            switch try await LeftOverZone.asked(zone, leftOver.map(\.name), now.probe) {
            case .listed(let found): listing = found
            case .gone(let fact):
                facts.append(fact)
                steps += try known.steps(from: found, now.probe)
                continue
            case .unasked:
                certainty = .knownAfter("asking Route 53")
                facts += leftOver.map { Fact("\($0.name) \($0.type)", .unknown("not asked"), .absent) }
                continue
            }
            let instance = try await now.probe.dns.instance()
            var edits = ZoneEdits(listing)
            for record in leftOver.sorted(by: { $0.name.sortKey < $1.name.sortKey }) {
                let mark = edits.mark(record.name, record.type)
                if mark?.owner == record.owner, mark?.instance == instance { edits.remove(record.name, record.type) }
            }
            let batches = edits.batches
            if !batches.isEmpty {
                steps.append(.dns(DNSChange(zone: zone, batches: batches, wayOut: KnownRecords.wayOut(zone))))
            }
            steps += try known.steps(from: found, now.probe)
            facts += edits.facts.isEmpty ? [Fact("remembered", .text(KnownRecords.path(zone)), .absent)] : edits.facts
        }
        if let unit = try leftOverUnit(now.probe) {
            facts.append(Fact("unit", .text(DNSUnit.name), .absent))
            steps += unit
        }
        return facts.isEmpty ? .unchanged : .change(Change(.remove, facts: facts, steps: steps, certainty: certainty))
    }

    /// Nil: it is wished for, or not ours.
    private func leftOverUnit(_ probe: Probe) throws -> [Step]? {
        guard try probe.status(DNSUnit.path) != nil, let mark = OwnershipMark(ofFile: try probe.read(DNSUnit.path)),
            scope.isLeftOver(mark)
        else { return nil }
        return [UnitAction.Verb.stop, .disable].map { .unit(UnitAction($0, DNSUnit.name, .systemd)) }
            + [.remove(path: DNSUnit.path)]
    }

    private func isLeftOver(_ record: KnownRecord, _ zone: String) -> Bool {
        let item = KnownRecord.item(zone: zone, record.name, record.type)
        let mark = OwnershipMark(
            owner: record.document, config: record.config, section: scope.section, item: item)
        guard scope.isLeftOver(mark) else { return false }
        // Where a CNAME takes the place of others or gives way to them, both happens in one batch.
        let others = RecordType.allCases.filter {
            $0.rawValue != record.type && ($0 == .cname || record.type == RecordType.cname.rawValue)
        }
        return !others.contains {
            scope.lists(KnownRecord.item(zone: zone, record.name, $0.rawValue))
        }
    }
}
