import Foundation
import InitCore
import TestSupport
import Testing

@testable import InitAWS

extension StandInTests {
    @Suite struct HostedZonesTests {
        let standIn: StandIn

        init() async throws {
            standIn = try await SharedStandIn.fresh()
            try await standIn.set("zones", #"{"id": "Z1", "name": "example.com"}"#)
        }

        private func zones(
            credentials: [CredentialSource]? = nil, credentialsWithin: Double? = nil, patience: Double = 20
        ) -> HostedZones {
            let session = standIn.session(credentials: credentials)
            return HostedZones(
                session: { session }, instance: { "i-1" }, credentialsWithin: credentialsWithin, patience: patience,
                sleep: StandIn.shortly, stopReason: { nil }, clock: { ProcessInfo.processInfo.systemUptime })
        }

        private func set(_ name: String, _ type: String = "A", _ values: String...) -> DNSRecordSet {
            DNSRecordSet(DNSName(told: name), type, ttl: 60, values: values.isEmpty ? ["192.0.2.1"] : values)
        }

        private func create(_ names: some Sequence<String>) -> DNSChange {
            DNSChange(zone: "Z1", batches: [names.map { .init(.create, set($0)) }])
        }

        private func names(_ zone: String = "Z1") async throws -> [String] {
            try await standIn.look("records")[zone]?.items.compactMap { $0["name"]?.plainText } ?? []
        }

        private func failure(_ body: () async throws -> Void) async -> Failure? {
            do {
                try await body()
                return nil
            } catch {
                return error as? Failure
            }
        }

        // MARK: Looking

        @Test func `a small zone is one call, and the same question isn't asked again`() async throws {
            let zones = zones()
            try await standIn.set(
                "records", #"{"zone": "Z1", "name": "*.a.example.com", "type": "TXT", "ttl": 5, "values": ["\"<&>\""]}"#
            )
            for _ in 0..<2 {
                let listing = try #require(
                    try await zones.probe.listing("Z1", [DNSName(told: "a.example.com")]).listing)
                #expect(listing.zone == DNSName(told: "example.com"))
                #expect(
                    listing.sets.last
                        == DNSRecordSet(
                            DNSName(told: "*.a.example.com"), "TXT", ttl: 5, values: ["\"<&>\""]))
            }
            #expect(try await standIn.requests("route53.ListResourceRecordSets") == 1)
            _ = try await zones.perform(create(["new.example.com"]))
            let listing = try await zones.probe.listing("Z1", [DNSName(told: "new.example.com")]).listing
            #expect(listing?.sets.contains { $0.name.description == "new.example.com" } == true)
        }

        @Test func `of a large zone only the part that is wanted is listed`() async throws {
            let records = (0..<2000).map { number in
                let name = "n\(number + 10_000).example.com"
                return
                    "{\"zone\": \"Z1\", \"name\": \"\(name)\", \"type\": \"A\", \"ttl\": 60, \"values\": [\"192.0.2.1\"]}"
            }
            try await standIn.set("records", "[\(records.joined(separator: ","))]")
            let wanted = (11_500..<11_700).map { DNSName(told: "n\($0).example.com") }
            let listing = try #require(try await zones().probe.listing("Z1", wanted).listing)
            #expect(listing.zone == DNSName(told: "example.com"))
            #expect(Set(wanted).isSubset(of: listing.sets.map(\.name)))
            // The first page, for the zone itself, and the one that holds them all.
            #expect(try await standIn.requests("route53.ListResourceRecordSets") == 2)
            let across = (11_500..<11_900).map { DNSName(told: "n\($0).example.com") }
            let more = try #require(try await zones().probe.listing("Z1", across).listing)
            #expect(Set(across).isSubset(of: more.sets.map(\.name)))
            #expect(try await standIn.requests("route53.ListResourceRecordSets") == 5)
        }

        @Test func `aliases are told apart from plain records`() async throws {
            try await standIn.set(
                "records",
                #"{"zone": "Z1", "name": "a.example.com", "type": "A", "alias": {"HostedZoneId": "Z9", "DNSName": "elb.example.org.", "EvaluateTargetHealth": "false"}}"#
            )
            let listing = try await zones().probe.listing("Z1", [DNSName(told: "a.example.com")]).listing
            #expect(listing?.sets.first { $0.type == "A" }?.peculiarity == "an alias for elb.example.org")
        }

