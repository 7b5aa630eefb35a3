import Foundation
import Testing

@testable import InitCore

struct MustacheTests {
    // MARK: The published tests

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let template: String
        let context: JSONValue
        let partials: JSONValue
        let expected: String

        var testDescription: String { name }

        init(_ value: JSONValue, number: Int, contextKey: String) {
            let node = JSONNode(value)
            func text(_ key: String) -> String? {
                if case .string(let text) = node[key]?.value { text } else { nil }
            }
            name = text("name") ?? "number \(number)"
            template = text("template") ?? ""
            context = node[contextKey]?.value ?? .null
            partials = node["partials"]?.value ?? .null
            expected = text("expected") ?? ""
        }

        func render() throws -> String {
            try MustacheTemplate(template).render(context) { name in
                if case .string(let text) = JSONNode(partials)[name]?.value { text } else { nil }
            }
        }
    }

    private static func read(_ file: String) throws -> JSONNode {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Mustache")
        let bytes = [UInt8](try Data(contentsOf: folder.appending(path: file)))
        return JSONNode(try JSONParser.parse(bytes, name: file).value)
    }

    @Test(
        "The published specification's tests pass",
        arguments: [
            ("interpolation", 30), ("sections", 26), ("inverted", 21), ("comments", 11), ("delimiters", 14),
            ("partials", 11),
        ])
    func specification(module: String, count: Int) throws {
        let tests = try #require(Self.read("spec/\(module).json")["tests"]).items
        #expect(tests.count == count)
        for (number, test) in tests.enumerated() {
            let test = Case(test.value, number: number, contextKey: "data")
            #expect(try test.render() == test.expected, "\(test.name)")
        }
    }

    @Test("Random templates render as chevron renders them")
    func chevron() throws {
        let tests = try Self.read("chevron.json").items
        #expect(tests.count == 150)
        for (number, test) in tests.enumerated() {
            let test = Case(test.value, number: number, contextKey: "context")
            let text = try test.render()
            #expect(Array(text.utf8) == Array(test.expected.utf8), "\(test.name): \(test.template.debugDescription)")
        }
    }

    // MARK: chevron's ways

    private func render(_ template: String, _ json: String) throws -> String {
        try MustacheTemplate(template).render(JSONParser.parse(Array(json.utf8), name: "context").value)
    }

    @Test("Only four characters are escaped, and the apostrophe isn't one of them")
    func escaping() throws {
        #expect(try render("{{x}}|{{{x}}}|{{&x}}", #"{"x": "&<>\"'"}"#) == "&amp;&lt;&gt;&quot;'|&<>\"'|&<>\"'")
    }

    @Test(
        "Values print as Python prints them",
        arguments: [
            (#""""#, ""), ("null", ""), ("[]", ""), ("{}", ""), ("0", "0"), ("0.0", "0.0"), ("-0", "0"),
            ("1.0", "1.0"), ("1e22", "1e+22"), ("12345678901234567890123", "12345678901234567890123"),
            ("NaN", "nan"), ("-Infinity", "-inf"), ("true", "True"), ("false", "False"),
            (
                #"[null, true, 1.50, "it's", "a\"b", "'\"", "\n\u0007\u00e9\u200b"]"#,
                #"[None, True, 1.5, "it's", 'a"b', '\'"', '\n\x07é\u200b']"#
            ),
            (#"{"b": {"a": []}, "": "\\"}"#, #"{'b': {'a': []}, '': '\\'}"#),
        ])
    func python(json: String, expected: String) throws {
        #expect(try render("{{{x}}}", #"{"x": \#(json)}"#) == expected)
    }

    @Test(
        "Python's truth decides on sections",
        arguments: [
            ("true", true), (#""false""#, true), (#"" ""#, true), ("0.5", true), ("{\"a\": 0}", true), ("NaN", true),
            ("false", false), ("null", false), ("0", false), ("0.0", false), (#""""#, false), ("[]", false),
            ("{}", false),
        ])
    func truth(json: String, isTrue: Bool) throws {
        #expect(try render("{{#x}}yes{{/x}}{{^x}}no{{/x}}", #"{"x": \#(json)}"#) == (isTrue ? "yes" : "no"))
    }

    @Test("A falsy item of a list renders nothing")
    func falsyItems() throws {
        #expect(try render("{{#x}}[{{.}}]{{/x}}", #"{"x": [0, 1, "", "a", null, false, [], {}]}"#) == "[1][a]")
    }

    @Test("A dot that stands for true prints what is outside, unless it is raw")
    func trueDot() throws {
        #expect(try render("{{#x}}{{.}} {{{.}}}{{/x}}", #"{"x": true}"#) == "{'x': True} True")
        #expect(try render("{{.}}", "true") == "True")
    }

    @Test("A broken chain of names is looked for one scope further out")
    func brokenChain() throws {
        #expect(try render("{{#a}}{{b.c}}{{/a}}", #"{"a": {"b": {}}, "b": {"c": "outer"}}"#) == "outer")
        #expect(try render("{{#a}}{{b.c}}{{/a}}", #"{"a": {"b": {"c": null}}, "b": {"c": "outer"}}"#) == "")
    }

    @Test("Items of lists and characters of strings are reached by number, the last one by -1")
    func numbers() throws {
        #expect(try render("{{l.0}}{{l.-1}}{{l.5}}{{s.1}}{{n.0}}", #"{"l": ["a", "b"], "s": "xé", "n": 1}"#) == "abé")
    }

    @Test("A name is no attribute of a Python object")
    func attributes() throws {
        #expect(try render("{{s.upper}}{{#s}}{{title}}{{/s}}", #"{"s": "x", "title": "t"}"#) == "t")
    }

    @Test("Of the blanks in front of a standalone tag only spaces go")
    func tabs() throws {
        #expect(try render("a\n \t {{! c }} \t\nb", "{}") == "a\n \tb")
        #expect(try render("a\n{{! c }}  ", "{}") == "a\n  ")
    }

    @Test("Delimiters at the very end and a triple brace that lacks its third one print nothing")
    func nothing() throws {
        #expect(try render("a {{", "{}") == "a ")
        #expect(try render("{{{a}} b{{=<% %>=}}<%{a}%>", #"{"a": 1}"#) == " b")
    }

    @Test("An inverted section inside the list's own section is closed by its own tag, where chevron stumbles")
    func invertedInside() throws {
        #expect(try render("{{#l}}a{{^l}}b{{/l}}c{{/l}}d", #"{"l": [1, 2]}"#) == "acacd")
    }

    @Test("A context that isn't a map can be used by the dot")
    func scalars() throws {
        #expect(try render("{{.}}{{#.}}x{{/.}}{{a}}", "[1, 2]") == "[1, 2]xx")
        #expect(try render("{{.}}", "null") == "None")
    }

    // MARK: Mistakes

    @Test(
        "A mistake is reported with its line",
        arguments: [
            ("a\n{{#x}}\n\n{{y}}", "line 2: the section “x” is never closed"),
            ("{{#a}}\n{{#b}}\n{{/a}}", "line 3: “a” is closed here, but the section “b” of line 2 is still open"),
            ("\n{{/a}}", "line 2: “a” is closed here, but no section is open"),
            ("a\r\n{{! x\ny }}\n{{b", "line 4: a tag opens here and is never closed"),
            ("{{! a\nb }} {{b } }", "line 2: a tag opens here and is never closed"),
            ("{{}}", "line 1: an empty tag"),
            ("{{=<% %>}}", "line 1: a tag that sets delimiters must end with ="),
            ("{{= =}}", "line 1: a tag that sets delimiters names none"),
            (String(repeating: "{{#a}}", count: 200), "line 1: more than 128 sections stand inside each other"),
        ])
    func mistakes(template: String, message: String) {
        let error = #expect(throws: MustacheError.self) { try MustacheTemplate(template) }
        #expect(error?.description == message)
    }

    @Test("A mistake in a partial names the partial, and only when it is used")
    func partialMistakes() throws {
        let template = try MustacheTemplate("{{#x}}\n{{> p}}\n{{/x}}")
        #expect(try template.render(JSONValue.object(JSONObject())) { _ in "\n{{#y}}" } == "")
        let error = #expect(throws: MustacheError.self) {
            try template.render(.object(JSONObject([("x", .bool(true))]))) { _ in "\n{{#y}}" }
        }
        #expect(error?.description == "partial “p”, line 2: the section “y” is never closed")
    }

    @Test("A partial that includes itself without end is an error, not a crash")
    func endlessPartial() throws {
        for text in ["{{> p}}", "x{{> p}}{{> p}}", "\n  {{> p}}\n"] {
            let template = try MustacheTemplate(text)
            #expect(throws: MustacheError.self) { try template.render(.null) { _ in text } }
        }
    }

    @Test("One template renders many contexts")
    func reuse() throws {
        let template = try MustacheTemplate("{{n}}{{> p}}")
        for number in ["1", "2"] {
            let context = JSONValue.object(JSONObject([("n", .number(JSONNumber(number)))]))
            #expect(try template.render(context) { $0 + "{{n}}" } == "\(number)p\(number)")
        }
    }
}
