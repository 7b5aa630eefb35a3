import Testing

@testable import InitCore

@Suite struct RecordTests {
    private let claimant = Claimant(owner: "team", instance: "i-1", config: "Setup")

    private func set(_ name: String, _ type: String = "A", _ values: String..., ttl: Int = 60) -> DNSRecordSet {
        DNSRecordSet(DNSName(told: name), type, ttl: ttl, values: values)
    }

    private func wish(_ set: DNSRecordSet, adopts: Bool = false) -> WishedRecord {
        WishedRecord(set: set, adopts: adopts, container: nil, path: DocumentPath("dns"), isKnown: true)
    }

    private func marked(_ name: String, _ marks: RecordMark...) -> DNSRecordSet {
        DNSRecordSet(RecordMark.name(of: DNSName(told: name)), "TXT", ttl: 300, values: marks.map(\.value))
    }

    private func compared(_ wishes: [WishedRecord], _ found: DNSRecordSet...) -> ZoneComparison {
        var comparison = ZoneComparison(
            ZoneListing(zone: DNSName(told: "example.com"), sets: found), "Z1", claimant)
        for wish in wishes { comparison.wish(wish) }
        return comparison
    }

    private func text(_ edits: ZoneEdits) -> [[String]] {
        edits.batches.map { batch in
            batch.map { "\($0.action.rawValue) \($0.set.name) \($0.set.type) \($0.set.values.joined(separator: ","))" }
        }
    }

    private func mark(_ type: String, owner: String = "team", instance: String = "i-1") -> RecordMark {
        RecordMark(owner: owner, instance: instance, config: "Setup", type: type)
    }

    // MARK: Marks

    @Test func `a mark says whose a record is, whatever stands in its fields`() {
        let mark = RecordMark(owner: "my stack/Höst \"1\"", instance: "i-1", config: "a=b %", type: "A")
        #expect(RecordMark(value: mark.value) == mark)
        #expect(mark.value.unicodeScalars.allSatisfy { (0x20...0x7E).contains($0.value) })
        for value in ["\"v=spf1 -all\"", "\"ide-init\"", "\"ide-init owner=a\"", ""] {
            #expect(RecordMark(value: value) == nil, "\(value)")
        }
    }

    @Test func `a mark longer than a string of a TXT is cut and put together again`() {
        let mark = RecordMark(owner: String(repeating: "é", count: 128), instance: "i-1", config: "c", type: "A")
        #expect(mark.value.contains("\" \""))
        #expect(RecordMark(value: mark.value) == mark)
    }

    @Test func `a mark's name leads back to its record`() {
        for name in ["a.example.com", "*.a.example.com", "example.com"] {
            let name = DNSName(told: name)
            #expect(RecordMark.recordName(of: RecordMark.name(of: name)) == name)
        }
        #expect(RecordMark.recordName(of: DNSName(told: "a.example.com")) == nil)
    }

    // MARK: Values

    @Test(arguments: [
        ("A", "192.0.2.1", "192.0.2.1"), ("AAAA", "2001:DB8::1", "2001:db8:0::1"),
        ("CNAME", "WWW.example.com.", "www.example.com"), ("MX", "10 mail.example.com.", "10 Mail.example.com"),
        ("TXT", "\"a\\303\\251\" \"b\"", "\"aé\" \"b\""),
        ("CAA", "0 ISSUE \"letsencrypt.org\"", "0 issue letsencrypt.org"),
    ])
    func `two spellings of one value are the same`(_ type: String, _ one: String, _ other: String) {
        #expect(RecordType.canonical(one, type) == RecordType.canonical(other, type))
    }

    @Test func `what is written is what Route 53 takes`() {
        #expect(RecordType.txt.written("v=spf1 \"x\" -all") == "\"v=spf1 \\\"x\\\" -all\"")
        #expect(
            RecordType.txt.written(String(repeating: "x", count: 256))
                == "\"\(String(repeating: "x", count: 255))\" \"x\"")
        #expect(RecordType.txt.written("é") == "\"\\303\\251\"")
        #expect(RecordType.srv.written("1 10 443 Host.example.com.") == "1 10 443 host.example.com")
        #expect(RecordType.mx.written("0 .") == "0 .")
        #expect(RecordType.caa.written("0 issue letsencrypt.org") == "0 issue \"letsencrypt.org\"")
        for (type, value) in [
            (RecordType.a, "::1"), (.aaaa, "192.0.2.1"), (.mx, "mail.example.com"), (.srv, "1 2 host.example.com"),
            (.cname, "not a name"), (.caa, "issue x"), (.mx, "70000 mail.example.com"),
        ] { #expect(type.written(value) == nil, "\(type) \(value)") }
    }