        @Test func `in a dry run nobody is asked without credentials, and a no is an answer that is unknown`()
            async throws
        {
            let none = zones(credentials: [CredentialSource("nobody") { nil }], credentialsWithin: 5)
            #expect(try await none.probe.listing("Z1", [DNSName(told: "a.example.com")]) == .unasked)
            #expect(try await standIn.requests("route53") == 0)
            let denied = await failure {
                _ = try await zones(credentialsWithin: 20).probe.listing("Z9", [DNSName(told: "a.example.com")]).listing
            }
            #expect(denied?.kind == .unreadable)
            #expect(denied?.message.contains("NoSuchHostedZone") == true)
        }

        // MARK: Doing

        @Test func `a change is waited for until it is everywhere`() async throws {
            try await standIn.set("route53", #"{"insync": 0.2}"#)
            _ = try await zones().perform(create((1...101).map { "dev-\($0).example.com" }))
            #expect(try await standIn.requests("route53.ChangeResourceRecordSets") == 1)
            #expect(try await standIn.requests("route53.GetChange") > 1)
            #expect(try await names().count == 103)
        }

        @Test func `what is taken away isn't waited for, nor what nobody waits for`() async throws {
            try await standIn.set("route53", #"{"insync": 3600}"#)
            let zones = zones()
            var change = create(["a.example.com"])
            change.isWaitedFor = false
            _ = try await zones.perform(change)
            _ = try await zones.perform(DNSChange(zone: "Z1", batches: [[.init(.delete, set("a.example.com"))]]))
            #expect(try await standIn.requests("route53.GetChange") == 0)
            #expect(try await names().count == 2)
        }

        @Test func `one that takes too long is said to go on`() async throws {
            try await standIn.set("route53", #"{"insync": 3600}"#)
            let failure = await failure { _ = try await zones(patience: 0.1).perform(create(["a.example.com"])) }
            #expect(failure?.kind == .timedOut)
            #expect(failure?.message.contains("goes on by itself") == true)
        }

        /// As other services tell their errors, and as the API reference has it for this call alone.
        @Test(arguments: [false, true])
        func `somebody else's change in between is refused whole`(_ hasMessages: Bool) async throws {
            try await standIn.set("route53", "{\"messages\": \(hasMessages)}")
            try await standIn.set(
                "records", #"{"zone": "Z1", "name": "b.example.com", "type": "A", "ttl": 60, "values": ["192.0.2.9"]}"#)
            let failure = await failure { _ = try await zones().perform(create(["a.example.com", "b.example.com"])) }
            #expect(failure?.kind == .refused)
            #expect(failure?.message.contains("[name='b.example.com.', type='A'] but it already exists") == true)
            #expect(try await standIn.requests("route53.ChangeResourceRecordSets") == 1)
            #expect(try await names() == ["example.com.", "example.com.", "b.example.com."])
        }

        @Test(arguments: ["lost", "truncate", "reset-body"], [false, true])
        func `a change whose answer was lost isn't done twice, and isn't a failure`(
            _ fault: String, _ hasMessages: Bool
        ) async throws {
            try await standIn.set(
                "faults", #"{"kinds": ["\#(fault)"], "actions": ["ChangeResourceRecordSets"], "times": 1}"#)
            try await standIn.set("route53", "{\"insync\": 0.1, \"messages\": \(hasMessages)}")
            _ = try await zones().perform(create(["a.example.com", "*.b.example.com"]))
            #expect(try await names().count == 4)
            #expect(try await standIn.requests("route53.GetChange") > 0)
            // And one that takes away.
            try await standIn.set(
                "faults", #"{"kinds": ["\#(fault)"], "actions": ["ChangeResourceRecordSets"], "times": 1}"#)
            _ = try await zones().perform(DNSChange(zone: "Z1", batches: [[.init(.delete, set("a.example.com"))]]))
            #expect(try await names().count == 3)
        }

        @Test func `a share of faults on the way is got over`() async throws {
            try await standIn.set(
                "faults", #"{"share": 0.3, "seed": 7, "kinds": ["throttle", "500", "503", "reset", "lost", "portal"]}"#)
            try await standIn.set("route53", #"{"insync": 0.05}"#)
            let zones = zones()
            for number in 0..<10 {
                _ = try await zones.probe.listing("Z1", [DNSName(told: "n\(number).example.com")]).listing
                _ = try await zones.perform(create(["n\(number).example.com"]))
            }
            try await standIn.set("faults", "{}")
            #expect(try await names().count == 12)
            #expect(try await standIn.requests("route53") > 30)
        }

        @Test func `another change that is being made is waited for`() async throws {
            try await standIn.set("route53", #"{"busy": 0.03}"#)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<3 {
                    group.addTask { _ = try await zones().perform(create(["n\(number).example.com"])) }
                }
                try await group.waitForAll()
            }
            #expect(try await names().count == 5)
        }

        @Test func `a permission that lacks is named`() async throws {
            for (action, resource) in [
                ("ListResourceRecordSets", "hostedzone/Z1"), ("ChangeResourceRecordSets", "hostedzone/Z1"),
                ("GetChange", "change/*"),
            ] {
                try await standIn.set("deny", #"{"action": "route53:\#(action)"}"#)
                let failure = await failure {
                    let zones = zones()
                    _ = try await zones.probe.listing("Z1", [DNSName(told: "a.example.com")]).listing
                    _ = try await zones.perform(create(["a.example.com"]))
                }
                #expect(failure?.message.contains("need route53:\(action) on arn:aws:route53:::\(resource)") == true)
                #expect(failure?.message.contains("in lower case)") == (action == "ChangeResourceRecordSets"))
                // The records are made all the same.
                #expect(failure?.message.contains("the records are made") == (action == "GetChange"))
            }
        }

        @Test func `a zone that isn't there, or may not be asked for, is told apart from one that doesn't answer`()
            async throws
        {
            let names = [DNSName(told: "a.example.com")]
            guard case .missing(let missing) = try await zones().probe.listing("Z9", names) else {
                Issue.record("Z9 isn't missing")
                return
            }
            #expect(missing.message.contains("NoSuchHostedZone"))
            try await standIn.set("deny", #"{"action": "route53:*"}"#)
            guard case .denied(let denied) = try await zones().probe.listing("Z1", names) else {
                Issue.record("Z1 isn't denied")
                return
            }
            #expect(denied.kind == .network && denied.message.contains("route53:ListResourceRecordSets"))
            var change = DNSChange(zone: "Z1", batches: [[.init(.delete, set("a.example.com"))]])
            change.wayOut = "forget it"
            let failure = await failure { _ = try await zones().perform(change) }
            #expect(failure?.message.hasSuffix("in lower case); or forget it") == true)
        }

        // MARK: Facts

        @Test func `facts are those of the instance, and what there isn't is said with its remedy`() async throws {
            try await standIn.set("imds", #"{"ipv6": null}"#)
            let all = await standIn.metadata().facts(Set(HostFacts.Name.allCases), isPlan: false)
            #expect(all[.instanceID] == .value(standIn["instanceId"]))
            #expect(all[.publicIPv4] == .value("198.51.100.7"))
            guard case .missing(let why) = all[.ipv6] else {
                Issue.record("\(String(describing: all[.ipv6]))")
                return
            }
            #expect(why.contains("assign one to its network interface"))
            #expect(all[.stack] == nil)
            try await standIn.set("imds", #"{"disabled": true}"#)
            let none = await standIn.metadata().facts([.publicIPv4], isPlan: true)
            guard case .unknown(let reason)? = none[.publicIPv4] else {
                Issue.record("\(none)")
                return
            }
            #expect(reason.contains("switched off"))
        }

        @Test func `elsewhere than on EC2 a machine has a name that doesn't tell its machine-id`() async throws {
            try await standIn.set("imds", #"{"disabled": true}"#)
            let id = Array("0123456789abcdef0123456789abcdef\n".utf8)
            let name = try await standIn.metadata().machineName { id }
            #expect(name.hasPrefix("machine-") && !name.contains("0123456789abcdef"))
            #expect(try await standIn.metadata().machineName { id } == name)
            let failure = await failure { _ = try await standIn.metadata().machineName { nil } }
            #expect(failure?.message.contains("/etc/machine-id") == true)
        }
    }
}
