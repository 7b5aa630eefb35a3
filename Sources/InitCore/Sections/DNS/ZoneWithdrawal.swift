/// All records of a zone that one machine made, taken away: it is about to be switched off.
package struct ZoneWithdrawal: Sendable {
    let zone: String

    /// Of all zones in which records were made from here.
    package static func all(_ probe: Probe) throws -> [ZoneWithdrawal] {
        try KnownRecords.zones(probe).map(ZoneWithdrawal.init(zone:))
    }

    /// What to do; nobody waits until it is known everywhere.
    package func plan(_ probe: Probe) async throws -> Change {
        let found = try KnownRecords(of: zone, probe)
        let names = found.records.map(\.name)
        let instance = try await probe.dns.instance()
        var none = found
        none.records = []
        let forget = try none.steps(from: found, probe)
        let listing: ZoneListing
        switch try await LeftOverZone.asked(zone, names, probe) {
        case .listed(let found): listing = found
        case .gone(let fact): return Change(.remove, facts: [fact], steps: forget)
        case .unasked: return Change(.remove, steps: forget)
        }
        var edits = ZoneEdits(listing)
        for set in listing.sets {
            guard let name = RecordMark.recordName(of: set.name) else { continue }
            for mark in set.marks where mark.instance == instance { edits.remove(name, mark.type) }
        }
        let batches = edits.batches
        let change = DNSChange(zone: zone, batches: batches, isWaitedFor: false, wayOut: KnownRecords.wayOut(zone))
        return Change(.remove, facts: edits.facts, steps: (batches.isEmpty ? [] : [.dns(change)]) + forget)
    }
}
