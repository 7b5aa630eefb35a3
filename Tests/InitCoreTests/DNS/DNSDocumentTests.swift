import Foundation
import InitTesting
import Testing

@testable import InitCore

@Suite struct DNSDocumentTests {
    private func read(_ dns: String, facts: HostFacts = HostFacts([.publicIPv4: .value("192.0.2.7")])) throws
        -> Document
    {
        let text = "{\"AWS::CloudFormation::Init\": {\"config\": {\"dns\": \(dns)}}}"
        let parsed = try JSONParser.parse(Array(text.utf8), name: "doc")
        return Document(parsed.value, owner: "dev/Host", facts: facts, duplicates: parsed.duplicates)
    }

    private func zones(_ document: Document) -> [ZoneResource] {
        document.sets.flatMap(\.configs).flatMap(\.resources).compactMap { $0 as? ZoneResource }
    }

    private func records(_ dns: String) throws -> [String] {
        let document = try read(dns)
        #expect(document.errors == [])
        return zones(document).flatMap { zone in
            zone.records.map { "\(zone.zone) \($0.set.label) \($0.set.text)" }
        }
    }

    @Test func `a label stands for a zone and a name that a template's parameters give`() throws {
        let labelled =
            #"{"main": {"zone": "Z0TEAM", "dev": {"count": 2, "name": "dev-${n}.example.com", "value": "192.0.2.1"}}}"#
        let plain = #"{"Z0TEAM": {"dev-${n}.example.com": {"count": 2, "value": "192.0.2.1"}}}"#
        #expect(try records(labelled) == records(plain))
        #expect(try records(labelled).count == 2)
        // A record may be called zone.
        #expect(try records(#"{"Z0TEAM": {"zone": {"name": "a.example.com", "value": "192.0.2.1"}}}"#).count == 1)
    }

