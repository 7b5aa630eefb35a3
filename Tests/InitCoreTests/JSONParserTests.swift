import InitCore
import Testing

@Suite struct JSONParserTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8), name: "doc").value }

    private func complaint(_ bytes: [UInt8]) -> String {
        do {
            _ = try JSONParser.parse(bytes, name: "doc")
            return "none"
        } catch {
            let failure = Failure(wrapping: error)
            return failure.kind == .invalidDocument ? failure.message : "wrong kind: \(failure)"
        }
    }

    private func complaint(_ text: String) -> String { complaint(Array(text.utf8)) }

    @Test("Keys keep their order, and numbers their text")
    func order() throws {
        let text = #"{"b": 1, "a": {"z": 12345678901234567890, "y": 1.50}, "c": []}"#
        guard case .object(let object) = try parse(text) else { return #expect(Bool(false), "no map") }
        #expect(object.keys == ["b", "a", "c"])
        #expect(try parse(text).pythonText == #"{"b": 1, "a": {"z": 12345678901234567890, "y": 1.5}, "c": []}"#)
        let many = (0..<200).map { "\"k\(199 - $0)\": \($0)" }.joined(separator: ",")
        guard case .object(let large) = try parse("{\(many)}") else { return #expect(Bool(false), "no map") }
        #expect(large.keys == (0..<200).map { "k\(199 - $0)" })
        #expect(large["k7"] == .number(JSONNumber("192")))
    }

    @Test("Every escape is read, surrogate pairs as one character")
    func escapes() throws {
        let text = #""\" \\ \/ \b \f \n \r \t \u00e9 \uD83D\ude00 x""#
        #expect(try parse(text) == .string("\" \\ / \u{8} \u{C} \n \r \t \u{e9} \u{1F600} x"))
        #expect(try parse("\" \u{e9}\u{1F600}\"") == .string(" \u{e9}\u{1F600}"))
        for bad in [#""\ud83d""#, #""\ude00""#, #""\ud83dx""#, #""\ud83d\u0041""#] {
            #expect(complaint(bad).contains("surrogate"), "\(bad)")
        }
        #expect(complaint(#""\u12g4""#) == "doc:1:2: four hexadecimal digits are wanted after \\u")
        #expect(complaint(#""\x41""#).contains("unknown escape"))
        #expect(complaint("\"a\tb\"").contains("control character"))
    }

    @Test(
        "A mistake is named by line and column, columns counting characters",
        arguments: [
            ("", "doc:1:1: the document is empty; a JSON map is wanted"),
            (" \n\t", "doc:2:2: the document is empty; a JSON map is wanted"),
            ("{\n  \"ü\": tru\n}", "doc:2:8: \u{201C}t\u{201D} stands where a value is wanted"),
            ("{\"a\" 1}", "doc:1:6: \u{201C}1\u{201D} stands where a colon is wanted"),
            ("{\"a\": 1,}", "doc:1:9: \u{201C}}\u{201D} stands where a key in quotes is wanted"),
            ("{a: 1}", "doc:1:2: \u{201C}a\u{201D} stands where a key in quotes is wanted"),
            ("{'a': 1}", "doc:1:2: \u{201C}'\u{201D} stands where a key in quotes is wanted"),
            ("[1 2]", "doc:1:4: \u{201C}2\u{201D} stands where a comma or ] is wanted"),
            ("[1,\n", "doc:2:1: the document ends where a value is wanted"),
            ("{\"a\": [1, 2}", "doc:1:12: \u{201C}}\u{201D} stands where a comma or ] is wanted"),
            ("{\"a\": 1", "doc:1:1: this map is never closed"),
            ("[[1]", "doc:1:1: this list is never closed"),
            ("{\"a\": \"b}", "doc:1:7: this string is never closed"),
            ("01", "doc:1:1: a number may not begin with 0"),
            ("-", "doc:1:2: the document ends where a digit is wanted"),
            ("1.", "doc:1:3: the document ends where a digit is wanted"),
            ("1e+", "doc:1:4: the document ends where a digit is wanted"),
            ("{} {}", "doc:1:4: something follows the end of the JSON document"),
            ("{}\n// x", "doc:2:1: something follows the end of the JSON document"),
            ("+1", "doc:1:1: \u{201C}+\u{201D} stands where a value is wanted"),
        ])
    func positions(text: String, wished: String) { #expect(complaint(text) == wished) }

    @Test("What isn't UTF-8 is said to be what it is")
    func encodings() {
        #expect(complaint([0xEF, 0xBB, 0xBF] + Array("{}".utf8)).contains("byte order mark"))
        #expect(complaint([0xFF, 0xFE, 0x7B, 0]).contains("UTF-16"))
        #expect(complaint([0xFE, 0xFF, 0, 0x7B]).contains("UTF-16"))
        #expect(
            complaint(Array("{\"a\": \"x".utf8) + [0xC3, 0x28] + Array("\"}".utf8)) == "doc:1:9: this is not UTF-8")
        #expect(complaint(Array("\"\\n".utf8) + [0xFF] + Array("\"".utf8)) == "doc:1:4: this is not UTF-8")
        #expect(complaint([0x5B, 0xFF]).contains("doc:1:2"))
        #expect(complaint([0x7B, 0x22, 0xED, 0xA0, 0x80, 0x22]).contains("not UTF-8"))
    }

    @Test("Depth and size are bounded, and neither makes it crash")
    func bounds() {
        let deep = { (count: Int) in String(repeating: "[", count: count) + String(repeating: "]", count: count) }
        #expect(complaint(deep(JSONParser.deepestNesting)) == "none")
        #expect(complaint(deep(JSONParser.deepestNesting + 1)).contains("nested deeper than 200 levels"))
        #expect(complaint(String(repeating: "[", count: 1_000_000)).contains("nested deeper"))
        #expect(complaint(String(repeating: "{\"a\":", count: 1_000_000)).contains("nested deeper"))
        #expect(complaint([UInt8](repeating: 0x20, count: JSONParser.largestDocument + 1)).contains("16 MiB at most"))
    }

    @Test("Of a key that stands twice the last value counts, and both places are known")
    func duplicates() throws {
        let text = "{\"a\": {\"b\": 1,\n  \"b\": 2}, \"c\": [{\"d\": 0, \"d\": 1}]}"
        let (value, duplicates) = try JSONParser.parse(Array(text.utf8), name: "doc")
        #expect(value.pythonText == #"{"a": {"b": 2}, "c": [{"d": 1}]}"#)
        #expect(duplicates.map { "\($0.path) \($0.line):\($0.column)" } == ["a.b 2:3", "c[0].d 2:27"])
    }

    @Test("NaN and Infinity are read, as Python reads them")
    func notANumber() throws {
        #expect(try parse("[NaN, Infinity, -Infinity]").pythonText == "[NaN, Infinity, -Infinity]")
        #expect(try parse("NaN").isTruthy)
        #expect(complaint("nan") != "none")
        #expect(complaint("-NaN") != "none")
    }

    /// Any bytes are either read or complained about; a parser that traps takes the boot with it.
    @Test("Broken documents of any kind are complained about, not crashed on")
    func fuzz() {
        var random = SeededGenerator(6)
        let seed = Array(#"{"a": [1, -2.5e3, "x\u00e9\n", true, null], "ü": {"b": "\ud83d\ude00"}}"#.utf8)
        for _ in 0..<4000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...3, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: at)
                case 2: bytes.insert(seed[Int.random(in: 0..<seed.count, using: &random)], at: at)
                default: bytes.removeSubrange(at...)
                }
                if bytes.isEmpty { break }
            }
            let message = complaint(bytes)
            #expect(message == "none" || message.hasPrefix("doc:"), "\(message)")
        }
    }
}
