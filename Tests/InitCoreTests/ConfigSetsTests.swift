import InitCore
import Testing

// What runs, and in which order: cfn-init-behaviour.md, section 5.

@Suite struct ConfigSetsTests {
    private let configs = #""a": {}, "b": {}, "c": {}"#

    private func sets(_ sets: String, chosen: [String] = []) throws -> Document {
        try document(init: "{\"configSets\": \(sets), \(configs)}", configSets: chosen)
    }

    @Test("Without configSets the config named config runs, and nothing else")
    func single() throws {
        #expect(try document(init: #"{"config": {}, "other": {}}"#).plan == ["default: config"])
    }

    @Test("Without configSets and without config nothing runs, which cfn-init passes over in silence")
    func noConfig() throws {
        let strict = try document(init: #"{"Setup": {}}"#)
        #expect(strict.errors.count == 1)
        #expect(strict.errors.first?.contains("found: Setup") == true)
        let lenient = try document(init: #"{"Setup": {}}"#, compatible: true)
        #expect(lenient.errors == [])
        #expect(lenient.items == [])
    }

    @Test(
        "A set is a name, a reference or a list of these, nested to any depth, laid flat",
        arguments: [
            (#"{"default": "a"}"#, "a"), (#"{"default": ["a", "b", "a"]}"#, "a b a"), (#"{"default": []}"#, ""),
            (#"{"default": [["a", ["b"]], "c"]}"#, "a b c"),
            (#"{"x": ["b"], "default": ["a", {"ConfigSet": "x"}, {"ConfigSet": "x"}]}"#, "a b b"),
            (
                #"{"x": {"ConfigSet": "y"}, "y": ["c", {"ConfigSet": "z"}], "z": "a", "default": {"ConfigSet": "x"}}"#,
                "c a"
            ),
            (#"{"a": ["b"], "default": ["a"]}"#, "a"),
        ])
    func flat(text: String, wished: String) throws {
        let document = try sets(text)
        #expect(document.errors == [])
        #expect(document.plan == ["default: \(wished)"])
    }

    @Test("Several sets run in the order in which they are named, blanks around names ignored")
    func several() throws {
        let text = #"{"one": ["a"], "two": ["b", "c"]}"#
        #expect(try sets(text, chosen: ["two", " one", "two"]).plan == ["two: b c", "one: a", "two: b c"])
    }

    @Test(
        "What refers to nothing, or in a circle, is found in all sets before anything runs",
        arguments: [
            (#"{"default": ["a"], "other": ["nope"]}"#, "there is no config \u{201C}nope\u{201D}"),
            (#"{"default": ["a"], "other": {"ConfigSet": "nope"}}"#, "there is no configSet \u{201C}nope\u{201D}"),
            (#"{"default": ["a"], "x": [{"ConfigSet": "y"}], "y": [{"ConfigSet": "x"}]}"#, "in a circle: x → y → x"),
            (#"{"default": [{"ConfigSet": "default"}]}"#, "in a circle: default → default"),
            (#"{"default": [{"Config": "a"}]}"#, "only {\"ConfigSet\": \"NAME\"} is known"),
            (#"{"default": [{"ConfigSet": ["a"]}]}"#, "only {\"ConfigSet\": \"NAME\"} is known"),
            (#"{"default": 3}"#, "a number stands here"), ("{}", "there is no set in it"), ("[]", "a list stands here"),
            (#"{"default": ["x"], "x": ["a"]}"#, "write {\"ConfigSet\": \"x\"}"),
            (#"{"default": ["A"]}"#, "did you mean \u{201C}a\u{201D}?"),
            (#"{"main": ["a"]}"#, "so name the sets to run (-c); there are: main"),
        ])
    func mistakes(text: String, wished: String) throws {
        let errors = try sets(text).errors
        #expect(errors.contains { $0.contains(wished) }, "\(errors)")
    }

    @Test("A circle is told once")
    func circle() throws {
        let errors = try sets(#"{"default": [{"ConfigSet": "x"}], "x": ["a", {"ConfigSet": "x"}]}"#).errors
        #expect(errors.filter { $0.contains("circle") }.count == 1, "\(errors)")
    }

    @Test("A set that was asked for and isn't there is an error before anything runs")
    func missing() throws {
        let errors = try sets(#"{"install": ["a"], "setup": ["b"]}"#, chosen: ["install", "instal"]).errors
        #expect(errors.count == 1)
        #expect(errors.first?.contains("did you mean \u{201C}install\u{201D}?; there are: install, setup") == true)
    }

    @Test("A config beside configSets runs only if listed, and one that isn't a map is an error if it runs")
    func besides() throws {
        let unlisted = try document(init: #"{"configSets": {"default": ["a"]}, "a": {}, "config": {}}"#)
        #expect(unlisted.plan == ["default: a"])
        #expect(try document(init: #"{"configSets": {"default": ["a"]}, "a": []}"#).errors.count == 1)
        let other = try document(init: #"{"configSets": {"default": ["a"]}, "a": {}, "b": []}"#)
        #expect(other.errors == [])
        #expect(other.warnings.count == 1)
    }

    @Test("Sections run in their own order, whatever the document's, and items by code point")
    func sectionOrder() throws {
        let document = try document(
            init: """
                {"config": {
                  "services": {"systemd": {"z": {}, "a": {}}}, "commands": {"2": {"command": "x"}, "10": {"command": "x"}, "B": {"command": "x"}, "a": {"command": "x"}},
                  "files": {"/b": {"content": "x"}, "/a": {"content": "x"}}, "sources": {"/s": "/a.tar"},
                  "users": {"u": {}}, "groups": {"g": {}}, "packages": {"yum": {"p": []}, "apt": {"q": []}, "rpm": {"r": "/r.rpm"}}}}
                """)
        #expect(document.errors == [])
        #expect(
            document.items == [
                "packages[rpm]", "packages[apt]", "packages[yum]", "groups[g]", "users[u]", "sources[/s]", "files[/a]",
                "files[/b]", "commands[10]", "commands[2]", "commands[B]", "commands[a]", "services[systemd/z]",
                "services[systemd/a]",
            ])
    }
}