    @Test func `a container that isn't in the document is likely a slip, where others are`() throws {
        func warnings(_ containers: String) throws -> [String] {
            let text = #"""
                {"web": {"containers": {\#(containers)}},
                 "config": {"dns": {"owner": "me", "Z0TEAM": {
                    "dev-${n}.example.com": {"count": 3, "value": "192.0.2.1", "container": "dev-${n}"}}}}}
                """#
            return try document(init: text).warnings
        }
        #expect(try warnings("") == [])
        #expect(try warnings(#""dev": {"image": "ide:1", "count": 3}"#) == [])
        #expect(try warnings(#""x": {"image": "ide:1", "count": 3, "name": "dev-${n}"}"#) == [])
        // Once, though two of the three are missing.
        let found = try warnings(#""dev": {"image": "ide:1", "count": 1}, "registries": {"dev-2": "ecr"}"#)
        #expect(
            found.filter { $0.contains("no config has a container") } == [
                "config.dns.Z0TEAM.dev-${n}.example.com.container: no config has a container \u{201C}dev-2\u{201D}, so one of that name must come from elsewhere; did you mean \u{201C}dev-1\u{201D}?"
            ], "\(found)")
    }

    @Test func `a counted record says where its number goes`() throws {
        let errors = try read(#"{"Z0TEAM": {"a.example.com": {"count": 2, "value": "192.0.2.1"}}}"#).errors
        #expect(errors.count == 1 && errors[0].contains("dev-${n}.a.example.com"), "\(errors)")
    }

    @Test func `scalars may be strings, addresses tell their type, counts are filled in`() throws {
        #expect(
            try records(
                """
                {"Z1": {"a.example.com": {"value": "${public-ipv4}"},
                        "b.example.com": {"value": ["2001:db8::1", "2001:db8::2"], "ttl": "300"},
                        "dev-${n}.example.com": {"count": "2", "value": "192.0.2.${n}", "ttl": 5},
                        "both.example.com": [{"value": "192.0.2.1"}, {"value": "::1"}],
                        "www.example.com": {"type": "cname", "value": "A.example.com."}},
                 "/hostedzone/Z2": {"*.example.org": {"type": "TXT", "value": "hello"}}}
                """) == [
                    "Z2 *.example.org TXT \"hello\" (60 s)", "Z1 a.example.com A 192.0.2.7 (60 s)",
                    "Z1 b.example.com AAAA 2001:db8::1, 2001:db8::2 (300 s)",
                    "Z1 both.example.com A 192.0.2.1 (60 s)", "Z1 both.example.com AAAA ::1 (60 s)",
                    "Z1 dev-1.example.com A 192.0.2.1 (5 s)", "Z1 dev-2.example.com A 192.0.2.2 (5 s)",
                    "Z1 www.example.com CNAME a.example.com (60 s)",
                ])
    }

    @Test(arguments: [
        (
            "{\"example.com\": {}}", "config.dns.example.com: “example.com” is no hosted zone's id",
            "list-hosted-zones-by-name"
        ),
        ("{\"ownr\": \"x\"}", "config.dns.ownr", "did you mean “owner”?"),
        (
            "{\"Z1\": {\"a.example.com\": {\"value\": \"192.0.2\", \"type\": \"A\"}}}", "a.example.com.value",
            "an IPv4 address"
        ),
        ("{\"Z1\": {\"a.example.com\": {\"value\": \"b.example.com\"}}}", "a.example.com", "it has no \"type\""),
        ("{\"Z1\": {\"a.example.com\": {\"value\": \"x\", \"type\": \"NS\"}}}", "a.example.com.type", "A, AAAA, CAA"),
        ("{\"Z1\": {\"a.example.com\": {\"valeu\": \"192.0.2.1\"}}}", "a.example.com.valeu", "did you mean “value”?"),
        ("{\"Z1\": {\"a.example.com\": {\"ttl\": 60}}}", "a.example.com", "it has no \"value\""),
        ("{\"Z1\": {\"a.example.com\": {\"value\": []}}}", "a.example.com.value", "the list is empty"),
        (
            "{\"Z1\": {\"a.example.com\": {\"value\": \"192.0.2.1\", \"ttl\": -1}}}", "a.example.com.ttl",
            "from 0 to 172800"
        ),
        ("{\"Z1\": {\"a.example.com\": \"192.0.2.1\"}}", "a.example.com", "a map with \"value\""),
        ("{\"Z1\": {\"ab\": {\"value\": \"192.0.2.1\"}}}", "Z1.ab", "no full name"),
        (
            "{\"Z1\": {\"a.example.com\": [{\"value\": \"192.0.2.1\"}, {\"type\": \"CNAME\", \"value\": \"b.example.com\"}]}}",
            "a.example.com[1]", "a CNAME is alone at its name"
        ),
        (
            "{\"Z1\": {\"a.example.com\": [{\"value\": \"192.0.2.1\"}, {\"value\": \"192.0.2.2\"}]}}",
            "a.example.com[1]", "stands here twice"
        ),
        (
            "{\"Z1\": {\"a.example.com\": {\"type\": \"CNAME\", \"value\": [\"a.b\", \"c.d\"]}}}",
            "a.example.com.value", "leads to one name"
        ),
        ("{\"Z1\": {}, \"/hostedzone/Z1\": {}}", "dns.Z1", "stands here twice"),
        (
            "{\"Z1\": {\"a.example.com\": {\"value\": \"${public-ipv}\"}}}", "a.example.com.value",
            "did you mean “public-ipv4”?"
        ),
        ("{\"Z1\": {\"a.example.com\": {\"value\": \"192.0.2.1\"}}, \"owner\": \"\"}", "dns.owner", "1 to 128"),
    ])
    func `each mistake is told at its path`(_ dns: String, _ path: String, _ said: String) throws {
        let errors = try read(dns).errors
        #expect(errors.count == 1, "\(errors)")
        #expect(errors.first?.contains(path) ?? false, "\(errors)")
        #expect(errors.first?.contains(said) ?? false, "\(errors)")
    }

    @Test func `a document from no stack needs an owner`() throws {
        let text = "{\"config\": {\"dns\": {OWNER \"Z1\": {\"a.example.com\": {\"value\": \"192.0.2.1\"}}}}}"
        let without = try document(init: text.replacing("OWNER", with: ""))
        #expect(without.errors.count == 1 && without.errors[0].contains("write \"owner\": \"NAME\" beside the zones"))
        #expect(zones(try document(init: text.replacing("OWNER", with: "\"owner\": \"me\","))).map(\.owner) == ["me"])
        #expect(
            zones(try read("{\"Z1\": {\"a.example.com\": {\"value\": \"192.0.2.1\"}}}")).map(\.owner) == ["dev/Host"])
    }

    @Test func `a fact that can't be had is an error in an apply and stays as written in a plan`() throws {
        let dns = "{\"Z1\": {\"a.example.com\": {\"value\": \"${public-ipv4}\"}}}"
        let apply = try read(dns, facts: HostFacts([.publicIPv4: .missing("this instance has none")]))
        #expect(
            apply.errors == ["config.dns.Z1.a.example.com.value: ${public-ipv4} can't be had: this instance has none"])
        let plan = try read(dns, facts: HostFacts([.publicIPv4: .unknown("nobody answers")]))
        #expect(plan.errors == [])
        #expect(zones(plan).flatMap(\.records).map(\.isKnown) == [false])
    }

    @Test(arguments: [
        (ContainerState.Status?.some(.running), true, true), (.some(.restarting), true, true),
        (.some(.exited), true, false),
        (.some(.running), false, false), (nil, true, false),
    ])
    func `a record of a container is there while that is ours and runs`(
        _ status: ContainerState.Status?, _ isOurs: Bool, _ isThere: Bool
    ) async throws {
        let zone = try #require(
            zones(try read("{\"Z1\": {\"a.example.com\": {\"value\": \"192.0.2.1\", \"container\": \"dev-1\"}}}")).first
        )
        let labels = OwnershipMark(owner: "dev/Host", config: "config", section: "containers", item: "dev-1").labels
        let mark = RecordMark(owner: "dev/Host", instance: "i-1", config: "config", type: "A")
        let sets = [
            zone.records[0].set,
            DNSRecordSet(RecordMark.name(of: zone.records[0].set.name), "TXT", ttl: 300, values: [mark.value]),
        ]
        for found in [[], sets] {
            var probe = FakeHost(FakeWorld()) { Issue.record("\($0)") }.host(performing: false).probe
            probe.dns = DNSProbe(
                listing: { _, _ in .listed(ZoneListing(zone: DNSName(told: "example.com"), sets: found)) },
                instance: { "i-1" })
            probe.docker.container = { name in
                #expect(name == "dev-1")
                return status.map { ContainerState(image: "sha256:0", labels: isOurs ? labels : [:], status: $0) }
            }
            let plan = try await zone.plan(Planning(probe: probe, ledger: Ledger()))
            var edits: [DNSChange.Edit.Action] = []
            if case .change(let change) = plan {
                for case .dns(let change) in change.steps { edits += change.batches.joined().map(\.action) }
            }
            #expect(edits == (isThere == found.isEmpty ? isThere ? [.create, .create] : [.delete, .delete] : []))
        }
    }

    @Test func `the unit is the one that packages install`() throws {
        let checkout = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let file = try String(contentsOf: checkout.appending(path: "units/\(DNSUnit.name)"), encoding: .utf8)
        #expect(DNSUnit.text == file)
    }

    @Test func `a boot's records have less time than their unit, whose failure would leave them there at the end`()
        throws
    {
        let limit = try #require(DNSUnit.text.firstMatch(of: /TimeoutStartSec=(\d+)min/)).output.1
        #expect(DNSUnit.bootBudget + 120 < 60 * (Double(limit) ?? 0))
        #expect(DNSUnit.text.contains("ExecStart=-/opt/aws/bin/ide-init dns sync --boot\n"))
    }

    @Test func `what a boot looks at are records and nothing else`() throws {
        let text = """
            {"AWS::CloudFormation::Init": {"configSets": {"default": ["a", "b"]},
              "a": {"files": {"/x": {"mode": "(secret)"}}, "dns": {"Z1": {"a.example.com": {"value": "192.0.2.1"}}}},
              "b": {"commands": {"1": {"command": "x"}}}}}
            """
        let metadata = try JSONParser.parse(Array(text.utf8), name: "doc").value
        let records = Document(Document.recordsOnly(in: metadata), owner: "dev/Host").recordsOnly
        #expect(records.errors == [] && records.items == ["dns[Z1]"] && !records.isEmpty)
        #expect(records.plan == ["default: a b"])
    }
}
