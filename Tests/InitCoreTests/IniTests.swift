import InitCore
import Testing

@testable import InitCore

@Suite struct IniTests {
    private static let keys = ["a", "b", "c", "two words", "é"]

    private static let lines = [
        "[main]", "[main]", "[other]", "[DEFAULT]", "[two words]", " [main]", "[]", "[]]", "[x] y", "[a]b]", "[Main]",
        "a=1", "A : 2", "  b = x%%y", "c=%(a)s", "c = %(A)s and %(b)s", "a=%(c)s", "b=", "a", "=v", ":", "a=%",
        "b: %(nope)s",
        "c=%(a", "c=%()s", "c=%(a)d", "c=%%(a)s", "two words = v = w : x", "a=b;c # d", "\tgoes on", "    so too",
        " # not this",
        "\u{A0}b=1", "\u{3000}\u{3000}wide", "É=upper", "a = \u{2003} \u{1C}x\u{85}", "  [main]", "; comment",
        "# comment", "", "",
        "   ", "b=Resources.X.Metadata.AWS::CloudFormation::Init", "path: Resources", "a=first\n  second\n\n  third\n",
    ]

    /// Half of them whatever comes, half of them well-formed but for what may be.
    private static let files: [[String]] = {
        var random = SeededGenerator(3)
        return (0..<2000).map { number in
            (0..<(number % 5 == 0 ? 2 : 1)).map { _ in
                var text = number.isMultiple(of: 2) ? "[main]\n" : ""
                for _ in 0..<Int.random(in: 0...(number % 3 == 0 ? 12 : 4), using: &random) {
                    text += lines.randomElement(using: &random) ?? ""
                    text += ["\n", "\n", "\r\n", "\r"].randomElement(using: &random) ?? "\n"
                }
                return text
            }
        }
    }()

    private static let program = """
        import sys, json, io, configparser
        for line in sys.stdin:
            parser = configparser.ConfigParser()
            try:
                for text in json.loads(line): parser.read_file(io.StringIO(text, newline=None))
            except configparser.Error:
                print(json.dumps("refused"))
                continue
            found = []
            for section in parser.sections():
                for key in json.loads(sys.argv[1]) if len(sys.argv) > 1 else KEYS:
                    try: found.append([section, key, parser.get(section, key)])
                    except configparser.NoOptionError: found.append([section, key, None])
                    except configparser.InterpolationError: found.append([section, key, False])
            print(json.dumps(found))
        """

    @Test("Files are read, merged and refused as ConfigParser does it", .enabled(if: Python.isThere, "needs python3"))
    func python() throws {
        let keys = JSONValue.array(Self.keys.map { .string($0) }).pythonText
        let program = Self.program.split(separator: "\n").map(String.init).joined(separator: "\n")
            .replacing("json.loads(sys.argv[1]) if len(sys.argv) > 1 else KEYS", with: keys)
        let wished = try Python.run(
            program, Self.files.map { JSONValue.array($0.map { .string($0) }).pythonText })
        try #require(wished.count == Self.files.count)
        var differing: [String] = []
        var refused = 0
        for (files, wished) in zip(Self.files, wished) {
            let found = Self.read(files)
            if found == "\"refused\"" { refused += 1 }
            if found != wished { differing.append("\(files): \(found) instead of \(wished)") }
        }
        #expect(differing.prefix(5) == [], "\(differing.count) differ")
        // Else nothing but refusals was compared.
        #expect((200...1600).contains(refused), "\(refused) refused")
    }

    private static func read(_ files: [String]) -> String {
        var ini = Ini()
        do {
            for text in files { try ini.merge(text, name: "file") }
        } catch {
            return "\"refused\""
        }
        let found = ini.sections.flatMap { section in
            keys.map { key -> JSONValue in
                let value: JSONValue
                do {
                    value = try ini.value(key, in: section).map { .string($0) } ?? .null
                } catch {
                    value = .bool(false)
                }
                return .array([.string(section), .string(key), value])
            }
        }
        return JSONValue.array(found).pythonText
    }

    @Test(
        "A complaint names file and line, and what would be right",
        arguments: [
            ("stack=a", "hup.conf:1: “stack=a” stands before the first [section]"),
            ("[main]\nstack", "hup.conf:2: “stack” is no line of the form key=value"),
            ("[main]\n\n[main]", "hup.conf:3: [main] stands twice in this file"),
            ("[main]\na=1\nA=2", "hup.conf:3: a stands twice in [main]"),
            ("[main]\n=2", "hup.conf:2: nothing stands before ="),
        ])
    func complaints(text: String, message: String) {
        #expect(throws: Failure(.invalidDocument, message)) {
            var ini = Ini()
            try ini.merge(text, name: "hup.conf")
        }
    }

    @Test("A lone per cent sign is told with its section and key")
    func percent() throws {
        var ini = Ini()
        try ini.merge("\u{FEFF}[hook]\naction=date +%s", name: "hooks.conf")
        #expect(throws: Failure(.invalidDocument, "[hook] action: a lone % stands in it; write %%")) {
            try ini.value("action", in: "hook")
        }
    }
}
