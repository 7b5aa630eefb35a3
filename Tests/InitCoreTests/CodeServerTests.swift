import Foundation
import Testing

@testable import InitCore

struct CodeServerTests {
    private func section(_ instances: String, install: String = "{\"version\": \"4.145.0\"}") throws -> Document {
        try document(
            init: "{\"config\": {\"codeServer\": {\"install\": \(install), \"instances\": \(instances)}}}")
    }

    private func errors(of config: String, version: String = "4.145.0") throws -> [String] {
        try section("{\"dev\": {\"config\": \(config)}}", install: "{\"version\": \"\(version)\"}").errors
    }

    @Test(
        "What code-server wouldn't start on is told with what would be right",
        arguments: [
            (#"{"auth": "none", "bind-adr": "x"}"#, "bind-adr", "did you mean \u{201C}bind-addr\u{201D}?"),
            (#"{"auth": "no"}"#, "auth", "password, none are"),
            (#"{"auth": "none", "bind-addr": "8080"}"#, "bind-addr", "127.0.0.1:8008"),
            (#"{"auth": "none", "bind-addr": "0.0.0.0:99999"}"#, "bind-addr", "HOST:PORT"),
            (#"{"auth": "none", "idle-timeout-seconds": "60"}"#, "idle-timeout-seconds", "from 61"),
            (#"{"auth": "none", "cert": "cert.pem", "cert-key": "/k"}"#, "cert", "absolute"),
            (#"{"auth": "none", "cert": "/c"}"#, "", "there is no \u{201C}cert-key\u{201D}"),
            (#"{"auth": "none", "install-extension": ["a.b"]}"#, "install-extension", "something else than serve"),
            (#"{"no-auth": true}"#, "no-auth", "\u{201C}auth\u{201D}: \u{201C}none\u{201D}"),
            (#"{"password": ""}"#, "password", "nothing stands here"),
            (#"{"password": "a\n"}"#, "password", "ends with a line end"),
            (#"{"password": "a\tb"}"#, "password", "a control character"),
            (#"{"password": " a"}"#, "password", "a blank"),
            (#"{"password": "a\u00a0"}"#, "password", "a blank"),
            (#"{"password": "{\"password\": 1}"}"#, "password", "name the key"),
            (#"{"hashed-password": "$argon2id$x\n"}"#, "hashed-password", "ends with a line end"),
            (#"{"auth": "none", "github-auth": "a\u0007b"}"#, "github-auth", "a control character"),
            (#"{"auth": "none", "user-data-dir": "/data//dev"}"#, "user-data-dir", "isn't written straight"),
            (#"{"auth": "none", "extensions-dir": "/data/../dev"}"#, "extensions-dir", "isn't written straight"),
            (#"{"auth": "none", "user-data-dir": "/"}"#, "user-data-dir", "isn't written straight"),
            (#"{}"#, "", "there is no \u{201C}password\u{201D}"),
            (#"{"auth": "none", "trusted-origins": ["a", ""]}"#, "trusted-origins", "empty text"),
            (#"{"auth": "none", "app-name": "ssm:///a"}"#, "app-name", "a reference stands here"),
        ])
    func mistakes(config: String, key: String, told: String) throws {
        let found = try errors(of: config)
        let path = "config.codeServer.instances.dev.config" + (key.isEmpty ? "" : "." + key) + ":"
        #expect(found.contains { $0.hasPrefix(path) && $0.contains(told) }, "\(found)")
    }

    @Test("A key is refused for releases that don't know it, and isn't filled in for them")
    func releases() throws {
        let key = #"{"auth": "none", "cookie-suffix": "x"}"#
        #expect(try errors(of: key, version: "4.107.0").isEmpty)
        let found = try errors(of: key, version: "4.104.3")
        #expect(found.count == 1 && found[0].contains("since 4.107.0"), "\(found)")
        #expect(try !configuration(version: "4.104.3").values.keys.contains("cookie-suffix"))
        #expect(try configuration(version: "4.107.0").values["cookie-suffix"] == .plain("\"dev\""))
        let list = #"{"auth": "none", "trusted-origins": ["a", "b"]}"#
        #expect(try errors(of: list, version: "4.99.4").count == 1)
    }

    private func configuration(
        _ config: String = #"{"auth": "none"}"#, version: String = "4.145.0"
    ) throws -> CodeServerConfiguration {
        let document = try section(
            "{\"dev\": {\"config\": \(config)}}", install: "{\"version\": \"\(version)\"}")
        let files = document.sets[0].configs[0].resources.compactMap { $0 as? CodeServerInstanceFiles }
        return try #require(files.first).instance.configuration
    }

    @Test("Numbers and booleans are the same as strings; false is left out, since old releases take it for true")
    func strings() throws {
        let plain = try configuration(
            #"{"auth": "none", "disable-telemetry": true, "verbose": false, "cert": false, "idle-timeout-seconds": 90}"#
        )
        let texts = try configuration(
            #"{"idle-timeout-seconds": "90", "cert": "false", "verbose": "false", "disable-telemetry": "true", "auth": "none"}"#
        )
        #expect(plain == texts)
        #expect(
            plain.values["disable-telemetry"] == .plain("true") && plain.values["idle-timeout-seconds"] == .plain("90"))
        #expect(plain.values["verbose"] == nil && plain.values["cert"] == nil)
    }

    @Test("A slash at a path's end is none")
    func slashes() throws {
        let found = try configuration(#"{"auth": "none", "user-data-dir": "/data/dev/", "extensions-dir": "/ext//"}"#)
        #expect(found["user-data-dir"] == "/data/dev" && found["extensions-dir"] == "/ext")
    }

    @Test("A password that nobody is asked for may be any")
    func unasked() throws {
        #expect(try errors(of: #"{"auth": "none", "password": " a"}"#).isEmpty)
        // Inside it a blank is as good as a letter.
        #expect(try errors(of: #"{"password": "correct horse"}"#).isEmpty)
    }

    @Test(
        "What two can't share is told",
        arguments: [
            (
                #"{"a": {"config": {"auth": "none"}}, "b": {"config": {"auth": "none"}}}"#,
                "a is to listen at 127.0.0.1:8080"
            ),
            (
                #"{"a": {"count": 2, "user": "dev", "config": {"auth": "none", "bind-addr": "127.0.0.1:${8000+n}"}}}"#,
                "a-1 is of the user dev, too"
            ),
            (
                #"{"a-1": {"config": {"auth": "none"}}, "a": {"count": 1, "user": "b", "config": {"auth": "none", "socket": "/s"}}}"#,
                "already the name"
            ),
            (#"{"install": {"user": "b", "config": {"auth": "none"}}}"#, "already the name"),
            (#"{"a b": {"config": {"auth": "none"}}}"#, "can't be a unit's name"),
            (#"{"root": {"config": {"auth": "none"}}}"#, "IDE of root"),
            (#"{"a": {"config": {"auth": "none"}, "certificate": "x"}}"#, "there is no certificate \u{201C}x\u{201D}"),
            (#"{"a": {"config": {"auth": "none"}, "extensions": ["python"]}}"#, "PUBLISHER.NAME"),
            (#"{"a": {"config": {"auth": "none"}, "folder": "work"}}"#, "isn't absolute"),
            (#"{"a": {"config": {"auth": "none"}, "folder": "~/../b"}}"#, "isn't written straight"),
            (#"{"a": {"config": {"auth": "none"}, "instanceMetadata": "no"}}"#, "deny and allow are"),
            (#"{"a": {"config": {"auth": "none"}, "settings": "[1]"}}"#, "a list"),
        ])
    func shared(instances: String, told: String) throws {
        let found = try section(instances).errors
        #expect(found.count == 1 && found[0].contains(told), "\(found)")
    }

    @Test("A mistake in a counted instance is told once")
    func counted() throws {
        let found = try section(
            #"{"a": {"count": 50, "user": "dev${n}", "config": {"bind-addr": "127.0.0.1:${8000+n}", "auth": "nobody"}}}"#
        )
        #expect(found.errors.count == 1, "\(found.errors)")
    }

    @Test("Who asks nobody for a password says so where anybody could come")
    func open() throws {
        let found = try section(#"{"a": {"config": {"auth": "none", "bind-addr": "0.0.0.0:8080"}}}"#)
        #expect(found.warnings.contains { $0.contains("has a terminal here, without a password") })
    }

    @Test("The template is the one that packages bring")
    func template() throws {
        let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = top.appending(path: "units/ide-init-code-server@.service")
        #expect(try String(contentsOf: file, encoding: .utf8) == CodeServerUnitTemplate.text)
    }

    @Test("Settings: texts mean numbers and booleans in a map, and themselves in JSON")
    func settings() throws {
        var diagnostics = Diagnostics()
        let map = try JSONParser.parse(
            Array(#"{"b": "true", "a": "2", "c": {"d": ["1.5", "x"]}, "e": "1.", "f": ""}"#.utf8), name: "s"
        ).value
        let text = #"{"a": "2", "c": {"d": ["1.5", "x"]}, // yes"# + "\n" + #""e": true,}"#
        #expect(
            CodeServerSettings.wished(JSONNode(map), &diagnostics).members.map { "\($0)=\($1.pythonText)" } == [
                "a=2", "b=true", #"c={"d": [1.5, "x"]}"#, #"e="1.""#, #"f="""#,
            ])
        #expect(
            CodeServerSettings.wished(JSONNode(.string(text)), &diagnostics).members.map { "\($0)=\($1.pythonText)" }
                == [
                    #"a="2""#, #"c={"d": ["1.5", "x"]}"#, "e=true",
                ])
        #expect(diagnostics.items.isEmpty)
    }

    @Test(
        "Old spellings are explained where they run code-server, and nowhere else",
        arguments: [
            ("/usr/bin/code-server --no-auth --password x", 2),
            ("ExecStart=/usr/bin/code-server --disable-telemetry --password=$P \\\n  --port 80", 3),
            ("docker run -p 8443 codercom/code-server --no-auth", 2),
            ("docker run -v /root/x:/root/x codercom/code-server:1.1156", 1),
            ("code-server --bind-addr 0.0.0.0:80 --auth none", 0),
            ("docker login --password x; docker pull codercom/code-server", 0),
            ("systemctl start code-server --no-block && tool --no-auth", 0),
            ("curl https://code-server.dev/install.sh --no-auth", 0),
            ("cd /opt/code-server/ && other --password x", 0),
        ])
    func oldSpellings(text: String, count: Int) {
        var diagnostics = Diagnostics()
        OldSpellings.warn(of: text, at: DocumentPath("c"), &diagnostics)
        #expect(diagnostics.items.count == count, "\(diagnostics.items.map(\.message))")
    }
}
