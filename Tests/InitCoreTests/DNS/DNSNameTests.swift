import InitCore
import Testing

@Suite struct DNSNameTests {
    @Test(arguments: [
        ("Dev.Example.COM.", "dev.example.com"), ("*.code.example.com", "*.code.example.com"),
        ("_dmarc.example.com", "_dmarc.example.com"), (" a.b ", "a.b"),
    ])
    func `names are lower case and without their last dot`(_ text: String, _ name: String) throws {
        #expect(try DNSName(text).description == name)
    }

    @Test(arguments: [
        ("localhost", "no full name"), ("a..b", "part of 0"), ("a.*.b", "stands for the whole first part"),
        ("x*.b", "stands for the whole first part"), ("dév.example.com", "xn--"), ("a b.c", "can't stand in a name"),
        (String(repeating: "a", count: 64) + ".b", "part of 64"),
        (String(repeating: "abcdefghi.", count: 26) + "b", "no full name"), ("", "no full name"),
    ])
    func `what is no name is said`(_ text: String, _ said: String) {
        #expect { try DNSName(text) } throws: { ($0 as? DNSName.Mistake)?.message.contains(said) ?? false }
    }

    @Test func `a server's spelling of a star is a star`() {
        #expect(DNSName(told: "\\052.Code.example.com.") == DNSName(told: "*.code.example.com"))
    }

    /// As the API reference of ListResourceRecordSets tells.
    @Test func `names are in Route 53's order`() {
        let names = ["example.com", "a-b.example.com", "a.example.com", "x.a.example.com", "www.example.com"].map(
            DNSName.init(told:))
        #expect(names.reversed().sorted { $0.sortKey < $1.sortKey } == names)
    }

    @Test func `a range holds its names, their marks, and all beside a wildcard`() throws {
        let range = try #require(DNSRange(["b.example.com", "_ide-init.b.example.com"].map(DNSName.init(told:))))
        #expect(range.start == DNSName(told: "b.example.com"))
        #expect(range.startsAfter(DNSName(told: "a.example.com")) && !range.startsAfter(range.start))
        #expect(!range.endsBefore(DNSName(told: "_ide-init.b.example.com")))
        #expect(range.endsBefore(DNSName(told: "c.example.com")))
        let wide = try #require(DNSRange([DNSName(told: "*.b.example.com")]))
        #expect(wide.start == DNSName(told: "b.example.com"))
        #expect(!wide.endsBefore(DNSName(told: "zz.b.example.com")) && wide.endsBefore(DNSName(told: "c.example.com")))
        #expect(DNSRange([]) == nil)
    }

    @Test(arguments: [
        ("2001:db8::1", "2001:0DB8:0:0:0:0:0:1"), ("::", "0:0:0:0:0:0:0:0"), ("::ffff:192.0.2.1", "::ffff:c000:201"),
    ])
    func `an address has many spellings`(_ one: String, _ other: String) {
        #expect(IPAddress(one) != nil && IPAddress(one) == IPAddress(other))
    }

    @Test(arguments: [
        "192.0.2", "192.0.2.256", "192.0.02.1", "1:2", ":::", "1::2::3", "::12345", "fe80::1%eth0", "1.2.3.4/8", "",
        "1:2:3:4:5:6:7:8:9", "192.0.2.1:80",
    ])
    func `and these are none`(_ text: String) { #expect(IPAddress(text) == nil) }
}
