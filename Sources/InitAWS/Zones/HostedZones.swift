// Hosted zones as a run sees and changes them.

package import InitCore
import Synchronization

package final class HostedZones: Sendable {
    /// What is known of a zone, and for how long.
    private struct Known {
        let range: DNSRange
        let listing: ZoneListing
        let until: Double
    }

    /// Seconds in which a list serves several questions. What is done by an old one is refused by Route 53: each edit says
    /// what it expects.
    private static let lifetime = 10.0
    /// Seconds between two looks at whether a change is everywhere, which takes up to a minute.
    private static let pauses = [1.0, 2, 3, 4, 5]

    private let session: @Sendable () async throws -> AWSSession
    private let instance: @Sendable () async throws -> String
    private let credentialsWithin: Double?
    private let patience: Double
    private let sleep: @Sendable (Double) async -> Void
    private let stopReason: @Sendable () -> Failure?
    private let clock: @Sendable () -> Double
    private let known = Mutex<[String: Known]>([:])

    /// - Parameters:
    ///   - credentialsWithin: in a dry run the seconds in which credentials must be there; nil in an apply.
    ///   - patience: seconds that a change may take until it is everywhere.
    ///   - instance: as in marks.
    package init(
        session: @escaping @Sendable () async throws -> AWSSession,
        instance: @escaping @Sendable () async throws -> String, credentialsWithin: Double?, patience: Double,
        sleep: @escaping @Sendable (Double) async -> Void, stopReason: @escaping @Sendable () -> Failure?,
        clock: @escaping @Sendable () -> Double
    ) {
        self.session = session
        self.instance = instance
        self.credentialsWithin = credentialsWithin
        self.patience = patience
        self.sleep = sleep
        self.stopReason = stopReason
        self.clock = clock
    }

    package var probe: DNSProbe { DNSProbe(listing: listing, instance: instance) }

    // MARK: Looking

    @Sendable private func listing(_ zone: String, _ names: [DNSName]) async throws -> ZoneAnswer {
        guard let range = DNSRange(names) else { return .unasked }
        // A plan calls unknown what it isn't told.
        let kind = credentialsWithin == nil ? Failure.Kind.network : .unreadable
        do {
            if let credentialsWithin {
                guard try await hasCredentials(within: credentialsWithin, session) else { return .unasked }
            }
            return .listed(try await listing(zone, range))
        } catch let no as ZoneRefusal {
            let failure = Failure(kind, no.text)
            if no.isDenied { return .denied(failure) }
            if no.isZoneMissing { return .missing(failure) }
            throw failure
        } catch let failure as Failure where credentialsWithin != nil && failure.kind != .stopped {
            throw Failure(kind, failure.message)
        }
    }

    private func listing(_ zone: String, _ range: DNSRange) async throws -> ZoneListing {
        let now = clock()
        let last = known.withLock { $0[zone] }
        if let last, last.until > now, last.range.covers(range) { return last.listing }
        let (listing, covered) = try await list(zone, range)
        known.withLock { $0[zone] = Known(range: covered, listing: listing, until: now + Self.lifetime) }
        return listing
    }

    /// The first page is always asked for: it holds the zone's own name, and all of a small zone.
    private func list(_ zone: String, _ range: DNSRange) async throws -> (ZoneListing, DNSRange) {
        try await explaining(zone, "ListResourceRecordSets") { route53 in
            let first = try await route53.list(zone, from: nil)
            guard let apex = first.sets.first?.name else {
                throw Failure(.network, "hosted zone \(zone) is listed without a single record, which can't be")
            }
            var listing = ZoneListing(zone: apex, sets: first.sets)
            guard var next = first.next else { return (listing, DNSRange(whole: apex)) }
            if range.startsAfter(next.name) { next = Route53.Position(name: range.start) }
            while !range.endsBefore(next.name) {
                let page = try await route53.list(zone, from: next)
                listing.sets += page.sets
                guard let following = page.next, following != next else { break }
                next = following
            }
            return (listing, range)
        }
    }

    // MARK: Doing

    /// Returns when all of it is on Route 53's servers everywhere; what is taken away needn't be waited for.
    /// - Throws: `Failure`.
    package func perform(_ change: DNSChange) async throws -> StepResult {
        defer { known.withLock { $0[change.zone] = nil } }
        do {
            try await make(change)
        } catch let no as ZoneRefusal {
            let wayOut = no.isDenied ? change.wayOut.map { "; or \($0)" } ?? "" : ""
            throw Failure(.network, no.text + wayOut)
        }
        return StepResult(changed: true)
    }

    private func make(_ change: DNSChange) async throws {
        var changes: [String] = []
        for batch in change.batches {
            let id = try await submit(batch, change.zone)
            if let id, change.isWaitedFor, batch.contains(where: { $0.action == .create }) { changes.append(id) }
        }
        for id in changes { try await waitUntilInSync(id, change.zone) }
    }

    /// - Returns: the change's id; nil: there is none to wait for.
    private func submit(_ batch: [DNSChange.Edit], _ zone: String) async throws -> String? {
        try await explaining(zone, "ChangeResourceRecordSets") { route53 in
            do {
                return try await route53.change(zone, batch.map { ($0.action.rawValue, $0.set) })
            } catch let error as ServiceError where error.code == ServiceError.invalidBatch {
                // It may be the very thing that we did, in a call whose answer was lost.
                guard try await self.isDone(batch, zone) else {
                    throw Failure(
                        .refused,
                        "hosted zone \(zone) takes none of it: \(error.message); if somebody else has changed it just now, run this again"
                    )
                }
                guard let made = batch.last(where: { $0.action == .create }) else { return nil }
                // A change of nothing, behind the one whose id was lost.
                return try await route53.change(zone, [("UPSERT", made.set)])
            }
        }
    }

    private func isDone(_ batch: [DNSChange.Edit], _ zone: String) async throws -> Bool {
        guard let range = DNSRange(batch.map(\.set.name)) else { return true }
        let (listing, _) = try await list(zone, range)
        let sets = Dictionary(grouping: listing.sets) { "\($0.name) \($0.type)" }
        func found(_ set: DNSRecordSet) -> DNSRecordSet? { sets["\(set.name) \(set.type)"]?.first }
        let created = batch.filter { $0.action == .create }.map(\.set)
        return created.allSatisfy { found($0)?.means($0) ?? false }
            && batch.allSatisfy { edit in
                edit.action == .create || found(edit.set) == nil
                    || created.contains { $0.name == edit.set.name && $0.type == edit.set.type }
            }
    }

    private func waitUntilInSync(_ change: String, _ zone: String) async throws {
        let deadline = clock() + patience
        var looks = 0
        while true {
            if let reason = stopReason() { throw reason }
            if try await explaining(zone, "GetChange", { try await $0.isInSync(change) }) { return }
            guard clock() < deadline else {
                throw Failure(
                    .timedOut,
                    "Route 53 has taken the change of hosted zone \(zone), but hasn't spread it everywhere in \(durationText(patience)) (change \(change)); it goes on by itself, so run this again later"
                )
            }
            await sleep(Self.pauses[min(looks, Self.pauses.count - 1)])
            looks += 1
        }
    }

    // MARK: A no

    /// - Throws: `ZoneRefusal`, `Failure`.
    private func explaining<Result: Sendable>(
        _ zone: String, _ action: String, _ body: @Sendable (Route53) async throws -> Result
    ) async throws -> Result {
        let session = try await session()
        do {
            return try await body(Route53(session: session))
        } catch let error as ServiceError {
            throw ZoneRefusal(error, zone, action, Refusal.partition(of: session.region))
        }
    }
}
