import InitTesting
import Testing

@testable import InitCore

/// Zones in which nothing is wished for any more, and of which there is no list.
@Suite struct LeftOverZoneTests {
    private func probe(_ answer: ZoneAnswer) throws -> Probe {
        let known =
            #"{"records": [{"name": "a.example.com", "type": "A", "config": "c", "document": "d", "owner": "o"}]}"#
        let quoted = known.replacing("\"", with: "\\\"")
        let host = #"{"files": {"\#(KnownRecords.path("Z1"))": "\#(quoted)"}}"#
        let world = try FakeWorld(Array(host.utf8), name: "host")
        var probe = FakeHost(world) { Issue.record("\($0)") }.host(performing: false).probe
        probe.dns = DNSProbe(listing: { _, _ in answer }, instance: { "i-1" })
        return probe
    }

    private func sweep(_ answer: ZoneAnswer) async throws -> Plan {
        let scope = SweepScope(owner: "d", config: "c", section: "dns", listed: [], documentConfigs: nil)
        return try await ZoneSweep(scope: scope).plan(Planning(probe: probe(answer), ledger: Ledger()))
    }

    @Test func `a zone that is gone is forgotten`() async throws {
        let answer = ZoneAnswer.missing(Failure(.network, "NoSuchHostedZone"))
        let fact = Fact("hosted zone Z1", "remembered", "forgotten, as there is no such zone any more")
        let wished = Change(.remove, facts: [fact], steps: [.remove(path: KnownRecords.path("Z1"))])
        #expect(try await sweep(answer) == .change(wished))
        let withdrawal = try #require(ZoneWithdrawal.all(probe(answer)).first)
        #expect(try await withdrawal.plan(probe(answer)) == wished)
    }

    @Test func `one that isn't allowed any more stays a failure, which names the way out`() async throws {
        let answer = ZoneAnswer.denied(Failure(.network, "AccessDenied"))
        let failure = Failure(
            .network,
            "AccessDenied; or remove /var/lib/ide-init/zones/Z1.json, to leave those records where they are")
        await #expect(throws: failure) { try await sweep(answer) }
        let withdrawal = try #require(ZoneWithdrawal.all(probe(answer)).first)
        await #expect(throws: failure) { try await withdrawal.plan(probe(answer)) }
    }
}
