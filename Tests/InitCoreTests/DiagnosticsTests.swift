import InitCore
import Testing

@Suite struct DiagnosticsTests {
    private let mistakes = """
        {"config": {
          "packages": {"aptt": {"jq": []}, "yum": {"-y": []}, "msi": {"a": "b"}},
          "groups": {"g": {"gid": "many"}},
          "users": {"u": {"group": "x"}},
          "sources": {"relative": "http://x/a.zip", "/a": "ftp://x/a", "/b": {"source": "/a.tar", "sha256": "12"}},
          "files": {
            "/etc/motd": {"content": "x", "mod": "000644"}, "relative": {"content": "x"}, "/none": {},
            "/mode": {"content": "x", "mode": "rw"}, "/yaml": {"content": "x", "mode": "493"},
            "/base64": {"content": "QQ=", "encoding": "base64"}, "/url": {"source": "s3://b/k"},
            "/template": {"content": "{{#a}}", "context": {}}, "/link": {"content": "", "mode": "120000"},
            "/ref": {"content": {"Ref": "Thing"}}},
          "commands": {"a": {"comand": "x"}, "b": {"command": []}, "c": {"command": "x", "timeout": "soon"}},
          "services": {"systemd": {"s": {"enabled": "perhaps"}}, "launchd": {}},
          "file": {}}}
        """

    @Test("All mistakes are told at once, each with its path")
    func all() throws {
        let errors = try document(init: mistakes).errors
        for path in [
            "config.packages.aptt", "config.packages.yum.-y", "config.packages.msi", "config.groups.g.gid",
            "config.users.u.group", "config.sources.relative", "config.sources./a", "config.sources./b.sha256",
            "config.files./etc/motd.mod", "config.files.relative", "config.files./none", "config.files./mode.mode",
            "config.files./yaml.mode", "config.files./base64.content", "config.files./url.source",
            "config.files./template.content", "config.files./link", "config.files./ref.content",
            "config.commands.a.comand", "config.commands.a", "config.commands.b.command",
            "config.commands.c.timeout", "config.services.systemd.s.enabled", "config.services.launchd", "config.file",
        ] {
            #expect(errors.contains { $0.hasPrefix(path + ": ") }, "\(path)")
        }
    }

    @Test(
        "A message says what is wanted, or names the nearest known name",
        arguments: [
            ("config.packages.aptt", "did you mean \u{201C}apt\u{201D}?"),
            ("config.files./etc/motd.mod", "did you mean \u{201C}mode\u{201D}?"),
            ("config.commands.a.comand", "did you mean \u{201C}command\u{201D}?"),
            ("config.file", "did you mean \u{201C}files\u{201D}?"),
            ("config.users.u.group", "did you mean \u{201C}groups\u{201D}?"),
            ("config.files./yaml.mode", "493 is 000755 written in YAML without quotes"),
            ("config.sources./a", "ftp:// is not known here; http://, https:// and s3:// are"),
            ("config.files./base64.content", "its padding is wrong"),
            ("config.commands.c.timeout", "90s, 10m, 1h"),
            ("config.groups.g.gid", "a whole number from 0"),
        ])
    func messages(path: String, text: String) throws {
        let errors = try document(init: mistakes).errors.filter { $0.hasPrefix(path + ": ") }
        #expect(errors.contains { $0.contains(text) }, "\(errors)")
    }

    /// By the cfn-* names every template that works today still works.
    @Test("What cfn-init ignores is a warning when compatible, what it fails on stays an error")
    func compatible() throws {
        let document = try document(init: mistakes, compatible: true)
        for path in [
            "config.packages.aptt", "config.users.u.group", "config.files./etc/motd.mod",
            "config.commands.a.comand", "config.services.launchd", "config.file", "config.services.systemd.s.enabled",
            "config.files./ref.content",
        ] {
            let warnings = document.warnings.filter { $0.hasPrefix(path + ": ") }
            #expect(warnings.contains { $0.contains("as cfn-init does") }, "\(path)")
        }
        for path in ["config.files.relative", "config.files./mode.mode", "config.groups.g.gid", "config.sources./a"] {
            #expect(document.errors.contains { $0.hasPrefix(path) }, "\(path)")
        }
    }

    @Test("Mistakes of configs that aren't chosen are warnings")
    func unchosen() throws {
        let text = #"{"configSets": {"default": ["a"]}, "a": {}, "b": {"files": {"x": {}}}}"#
        #expect(try document(init: text).errors == [])
        #expect(try document(init: text).warnings.contains { $0.hasPrefix("b.files.x: ") })
    }

    @Test("A document without an Init block says so; to cfn-init it is nothing to do")
    func missing() throws {
        for text in ["{}", #"{"AWS::CloudFormation::Init": {}}"#, #"{"AWS::CloudFormation::Init": null}"#] {
            #expect(try document(text).errors.count == 1)
            #expect(try document(text, compatible: true).errors == [])
            #expect(try document(text, compatible: true).isMissingInit)
        }
        #expect(try document("[1]").errors.contains { $0.contains("a map is wanted") })
        #expect(try document(#"{"AWS::CloudFormation::Init": "x"}"#).errors.contains { $0.contains("a map is wanted") })
    }

    @Test("A key that stands twice is a warning with its place")
    func duplicates() throws {
        let files = "{\n\"/a\": {\"content\": \"1\"}, \"/a\": {\"content\": \"2\"}}"
        let warnings = try document(init: "{\"config\": {\"files\": \(files)}}").warnings
        #expect(warnings == ["config.files./a: this key stands twice, here in line 2, column 25; the last one counts"])
    }

    /// The real service hands numbers and booleans over as strings.
    @Test("Numbers and booleans mean the same as strings and as they are")
    func scalars() throws {
        let document = try document(
            init: #"""
                {"config": {"groups": {"g": {"gid": 5}, "h": {"gid": "5"}}, "users": {"u": {"uid": 7, "groups": "g"}},
                 "commands": {"c": {"command": "x", "ignoreErrors": "Yes", "timeout": 90, "retries": "2"}},
                 "services": {"systemd": {"s": {"enabled": 1, "ensureRunning": "TRUE"}}}}}
                """#)
        #expect(document.errors == [] && document.warnings == [])
    }

    @Test("A service's lists name what isn't there, in a warning")
    func reactors() throws {
        let files = #""files": {"/etc/a.conf": {"content": "x"}}"#
        let services = #""services": {"systemd": {"s": {"files": ["/etc/a.cnf"]}}}"#
        let warnings = try document(init: "{\"config\": {\(files), \(services)}}").warnings
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains("did you mean \u{201C}/etc/a.conf\u{201D}?") == true)
    }

    @Test("Suggestions are slips of the finger, not anything at all")
    func suggestions() {
        let known = ["files", "commands", "services", "packages"]
        for slip in ["file", "fiels", "Files", "comands", "service", "package"] {
            #expect(suggestion(for: slip, among: known) != "", "\(slip)")
        }
        for other in ["nginx", "x", "", "containers", "readiness"] {
            #expect(suggestion(for: other, among: known) == "", "\(other)")
        }
    }
}
