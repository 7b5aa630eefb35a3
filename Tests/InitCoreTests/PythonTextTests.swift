import InitCore
import Testing

@testable import InitCore

@Suite(.enabled(if: Python.isThere, "needs python3"))
struct PythonTextTests {
    private static let numbers = [
        "0", "-0", "0.0", "-0.0", "-0e5", "1", "-1", "1.50", "1E5", "1e16", "123456789012345.6", "1e15",
        "9999999999999998.0",
        "1e22", "1e-4", "1e-5", "0.00001234", "5e-324", "1.7976931348623157e308", "1e400", "-1e400",
        "123456789012345678901234567890",
        "0.1", "100.0", "1.0e+2", "12345678.9e-10", "NaN", "Infinity", "-Infinity",
    ]

    private static let values: [String] = {
        var random = SeededGenerator(1)
        var values = numbers
        for _ in 0..<3000 {
            let double = Double(bitPattern: random.next())
            if double.isFinite { values.append("\(double)") }
            values.append("\(Double.random(in: -1e6...1e6, using: &random))")
            values.append("\(Int64(bitPattern: random.next()))")
            let places = Int.random(in: 0...20, using: &random)
            values.append("\(UInt32.random(in: 0...99_999, using: &random))e\(places - 10)")
        }
        for _ in 0..<1500 { values.append(JSONValue.string(random.text()).pythonText) }
        for _ in 0..<300 { values.append(value(&random, depth: 0).pythonText) }
        return values
    }()

    private static func value(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
        switch Int.random(in: 0...(depth < 4 ? 6 : 3), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .number(JSONNumber(numbers.randomElement(using: &random) ?? "0"))
        case 3: return .string(random.text())
        case 4: return .array((0..<3).map { _ in value(&random, depth: depth + 1) })
        case 5: return .array([])
        default:
            return .object(JSONObject((0..<4).map { _ in (random.text(), value(&random, depth: depth + 1)) }))
        }
    }

    private func compare(_ program: String, _ render: (JSONValue) -> String) throws {
        let wished = try Python.run("import sys, json\nfor line in sys.stdin: \(program)", Self.values)
        try #require(wished.count == Self.values.count)
        var differing: [String] = []
        for (text, wished) in zip(Self.values, wished) {
            let found = render(try JSONParser.parse(Array(text.utf8), name: "value").value)
            if found != wished { differing.append("\(text): \(found) instead of \(wished)") }
        }
        #expect(differing.prefix(10) == [], "\(differing.count) differ")
    }

    @Test("JSON content is written as json.dumps writes it")
    func dumps() throws {
        try compare("print(json.dumps(json.loads(line)))") { $0.pythonText }
    }

    @Test("Indented JSON is written as json.dumps with an indent writes it")
    func indented() throws {
        try compare("print(repr(json.dumps(json.loads(line), indent=4)))") {
            JSONValue.string(String($0.prettyText().dropLast())).pythonRepr
        }
    }

    @Test("A value in a template shows as Python's str() shows it")
    func strings() throws {
        try compare("print(repr(str(json.loads(line))))") { JSONValue.string($0.pythonString).pythonRepr }
    }

    @Test("Base64 is read as leniently as b64decode reads it")
    func base64() throws {
        var random = SeededGenerator(2)
        let alphabet = Array("ABCDxyz0189+/====\t -_*")
        var texts = [
            "", "=", "==", "A", "AA", "AAA", "AAAA", "AA==", "AA=", "AA=A", "AA=A=", "AAA=AAAA", "AAAA=", "A=A=",
            "A=AAA",
        ]
        for _ in 0..<5000 {
            let count = Int.random(in: 0...12, using: &random)
            texts.append(String((0..<count).map { _ in alphabet.randomElement(using: &random) ?? "A" }))
        }
        let program = """
            import sys, base64, binascii
            for line in sys.stdin:
                try: print(base64.b64decode(line.rstrip("\\n")).hex())
                except binascii.Error: print("error")
            """
        let wished = try Python.run(program, texts)
        try #require(wished.count == texts.count)
        for (text, wished) in zip(texts, wished) {
            let hex = lenientBase64(text)?.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() ?? "error"
            #expect(hex == wished, "\(text)")
        }
    }
}
