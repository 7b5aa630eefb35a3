import InitCore
import Testing

// The readiness section as it is read.

@Suite struct ReadinessDocumentTests {
    private func readiness(_ text: String, compatible: Bool = false) throws -> Document {
        try document(init: "{\"config\": {\"readiness\": \(text)}}", compatible: compatible)
    }

    private func check(_ text: String) throws -> ReadinessCheck? {
        let document = try readiness("{\"checks\": {\"a\": \(text)}}")
        #expect(document.errors == [])
        return document.readiness?.first
    }

    @Test("Each kind of check is read, numbers as strings too, times from the section unless they are its own")
    func kinds() throws {
        let document = try readiness(
            #"""
            {"timeout": "5m", "interval": "2", "checks": {
              "unit": {"unit": "nginx.service"},
              "http": {"http": "https://127.0.0.1:8443/x?y=%20", "host": "code.example.com", "status": "401", "body": 42},
              "list": {"http": "http://[::1]/", "status": [200, "302"], "socket": "/run/app.sock"},
              "tcp": {"tcp": "[::1]:443", "timeout": 90, "interval": "0.5"},
              "tcp2": {"tcp": "localhost:22"},
              "dev": {"container": "dev-1"},
              "shell": {"command": "true && true", "timeout": "1h"}, "words": {"command": ["/bin/true", "a b"]}}}
            """#)
        #expect(document.errors == [] && document.warnings == [])
        let checks = Dictionary(uniqueKeysWithValues: (document.readiness ?? []).map { ($0.id.name, $0) })
        #expect(checks["unit"]?.target == .unit("nginx.service", .systemd))
        #expect(
            checks["http"]?.target
                == .http(
                    HTTPCheck(
                        "https://127.0.0.1:8443/x?y=%20", host: "code.example.com", statuses: [401], body: "42")))
        #expect(
            checks["list"]?.target == .http(HTTPCheck("http://[::1]/", socket: "/run/app.sock", statuses: [200, 302])))
        #expect(checks["tcp"]?.target == .tcp(host: "::1", port: 443))
        #expect(checks["tcp2"]?.target == .tcp(host: "localhost", port: 22))
        #expect(checks["dev"]?.target == .container("dev-1"))
        #expect(checks["shell"]?.target == .command(Command("Check shell", .shell("true && true"))))
        #expect(checks["words"]?.target == .command(Command("Check words", .arguments(["/bin/true", "a b"]))))
        #expect(checks["unit"]?.timeout == 300 && checks["unit"]?.interval == 2)
        #expect(checks["tcp"]?.timeout == 90 && checks["tcp"]?.interval == 0.5)
        #expect(checks["shell"]?.timeout == 3600)
        #expect(checks.values.allSatisfy { !$0.isImplicit && $0.id.section == "readiness" })
    }

    @Test("A container that isn't in the document is likely a slip, where others are")
    func containers() throws {
        func warnings(_ name: String) throws -> [String] {
            try document(
                init: """
                    {"web": {"containers": {"dev": {"image": "ide:1", "count": 2}}},
                     "config": {"readiness": {"checks": {"ide": {"container": "\(name)"}}}}}
                    """
            ).warnings
        }
        #expect(try warnings("dev-2") == [])
        let found = try warnings("dv-2")
        #expect(found.count == 1 && found[0].contains("did you mean \u{201C}dev-2\u{201D}?"), "\(found)")
    }

    @Test("Ten minutes and a second where nothing is said; one try has ten seconds, a command's thirty")
    func defaults() throws {
        let tcp = try #require(try check(#"{"tcp": "x:1"}"#))
        #expect(tcp.timeout == 600 && tcp.interval == 1 && tcp.longestTry == 10)
        #expect(try check(#"{"command": "x"}"#)?.longestTry == 30)
        #expect(try check(#"{"command": "x", "interval": "1m"}"#)?.longestTry == 60)
    }

    @Test(
        "A mistake is told with its place and what would be right",
        arguments: [
            (#"{"check": {}}"#, "config.readiness.check", "did you mean \u{201C}checks\u{201D}?"),
            (#"{"timeout": "soon"}"#, "config.readiness.timeout", "90s, 10m, 1h"),
            (#"{"timeout": "13h"}"#, "config.readiness.timeout", "from 1 s to 720 min"),
            (#"{"interval": "0.01"}"#, "config.readiness.interval", "from 100 ms to 60 min"),
            (#"{"checks": []}"#, "config.readiness.checks", "a map is wanted"),
            (
                #"{"checks": {"a": "nginx"}}"#, "config.readiness.checks.a",
                "a map with one of unit, http, tcp, command, container"
            ),
            (#"{"checks": {"a": {}}}"#, "config.readiness.checks.a", "it says nothing to check"),
            (
                #"{"checks": {"a": {"htp": "x"}}}"#, "config.readiness.checks.a.htp",
                "did you mean \u{201C}http\u{201D}?"
            ),
            (
                #"{"checks": {"a": {"unit": "x", "tcp": "x:1"}}}"#, "config.readiness.checks.a",
                "unit and tcp stand side by side"
            ),
            (#"{"checks": {"a": {"unit": "a b"}}}"#, "config.readiness.checks.a.unit", "is no name of a unit"),
            (#"{"checks": {"a": {"tcp": "x"}}}"#, "config.readiness.checks.a.tcp", "is no host:port"),
            (#"{"checks": {"a": {"tcp": ":80"}}}"#, "config.readiness.checks.a.tcp", "is no host:port"),
            (#"{"checks": {"a": {"tcp": "::1:80"}}}"#, "config.readiness.checks.a.tcp", "[::1]:443"),
            (#"{"checks": {"a": {"tcp": "x:65536"}}}"#, "config.readiness.checks.a.tcp", "is no host:port"),
            (#"{"checks": {"a": {"http": "127.0.0.1/x"}}}"#, "config.readiness.checks.a.http", "is no URL"),
            (
                #"{"checks": {"a": {"http": "ftp://x/"}}}"#, "config.readiness.checks.a.http",
                "neither by http nor by https"
            ),
            (#"{"checks": {"a": {"http": "http:///x"}}}"#, "config.readiness.checks.a.http", "names no host"),
            (
                #"{"checks": {"a": {"http": "http://u:p@x/"}}}"#, "config.readiness.checks.a.http",
                "check for the status 401"
            ),
            (#"{"checks": {"a": {"http": "http://x/a b"}}}"#, "config.readiness.checks.a.http", "write it as %XX"),
            (
                #"{"checks": {"a": {"http": "http://unix:/run/x.sock:/y"}}}"#, "config.readiness.checks.a.http",
                "under \u{201C}socket\u{201D}"
            ),
            (
                #"{"checks": {"a": {"http": "http://x/", "status": 20}}}"#, "config.readiness.checks.a.status",
                "100 to 599"
            ),
            (
                #"{"checks": {"a": {"http": "http://x/", "status": []}}}"#, "config.readiness.checks.a.status",
                "is empty"
            ),
            (
                #"{"checks": {"a": {"http": "http://x/", "host": "a/b"}}}"#, "config.readiness.checks.a.host",
                "is no host name"
            ),
            (
                #"{"checks": {"a": {"http": "http://x/", "socket": "x"}}}"#, "config.readiness.checks.a.socket",
                "/run/app.sock is one"
            ),
            (
                #"{"checks": {"a": {"tcp": "x:1", "body": "x"}}}"#, "config.readiness.checks.a.body",
                "goes with http only"
            ),
            (#"{"checks": {"a": {"command": []}}}"#, "config.readiness.checks.a.command", "holds no program"),
            (
                #"{"checks": {"a": {"tcp": "x:${n}"}}}"#, "config.readiness.checks.a.tcp",
                "without a \u{201C}count\u{201D}"
            ),
            (
                #"{"checks": {"a": {"count": 2, "tcp": "x:${65534+n}"}}}"#, "config.readiness.checks.a.tcp",
                "\u{201C}x:65536\u{201D} is no host:port"
            ),
            (
                #"{"checks": {"a": {"count": 2, "tcp": "x:1"}, "a-1": {"tcp": "x:1"}}}"#, "config.readiness.checks.a-1",
                "another check is called a-1"
            ),
            (#"{"checks": {"a": {"command": "x ssm:///y"}}}"#, nil, ""),
            (
                #"{"checks": {"a": {"command": ["ssm:///y"]}}}"#, "config.readiness.checks.a.command[0]",
                "none is resolved"
            ),
        ] as [(String, String?, String)])
    func mistakes(text: String, path: String?, message: String) throws {
        let errors = try readiness(text).errors
        guard let path else {
            #expect(errors == [])
            return
        }
        #expect(errors.count == 1, "\(errors)")
        #expect(errors.first?.hasPrefix(path + ": ") == true, "\(errors)")
        #expect(errors.first?.contains(message) == true, "\(errors)")
    }

    @Test("By the name cfn-init an unknown key is a warning, and its check stays, as often as it counts")
    func compatible() throws {
        let document = try readiness(#"{"checks": {"a": {"count": 2, "tcp": "x:${n}", "tpc": 1}}}"#, compatible: true)
        #expect(document.errors == [])
        #expect(document.warnings.count == 1)
        #expect(document.readiness?.map(\.id.name) == ["a-1", "a-2"])
    }

    @Test("No section is something else than an empty one; a config that isn't chosen waits for nothing")
    func absence() throws {
        #expect(try document(init: #"{"config": {}}"#).readiness == nil)
        #expect(try document(init: #"{"config": {"readiness": null}}"#).readiness == nil)
        #expect(try readiness("{}").readiness == [])
        let other = #"{"configSets": {"default": ["a"]}, "a": {}, "b": {"readiness": {"checks": {"x": {"tcp": "x"}}}}}"#
        let document = try document(init: other)
        #expect(document.readiness == nil && document.errors == [] && document.warnings.count == 1)
    }

    @Test(
        "An answer passes by its status and its body",
        arguments: [
            (HTTPCheck("u"), 200, "", CheckAnswer.ready), (HTTPCheck("u"), 399, "", .ready),
            (HTTPCheck("u"), 400, "", .notYet("400 Words")), (HTTPCheck("u"), 199, "", .notYet("199 Words")),
            (HTTPCheck("u", statuses: [401]), 401, "", .ready),
            (HTTPCheck("u", statuses: [401, 403]), 200, "", .notYet("200 Words; 401, 403 is wanted")),
            (HTTPCheck("u", body: "alive"), 200, "{\"alive\": 1}", .ready),
            (
                HTTPCheck("u", body: "alive"), 200, "dead\n",
                .notYet("200 Words, and its body doesn't hold \u{201C}alive\u{201D}", output: "dead")
            ),
            (HTTPCheck("u", body: "alive"), 503, "alive", .notYet("503 Words")),
        ])
    func answers(check: HTTPCheck, status: Int, body: String, answer: CheckAnswer) {
        #expect(check.answer(status, "Words", body: Array(body.utf8)) == answer)
    }

    @Test("A unit passes when it is active or has done its work")
    func units() {
        func answer(
            _ words: String, wasStarted: Bool = false, _ change: (inout UnitState) -> Void
        ) -> CheckAnswer {
            var state = UnitState(exists: true, enablement: .enabled, isActive: false, words: words)
            change(&state)
            return CheckAnswer(state, of: "x", wasStarted: wasStarted)
        }
        #expect(answer("active (running)") { $0.isActive = true } == .ready)
        #expect(answer("inactive (dead)") { $0.hasFinished = true } == .ready)
        #expect(answer("inactive (dead)", wasStarted: true) { $0.isIdleOneshot = true } == .ready)
        #expect(answer("inactive (dead)") { $0.isIdleOneshot = true } == .notYet("inactive (dead)"))
        #expect(answer("inactive (dead)", wasStarted: true) { _ in } == .notYet("inactive (dead)"))
        #expect(answer("activating (start)") { $0.isStarting = true } == .notYet("activating (start)"))
        #expect(
            answer("failed (failed)") { $0.hasFailed = true }
                == .wrong("failed (failed); its own lines: journalctl -u x"))
        #expect(answer("") { $0.exists = false } == .wrong("there is no such unit"))
    }
}
