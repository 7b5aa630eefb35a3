import Testing

@testable import InitCore

struct CommentedJSONTests {
    private func set(_ text: String, _ members: (String, JSONValue)...) throws -> String {
        var json = try CommentedJSON(Array(text.utf8), name: "settings.json")
        for (key, value) in members { try json.set(key, to: value) }
        return String(decoding: json.bytes, as: UTF8.self)
    }

    private let two = JSONValue.number(JSONNumber("2"))

    @Test("A value is replaced where it stands, and everything else stays")
    func replaced() throws {
        let text = """
            // mine
            {
              "editor.tabSize": 4, // not 2
              /* "editor.tabSize": 8, */
              "files.exclude": { "**/.git": true, },
              "a//b": "/* no comment */",
            }

            """
        #expect(
            try set(text, ("editor.tabSize", two), ("a//b", .bool(false)))
                == text.replacing(": 4,", with: ": 2,").replacing("\"/* no comment */\"", with: "false"))
    }

    @Test(
        "A member is added behind the last one and what is said of it",
        arguments: [
            ("", "{\n    \"k\": 2\n}\n"),
            ("// nothing yet", "// nothing yet\n{\n    \"k\": 2\n}\n"),
            ("{}", "{\n    \"k\": 2\n}"),
            ("{\n}\n", "{\n    \"k\": 2\n}\n"),
            ("{\n  // todo\n}\n", "{\n  // todo\n    \"k\": 2\n}\n"),
            ("{\"a\":1}", "{\"a\":1, \"k\": 2}"),
            ("{ \"a\": 1, }", "{ \"a\": 1, \"k\": 2 }"),
            ("{\n  \"a\": 1\n}\n", "{\n  \"a\": 1,\n  \"k\": 2\n}\n"),
            ("{\n\t\"a\": 1, // one, two\n}", "{\n\t\"a\": 1, // one, two\n\t\"k\": 2\n}"),
            ("{\n  \"a\": [1,] // why, so\n}", "{\n  \"a\": [1,], // why, so\n  \"k\": 2\n}"),
            ("{\r\n  \"a\": {}\r\n}\r\n", "{\r\n  \"a\": {},\r\n  \"k\": 2\r\n}\r\n"),
            ("\u{FEFF}{\n  \"a\": \"}\"\n}", "\u{FEFF}{\n  \"a\": \"}\",\n  \"k\": 2\n}"),
        ])
    func added(before: String, after: String) throws {
        #expect(try set(before, ("k", two)).utf8.elementsEqual(after.utf8))
    }

    @Test("Of two equal keys the last one counts, as in the editor")
    func twice() throws {
        #expect(try set("{\"a\": 1, \"a\": 1}", ("a", two)) == "{\"a\": 1, \"a\": 2}")
    }

    @Test("Maps and lists are indented as their neighbours, letters stay readable")
    func nested() throws {
        let value = try JSONParser.parse(Array(#"{"x": [1, {"y": "メイリオ \u0007"}], "z": {}}"#.utf8), name: "v").value
        #expect(
            try set("{\n  \"a\": 1\n}", ("b", value)) == """
                {
                  "a": 1,
                  "b": {
                    "x": [
                      1,
                      {
                        "y": "メイリオ \\u0007"
                      }
                    ],
                    "z": {}
                  }
                }
                """)
    }

    @Test(
        "What can't be read is told with its line",
        arguments: ["{\n  \"a\": \n}", "{ /* \n \n", "[1]", "{\n\"a\" 1}", "{\"a\": 1,, }", "{\"a\": tru}"])
    func mistakes(text: String) {
        #expect(throws: Failure.self) { try CommentedJSON(Array(text.utf8), name: "settings.json") }
    }

    @Test("What was added reads as it was meant, whatever stood there", arguments: 0..<200)
    func anyText(seed: Int) throws {
        var random = Sequence64(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1)
        let pieces = ["{", "}", "\"a\"", ":", "1", ",", "// x\n", "/* y */", "\n", " ", "[", "]", "\"k\"", "\"\\\"\""]
        for _ in 0..<200 {
            let middle = (0..<Int.random(in: 0...9, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }
            let text = "{" + middle.joined() + "}"
            guard var json = try? CommentedJSON(Array(text.utf8), name: "x") else { continue }
            let other = json["a"]
            try json.set("k", to: two)
            #expect(json["k"] == two && json["a"] == other, "\(text)")
        }
    }
}

/// Numbers that are the same in each run.
private struct Sequence64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
