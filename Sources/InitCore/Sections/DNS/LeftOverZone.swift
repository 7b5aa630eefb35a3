// A zone in which records are to be taken away, and which may not be there, or not be ours to ask, any more.

enum LeftOverZone {
    case listed(ZoneListing)
    /// It has nothing that could be taken away.
    case gone(Fact)
    /// In a dry run.
    case unasked

    /// - Throws: `Failure` that names the way out: otherwise the zone would be in the way of every run from now on.
    static func asked(_ zone: String, _ names: [DNSName], _ probe: Probe) async throws -> LeftOverZone {
        switch try await probe.dns.listing(zone, names + names.map(RecordMark.name)) {
        case .listed(let listing): return .listed(listing)
        case .unasked: return .unasked
        case .missing:
            return .gone(Fact("hosted zone \(zone)", "remembered", "forgotten, as there is no such zone any more"))
        case .denied(let failure):
            throw Failure(failure.kind, "\(failure.message); or \(KnownRecords.wayOut(zone))")
        }
    }
}
