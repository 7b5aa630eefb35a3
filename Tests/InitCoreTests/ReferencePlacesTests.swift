import InitCore
import Testing

// Where references may stand, and what is said where they may not.

@Suite struct ReferencePlacesTests {
    private let everywhere = #"""
        {"config": {
          "packages": {"apt": {"a": ["{{resolve:ssm:a}}"]}, "rpm": {"b": "s3://bucket/b.rpm"}},
          "groups": {"g": {"gid": "ssm:///gid"}},
          "users": {"u": {"homeDir": "/home/{{resolve:ssm:a}}"}},
          "sources": {"/a": "ssm:///archive", "/b": {"source": "secretsmanager://archive"}, "/c": "https://x/{{resolve:ssm:a}}",
            "/d": "{{resolve:ssm:a}}", "/e": "s3://bucket"},
          "files": {
            "/mode": {"content": "x", "mode": "{{resolve:ssm:mode}}"}, "/owner": {"content": "x", "owner": "ssm:///owner"},
            "/link": {"content": "ssm:///target", "mode": "120777"}, "/url": {"source": "https://x/?t={{resolve:ssm:a}}"},
            "/bad": {"content": "a {{resolve:vault:x}} b", "mode": "000600"}, "/bad2": {"source": "ssm://a", "mode": "000600"},
            "/bad3": {"content": {"x": ["ssm:///a?b=1"]}, "mode": "000600"}, "/key": {"content": {"{{resolve:ssm:a}}": 1}},
            "/tag": {"content": "{{#{{resolve:ssm:a}}}}", "context": {}, "mode": "000600"}},
          "commands": {"a": {"command": "x {{resolve:ssm:a}}", "test": ["ssm:///a"], "cwd": "ssm:///a", "runas": "ssm:///a"},
            "b": {"command": "x", "defaults": "{{resolve:ssm:a}}", "env": {"A": "ssm:///a?x=y"}}},
          "services": {"systemd": {"s": {"files": ["{{resolve:ssm:a}}"]}}}}}
        """#

    private let places = [
        "config.packages.apt.a[0]", "config.packages.rpm.b", "config.groups.g.gid", "config.users.u.homeDir",
        "config.sources./a",
        "config.sources./b.source", "config.sources./c", "config.sources./d", "config.sources./e",
        "config.files./mode.mode",
        "config.files./owner.owner", "config.files./link.content", "config.files./url.source",
        "config.files./bad.content",
        "config.files./bad2.source", "config.files./bad3.content.x[0]", "config.files./key.content.{{resolve:ssm:a}}",
        "config.files./tag.content", "config.commands.a.command", "config.commands.a.test[0]", "config.commands.a.cwd",
        "config.commands.a.runas", "config.commands.b.defaults", "config.commands.b.env.A",
        "config.services.systemd.s.files[0]",
    ]

    @Test("Where one may not stand, or is malformed, there is an error at its path")
    func errors() throws {
        let errors = try document(init: everywhere).errors
        for path in places { #expect(errors.contains { $0.hasPrefix(path + ": ") }, "\(path) is missing in \(errors)") }
        for message in [
            "config.commands.a.command: a reference stands here, where all may read it: an argument list is public; put it into \u{201C}env\u{201D}",
            "config.files./bad.content: {{resolve:…}} knows no service \u{201C}vault\u{201D}; ssm, ssm-secure and secretsmanager are known",
            "config.sources./a: ssm:// is not known here; http://, https:// and s3:// are",
            "config.files./url.source: a reference stands in the URL",
            "config.files./tag.content: a reference stands inside a tag",
        ] {
            #expect(errors.contains { $0.hasPrefix(message) }, "\(message)")
        }
    }

    @Test("By the cfn-* names it is taken as it stands, with a warning, unless nothing can come of that")
    func compatible() throws {
        let document = try document(init: everywhere, compatible: true)
        let hopeless = [
            "config.groups.g.gid", "config.sources./a", "config.sources./b.source", "config.sources./d",
            "config.sources./e",
            "config.files./mode.mode", "config.files./bad2.source", "config.files./tag.content",
        ]
        for path in places {
            let found = hopeless.contains(path) && path != "config.sources./d" ? document.errors : document.warnings
            #expect(found.contains { $0.hasPrefix(path + ": ") }, "\(path)")
        }
    }

    @Test("Where they may stand nothing is said, and each is told to whom it concerns")
    func allowed() throws {
        let document = try document(
            #"""
            {"AWS::CloudFormation::Init": {"config": {
              "sources": {"/a": "s3://bucket/a.tar", "/b": "https://x/b.tar"},
              "files": {
                "/1": {"content": "ssm:///one", "mode": "000600"}, "/2": {"content": "{{resolve:ssm:two}}", "mode": "000600"},
                "/3": {"content": {"a": ["ssm:///three"], "s": "s3://bucket/x"}, "mode": "000600"},
                "/4": {"source": "secretsmanager://four", "mode": "000600"}, "/5": {"source": "s3://bucket/five"},
                "/6": {"content": "{{a}}", "context": {"a": "ssm:///six"}, "mode": "000600"},
                "/7": {"content": "s3://bucket/seven", "mode": "000600"},
                "/8": {"content": "{{resolve:ssm:eight}}", "references": false, "mode": "000600"}},
              "commands": {"c": {"command": ["aws", "s3", "cp", "s3://bucket/x", "."], "env": {"A": "ssm:///nine", "B": "s3://bucket/x"}}}}},
             "AWS::CloudFormation::Authentication": {
               "a": {"type": "basic", "username": "ssm:///ten", "password": "ssm:///eleven", "uris": ["x"]}}}
            """#)
        #expect(document.diagnostics.items.isEmpty, "\(document.diagnostics.items.map(\.line))")
        let resources = document.sets.flatMap(\.configs).flatMap(\.resources)
        let named = resources.map { "\($0.id): " + $0.references.map(\.description).joined(separator: " ") }
        #expect(
            named == [
                "sources[/a]: ", "sources[/b]: ssm:///ten ssm:///eleven", "files[/1]: ssm:///one",
                "files[/2]: ssm:///two",
                "files[/3]: ssm:///three", "files[/4]: secretsmanager://four", "files[/5]: ", "files[/6]: ssm:///six",
                "files[/7]: s3://bucket/seven", "files[/8]: ", "commands[c]: ssm:///nine",
            ])
    }

    @Test("A file that takes a reference and gives no mode is a warning; a whole value is no template")
    func warnings() throws {
        let files = #"""
            {"config": {"files": {"/a": {"content": "ssm:///a"}, "/b": {"source": "ssm:///a", "context": {}, "mode": "000600"},
              "/c": {"content": "ssm:///a", "context": {}, "mode": "000600"}, "/d": {"source": "s3://bucket/k", "context": {"x": "ssm:///a"}}}}}
            """#
        let document = try document(init: files)
        #expect(document.errors == [])
        let paths = document.warnings.map { $0.prefix { $0 != ":" } }
        #expect(paths == ["config.files./a", "config.files./b.context", "config.files./c.context", "config.files./d"])
    }
}
