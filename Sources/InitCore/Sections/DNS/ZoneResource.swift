/// The wished-for records of one hosted zone.
struct ZoneResource: Resource {
    let id: ResourceID
    let zone: String
    /// As in the records' marks.
    let owner: String
    /// As in ownership marks.
    let document: String
    let records: [WishedRecord]

    var runsSideBySide: Bool { true }
    var owns: [String] { records.map { KnownRecord.item(zone: zone, $0.set.name, $0.set.type) } }
    var claims: [String] { records.filter(\.isKnown).map { "the record \($0.set.label) in \(zone)" } }

    func plan(_ now: Planning) async throws -> Plan {
        let found = try KnownRecords(of: zone, now.probe)
        var known = found
        let names = records.map(\.set.name)
        let answer = try await now.probe.dns.listing(zone, names + names.map(RecordMark.name))
        guard let listing = try answer.listing else {
            let facts = records.map { Fact($0.set.label, .unknown("not asked"), .text($0.set.text)) }
            return .change(Change(.update, facts: facts, steps: [], certainty: .knownAfter("asking Route 53")))
        }
        try check(listing)
        let claimant = Claimant(owner: owner, instance: try await now.probe.dns.instance(), config: id.config)
        var comparison = ZoneComparison(listing, zone, claimant)
        var certainty = Change.Certainty.certain
        var unknown: [Fact] = []
        for record in records {
            guard record.isKnown else {
                certainty = .knownAfter("asking instance metadata")
                unknown.append(Fact(record.set.label, .unknown("not asked"), .text(record.set.text)))
                continue
            }
            let entry = KnownRecord(
                name: record.set.name, type: record.set.type, config: id.config, document: document, owner: owner)
            let presence = try await presence(of: record, now)
            if case .awaited(let container) = presence, certainty == .certain {
                certainty = .knownAfter("\(container)")
            }
            if case .absent = presence {
                comparison.withdraw(record)
            } else {
                comparison.wish(record)
                known.records = known.records.filter { !entry.replaces($0) }
                known.records.insert(entry)
            }
        }
        try comparison.refuse()
        let edits = comparison.edits
        var steps = try known.steps(from: found, now.probe)
        let batches = edits.batches
        if !batches.isEmpty { steps.append(.dns(DNSChange(zone: zone, batches: batches))) }
        guard !steps.isEmpty || !unknown.isEmpty else { return .unchanged }
        var facts = edits.facts + unknown
        if facts.isEmpty { facts = [Fact("remembered", nil, KnownRecords.path(zone))] }
        let isNew = edits.facts.allSatisfy { $0.before == .absent } && !edits.facts.isEmpty
        return .change(Change(isNew ? .create : .update, facts: facts, steps: steps, certainty: certainty))
    }

    private func check(_ listing: ZoneListing) throws {
        guard let stray = records.first(where: { $0.isKnown && !$0.set.name.isWithin(listing.zone) }) else { return }
        throw Failure(
            .refused,
            "\(stray.set.name), named in \(stray.path), isn't in hosted zone \(zone), which is \(listing.zone); put it below the zone that it belongs to"
        )
    }

    private enum Presence {
        case present
        case absent
        /// In a dry run: this would have to be there first.
        case awaited(ResourceID)
    }

    /// A record of a container is there while that container runs.
    private func presence(of record: WishedRecord, _ now: Planning) async throws -> Presence {
        guard let container = record.container else { return .present }
        if let awaited = now.ledger.awaits("containers", container) { return .awaited(awaited) }
        guard let state = try await now.probe.docker.container(container),
            OwnershipMark(ofContainer: container, state.labels) != nil
        else { return .absent }
        // One that its daemon brings up again keeps its name: a missing one is remembered for long.
        return state.status == .running || state.status == .restarting ? .present : .absent
    }
}

/// What the document wishes for.
struct WishedRecord: Sendable, Equatable {
    let set: DNSRecordSet
    let adopts: Bool
    /// It is there only while this one runs.
    let container: String?
    let path: DocumentPath
    /// False: a fact of the host isn't known, in a dry run.
    let isKnown: Bool

    /// Whether the other can't stand beside it.
    func excludes(_ other: WishedRecord) -> Bool {
        set.name == other.set.name && set.type != other.set.type
            && [set.type, other.set.type].contains(RecordType.cname.rawValue)
    }
}
