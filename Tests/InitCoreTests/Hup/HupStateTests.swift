import InitCore
import Testing

@testable import InitCore

@Suite struct HupStateTests {
    private static let secret = "correct-horse-battery-staple"

    private func detail(_ metadata: String) throws -> StackResourceDetail {
        StackResourceDetail(
            metadata: try JSONParser.parse(Array(metadata.utf8), name: "metadata").value, physicalID: "i-1",
            lastUpdated: 1_700_000_000.25, status: "UPDATE_COMPLETE", type: "AWS::EC2::Instance")
    }

    private func value(_ path: String, _ detail: StackResourceDetail) throws -> HookValue? {
        HookValue(try HookPath(path), of: detail, redacted: Redaction(detail.metadata ?? .null).metadata)
    }

    private func again(_ state: HupState) throws -> HupState { try HupState(Array(state.text.utf8), name: "state") }

    @Test("What the original wrote is read: nothing counts as changed")
    func original() throws {
        let text = #"""
            {"a|Resources.X.Metadata.m": {"b": [1, "é"], "a": 1000.0}, "p|Resources.X.PhysicalResourceId": "i-1",
             "t|Resources.X": {"_datetime: special_serialization: not_regular_json_": "\"2023-11-14T22:13:20.250000\""},
             "u|Resources.X": {"_another mark": "2023-11-14T22:13:20.250000"}, "n|Resources.X.Metadata.gone": null}
            """#
        let state = try HupState(Array(text.utf8), name: "state")
        let now = try detail(#"{"m": {"a": 1e3, "b": [1, "\u00e9"]}}"#)
        for key in ["a|Resources.X.Metadata.m", "p|Resources.X.PhysicalResourceId", "t|Resources.X", "u|Resources.X"] {
            let old = try #require(state[key])
            let new = try #require(try value(String(key.dropFirst(2)), now))
            #expect(old.isSame(as: new), "\(key)")
        }
        #expect(state["n|Resources.X.Metadata.gone"] == nil)
        #expect(state["t|Resources.X"]?.text == "2023-11-14T22:13:20.250000")
    }

    @Test("What holds no secret is written as the original writes it")
    func written() throws {
        let now = try detail(#"{"m": {"b": "ü", "a": true}}"#)
        var state = HupState()
        state["m|Resources.X.Metadata.m"] = try value("Resources.X.Metadata.m", now).map(StoredHookValue.init)
        state["t|Resources.X"] = try value("Resources.X", now).map(StoredHookValue.init)
        #expect(
            state.text == #"""
                {"m|Resources.X.Metadata.m": {"b": "\u00fc", "a": true}, "t|Resources.X": {"_datetime: special_serialization: not_regular_json_": "\"2023-11-14T22:13:20.250000\""}}

                """#)
        #expect(try again(state) == state)
    }

    @Test(
        "A secret isn't stored, a change of it is seen, and the rest is there for the action",
        arguments: ["Resources.X.Metadata", "Resources.X.Metadata.database", "Resources.X.Metadata.database.password"])
    func secrets(path: String) throws {
        let first = try detail(#"{"database": {"user": "u", "password": "\#(Self.secret)"}}"#)
        let second = try detail(#"{"database": {"user": "u", "password": "another-long-secret"}}"#)
        let shuffled = try detail(#"{"database": {"password": "\#(Self.secret)", "user": "u"}}"#)
        var state = HupState()
        state["h|\(path)"] = try value(path, first).map(StoredHookValue.init)
        #expect(!state.text.contains("horse"))
        let stored = try #require(try again(state)["h|\(path)"])
        #expect(stored == state["h|\(path)"])
        #expect(stored.isSame(as: try #require(try value(path, first))))
        #expect(stored.isSame(as: try #require(try value(path, shuffled))))
        #expect(!stored.isSame(as: try #require(try value(path, second))))
        #expect(stored.text.contains("(secret)"))
        #expect(stored.text.contains("\"u\"") == !path.hasSuffix("password"))
        #expect(try value(path, first)?.text.contains(Self.secret) == true)
    }

    @Test("Two stored secrets of one value don't look alike")
    func salted() throws {
        let now = try detail(#"{"token": "\#(Self.secret)"}"#)
        let value = try #require(try value("Resources.X.Metadata.token", now))
        #expect(StoredHookValue(value) != StoredHookValue(value))
        #expect(StoredHookValue(value).isSame(as: value))
    }

    @Test("What the original stored of a secret is taken out when the state is next written, and still tells a change")
    func upgrade() throws {
        for (path, stored) in [
            ("Resources.X.Metadata", #"{"password": "\#(Self.secret)"}"#),
            ("Resources.X.Metadata.password", "\"\(Self.secret)\""),
        ] {
            let state = try HupState(Array("{\"h|\(path)\": \(stored)}".utf8), name: "state")
            #expect(!state.text.contains("horse"))
            let now = try #require(try value(path, try detail(#"{"password": "\#(Self.secret)"}"#)))
            #expect(try again(state)["h|\(path)"]?.isSame(as: now) == true)
            let updated = try #require(state["h|\(path)"]?.updated(to: now))
            #expect(!updated.text.contains("horse"))
        }
    }

    @Test("Files that only their owner may read hide their content", arguments: ["000600", "000644"])
    func privateFiles(mode: String) throws {
        let now = try detail(#"{"files": {"/etc/key": {"content": {"a": "\#(Self.secret)"}, "mode": "\#(mode)"}}}"#)
        for path in ["Resources.X.Metadata.files", "Resources.X.Metadata.files./etc/key.content.a"] {
            var state = HupState()
            state["h|\(path)"] = try value(path, now).map(StoredHookValue.init)
            #expect(state.text.contains("horse") == (mode == "000644"))
        }
    }

    @Test("What is no state is told", arguments: ["", "[]", "{\"a\":", "1"])
    func damaged(text: String) {
        #expect(throws: Failure.self) { try HupState(Array(text.utf8), name: "state") }
    }

    @Test("Missing, empty and false values count as none", arguments: ["null", "false", "0", "\"\"", "{}", "[]"])
    func absent(text: String) throws {
        let now = try detail("{\"m\": \(text)}")
        #expect(try value("Resources.X.Metadata.m", now) == nil)
        #expect(try value("Resources.X.Metadata.m.n", now) == nil)
    }

    @Test("Times are Python's", .enabled(if: Python.isThere, "needs python3"))
    func times() throws {
        var random = SeededGenerator(4)
        var seconds = [0, 951_782_400, 951_868_799.999999, 1_709_164_800, 4_107_542_399, 1_700_000_000.123, 0.0000015]
        for _ in 0..<2000 { seconds.append(Double.random(in: 0...4e9, using: &random)) }
        for _ in 0..<500 { seconds.append((Double.random(in: 0...4e9, using: &random) * 1000).rounded() / 1000) }
        let wished = try Python.run(
            "import sys, datetime\nfor line in sys.stdin: print(datetime.datetime.utcfromtimestamp(float(line)).isoformat())",
            seconds.map { "\($0)" })
        try #require(wished.count == seconds.count)
        var differing: [String] = []
        for (seconds, wished) in zip(seconds, wished) {
            let time = UTCTime(seconds: seconds)
            if time.iso != wished { differing.append("\(seconds): \(time.iso) instead of \(wished)") }
            if UTCTime("\"\(time.full)\"") != time || UTCTime(wished + "Z") != time {
                differing.append("\(wished) isn't read back")
            }
        }
        #expect(differing.prefix(5) == [], "\(differing.count) differ")
    }

    @Test(
        "What is no time isn't taken for one",
        arguments: [
            "", "2023", "2023-13-01T00:00:00", "2023-11-14T24:00:00", "2023-11-14T22:13", "2023-11-14T22:13:20.",
            "x2023-11-14T22:13:20",
        ])
    func noTimes(text: String) { #expect(UTCTime(text) == nil) }
}