    // MARK: Against a zone

    @Test func `a new record and its mark are made in one batch`() {
        let edits = compared([wish(set("a.example.com", "A", "192.0.2.1"))]).edits
        #expect(
            text(edits) == [
                [
                    "CREATE a.example.com A 192.0.2.1",
                    "CREATE _ide-init.a.example.com TXT \"ide-init owner=team instance=i-1 config=Setup type=A\"",
                ]
            ])
        #expect(edits.facts == [Fact("a.example.com A", nil, "192.0.2.1 (60 s)")])
    }

    @Test func `what is right stays, in any order and spelling`() {
        let edits = compared(
            [wish(set("a.example.com", "A", "192.0.2.1", "192.0.2.2"))],
            set("a.example.com", "A", "192.0.2.2", "192.0.2.1"), marked("a.example.com", mark("A"))
        ).edits
        #expect(edits.batches.isEmpty && edits.facts.isEmpty)
    }

    @Test func `another machine of the same owner takes its names over, each edit saying what it expects`() throws {
        let old = mark("A", instance: "i-0")
        let comparison = compared(
            [wish(set("a.example.com", "A", "192.0.2.9"))], set("a.example.com", "A", "192.0.2.1", ttl: 300),
            marked("a.example.com", old))
        try comparison.refuse()
        #expect(
            text(comparison.edits) == [
                [
                    "DELETE a.example.com A 192.0.2.1", "DELETE _ide-init.a.example.com TXT \(old.value)",
                    "CREATE a.example.com A 192.0.2.9", "CREATE _ide-init.a.example.com TXT \(mark("A").value)",
                ]
            ])
        let same = compared(
            [wish(set("a.example.com", "A", "192.0.2.1"))], set("a.example.com", "A", "192.0.2.1"),
            marked("a.example.com", old))
        #expect(
            same.edits.facts == [
                Fact("a.example.com A", "192.0.2.1 (60 s), made by i-0", "192.0.2.1 (60 s), made by i-1")
            ])
    }

    @Test func `somebody else's record is an error that names adopt, and all of them at once`() {
        let found = set("a.example.com", "A", "192.0.2.1")
        let theirs = marked("b.example.com", mark("A", owner: "others", instance: "i-7"))
        let comparison = compared(
            [wish(found), wish(set("b.example.com", "A", "192.0.2.2"))], found,
            set("b.example.com", "A", "192.0.2.3"), theirs)
        #expect { try comparison.refuse() } throws: { error in
            let text = "\(error)"
            return text.contains("a.example.com A (192.0.2.1 (60 s)) is there already, and not made by ide-init")
                && text.contains("b.example.com A (192.0.2.3 (60 s)) belongs to others, made by i-7")
                && text.contains("\"adopt\": true")
        }
        let adopting = compared([wish(found, adopts: true)], found)
        #expect(text(adopting.edits) == [["CREATE _ide-init.a.example.com TXT \(mark("A").value)"]])
    }

    @Test func `what this machine made is its own under another owner, too`() throws {
        let comparison = compared(
            [wish(set("a.example.com", "A", "192.0.2.2"))], set("a.example.com", "A", "192.0.2.1"),
            marked("a.example.com", mark("A", owner: "before")))
        try comparison.refuse()
        #expect(comparison.edits.batches.first?.last?.set.values == [mark("A").value])
    }

    @Test func `an alias, a routed record and the zone's own are never replaced`() {
        for name in ["an alias for elb.example.org", "part of a routing policy"] {
            var found = set("a.example.com", "A")
            found.peculiarity = name
            let comparison = compared([wish(set("a.example.com", "A", "192.0.2.1"), adopts: true)], found)
            #expect { try comparison.refuse() } throws: { "\($0)".contains("a.example.com A is \(name)") }
        }
        let apex = compared(
            [wish(set("example.com", "CNAME", "www.example.org"), adopts: true)],
            set("example.com", "NS", "ns.example.org"), set("example.com", "SOA", "x"))
        #expect { try apex.refuse() } throws: { "\($0)".contains("example.com NS is the zone's own") }
        #expect(apex.edits.batches.isEmpty)
    }

    @Test func `a CNAME gives way to an address in the same batch, and somebody else's doesn't`() {
        let cname = set("a.example.com", "CNAME", "old.example.com")
        let wishes = [wish(set("a.example.com", "A", "192.0.2.1"))]
        let ours = compared(wishes, cname, marked("a.example.com", mark("CNAME")))
        #expect(
            text(ours.edits) == [
                [
                    "DELETE a.example.com CNAME old.example.com",
                    "DELETE _ide-init.a.example.com TXT \(mark("CNAME").value)", "CREATE a.example.com A 192.0.2.1",
                    "CREATE _ide-init.a.example.com TXT \(mark("A").value)",
                ]
            ])
        #expect(throws: Failure.self) { try self.compared(wishes, cname).refuse() }
    }

    @Test func `other marks and texts beside a mark stay`() {
        var txt = marked("a.example.com", mark("AAAA", owner: "others"))
        txt.values.append("\"something else\"")
        let edits = compared(
            [wish(set("a.example.com", "A", "192.0.2.1"))], set("a.example.com", "AAAA", "::1"), txt
        ).edits
        let created = edits.batches[0].last?.set
        #expect(created?.values == ["\"something else\"", mark("AAAA", owner: "others").value, mark("A").value])
    }

    @Test func `what isn't to be there just now goes, if this machine made it`() {
        let record = wish(set("a.example.com", "A", "192.0.2.1"))
        for (instance, batches) in [("i-1", 1), ("i-0", 0)] {
            var comparison = compared([], record.set, marked("a.example.com", mark("A", instance: instance)))
            comparison.withdraw(record)
            #expect(comparison.edits.batches.count == batches)
        }
    }

    @Test(arguments: ["an alias for elb.example.org", "part of a routing policy"])
    func `what somebody has put in a record's place stays, and only our mark goes`(_ peculiarity: String) {
        var found = set("a.example.com", "A")
        found.peculiarity = peculiarity
        let listing = ZoneListing(
            zone: DNSName(told: "example.com"),
            sets: [
                found, marked("a.example.com", mark("A")), set("b.example.com", "A", "192.0.2.1"),
                marked("b.example.com", mark("A")),
            ])
        var edits = ZoneEdits(listing)
        edits.remove(DNSName(told: "a.example.com"), "A")
        edits.remove(DNSName(told: "b.example.com"), "A")
        #expect(
            text(edits) == [
                [
                    "DELETE _ide-init.a.example.com TXT \(mark("A").value)", "DELETE b.example.com A 192.0.2.1",
                    "DELETE _ide-init.b.example.com TXT \(mark("A").value)",
                ]
            ])
        #expect(edits.facts.first == Fact("a.example.com A", "marked as ours", "left: \(peculiarity)"))
    }

    // MARK: Batches

    @Test func `101 records with their marks are one batch`() {
        let wishes = (1...101).map { wish(set("dev-\($0).example.com", "A", "192.0.2.1")) }
        #expect(compared(wishes).edits.batches.map(\.count) == [202])
    }

    @Test func `a batch holds 1000 records and 32000 characters, and never parts a record from its mark`() {
        let wishes = (1...501).map { wish(set("d\($0).example.com", "A", "192.0.2.1")) }
        // By characters, of which a mark has most.
        for batch in compared(wishes).edits.batches {
            #expect(batch.flatMap(\.set.values).map(\.count).reduce(0, +) <= 32_000)
            #expect(
                Set(batch.filter { $0.set.type == "A" }.map { RecordMark.name(of: $0.set.name) })
                    == Set(batch.filter { $0.set.type == "TXT" }.map(\.set.name)))
        }
        let small = (1...700).map { [DNSChange.Edit(.create, set("d\($0).example.com", "A", "1", "2", "3"))] }
        #expect(RecordBatches.batches(small).map(\.count) == [333, 333, 34])
        let large = (1...3).map {
            [DNSChange.Edit(.create, set("d\($0).example.com", "TXT", String(repeating: "x", count: 16_000)))]
        }
        #expect(RecordBatches.batches(large).map(\.count) == [2, 1])
        #expect(RecordBatches.batches([[], []]).isEmpty)
    }
}
