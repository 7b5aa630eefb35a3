// What a run waits for at its end, against servers that are really there.

import Foundation
import InitCore
import TestSupport
import Testing

@Suite(.enabled(if: Program.isRoot, "needs root")) struct ReadinessTests {
    private let program: Program
    private let server: PythonProgram

    init() throws {
        program = try Program()
        let made = try PythonProgram.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
            "\(program.directory)/key.pem",
            "-out", "\(program.directory)/cert.pem", "-days", "2", "-subj", "/CN=code.example.com", "-addext",
            "subjectAltName=DNS:code.example.com", "-batch",
        ])
        try #require(made == 0)
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("web.py").path
        server = try PythonProgram([script, program.directory])
    }

    private func port(_ name: String) -> Int { Int(server.ready[name]?.number ?? 0) }
    private var web: String { "http://127.0.0.1:\(port("http"))" }

    /// A config with nothing but these checks.
    private func apply(
        _ checks: String, timeout: String = "20s", environment: [String] = []
    ) throws -> Program.Result {
        let document = try program.config(readiness(checks, timeout: timeout))
        return try run(environment + [Program.path, "apply", document])
    }

    private func run(_ words: [String]) throws -> Program.Result {
        let (output, errors) = (Pipe(), Pipe())
        let process = try program.start(words, as: "/usr/bin/env", output: output, errors: errors)
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        let complaints = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return Program.Result(code: process.terminationStatus, output: text, errors: complaints)
    }

    private func readiness(_ checks: String, timeout: String = "20s") -> String {
        #""readiness": {"timeout": "\#(timeout)", "interval": "100ms", "checks": {\#(checks)}}"#
            .replacingOccurrences(of: "100ms", with: "0.1")
    }

    // MARK: Passing

    @Test func `what comes late is waited for, all side by side`() throws {
        defer { program.remove() }
        // The port listens when somebody has asked for /open, and that answers well when the port has been connected to.
        let result = try apply(
            """
            "open": {"http": "\(web)/open", "body": "connected"}, "late": {"tcp": "127.0.0.1:\(port("late"))"},
            "three": {"http": "\(web)/third"}, "socket": {"http": "http://localhost/third", "socket": "\(program.directory)/web.sock"},
            "own": {"command": "echo x >> \(program.directory)/count; test $(wc -l < \(program.directory)/count) -ge 3"}
            """)
        #expect(result.code == 0, "\(result.output)")
        #expect(result.output.contains("✓ readiness[three] ready, "))
        #expect(result.output.contains("5 ready in "))
        #expect(try String(contentsOfFile: "\(program.directory)/count", encoding: .utf8) == "x\nx\nx\n")
    }

    @Test func `a server is asked for by its host name, and with it for the certificate of that name`() throws {
        defer { program.remove() }
        let tls = port("https")
        let result = try apply(
            """
            "plain": {"http": "\(web)/echo", "body": "host=127.0.0.1:\(port("http")) "},
            "host": {"http": "\(web)/echo", "host": "code.example.com", "body": "host=code.example.com "},
            "port": {"http": "\(web)/echo", "host": "code.example.com:81", "body": "host=code.example.com:81 "},
            "socket": {"http": "http://localhost/echo?a=%20b", "socket": "\(program.directory)/web.sock", "host": "x", "body": "host=x path=/echo?a=%20b"},
            "tls": {"http": "https://127.0.0.1:\(tls)/echo", "host": "code.example.com", "body": "host=code.example.com path=/echo name=code.example.com"},
            "address": {"http": "https://127.0.0.1:\(tls)/echo", "body": "name=None"}
            """)
        #expect(result.code == 0, "\(result.output)")
    }

    @Test func `no proxy is asked, and no redirect followed`() throws {
        defer { program.remove() }
        let proxies = ["http_proxy=http://127.0.0.1:9", "https_proxy=http://127.0.0.1:9"]
        let result = try apply(
            #""a": {"http": "\#(web)/moved"}, "b": {"http": "\#(web)/moved", "status": "302"}"#, environment: proxies)
        #expect(result.code == 0, "\(result.output)")
    }

    // MARK: Failing

    @Test(arguments: [
        ("{\"http\": \"WEB/503\"}", "WEB/503: 503 Service Unavailable"),
        ("{\"http\": \"WEB/echo\", \"status\": 401}", "WEB/echo: 200 OK; 401 is wanted"),
        ("{\"http\": \"WEB/moved\", \"status\": 200}", "WEB/moved: 302 Found; 200 is wanted"),
        ("{\"http\": \"WEB/echo\", \"body\": \"nothing\"}", "and its body doesn't hold \u{201C}nothing\u{201D}"),
        ("{\"http\": \"WEB/silent\"}", "no answer within the time for it"),
        ("{\"http\": \"WEB/large\", \"body\": \"the end\"}", "and its body doesn't hold"),
        ("{\"http\": \"http://127.0.0.1:DEAD/\"}", ": connection refused"),
        ("{\"http\": \"http://x/\", \"socket\": \"/nowhere/x.sock\"}", ": no such file or directory"),
        ("{\"http\": \"https://127.0.0.1:PLAIN/\"}", "it speaks no TLS"),
        ("{\"tcp\": \"localhost:DEAD\"}", "port localhost:DEAD: connection refused"),
        ("{\"tcp\": \"no-such-host.invalid:1\"}", "no-such-host.invalid: "),
        ("{\"command\": \"echo the reason; exit 3\"}", "it exited with code 3"),
        ("{\"command\": \"sleep 60\"}", "it was stopped after its timeout of 1 s"),
        ("{\"command\": [\"/no/such/program\"]}", "it could not be started: /no/such/program"),
        ("{\"unit\": \"no-such.service\"}", "unit no-such.service: "),
    ])
    func `a check that doesn't pass fails the run with its last answer`(check: String, words: String) throws {
        defer { program.remove() }
        func filled(_ text: String) -> String {
            text.replacingOccurrences(of: "WEB", with: web).replacingOccurrences(of: "DEAD", with: "\(port("dead"))")
                .replacingOccurrences(of: "PLAIN", with: "\(port("http"))")
        }
        let result = try apply("\"a\": \(filled(check))", timeout: "1s")
        #expect(result.code == 1)
        #expect(result.output.contains("Failed: readiness[a]: not ready after "), "\(result.output)")
        #expect(result.output.contains(filled(words)), "\(result.output)")
    }

    @Test func `elsewhere than on this machine a certificate must be trusted and be for the name`() throws {
        defer { program.remove() }
        let names = Host.current().addresses.filter { !$0.contains(":") && !$0.hasPrefix("127.") }
        let address = try #require(names.first, "this machine has no address but its loopback")
        let url = "https://\(address):\(port("https"))/echo"
        let trust = ["AWS_CA_BUNDLE=\(program.directory)/cert.pem"]
        let strange = try apply(#""a": {"http": "\#(url)", "host": "code.example.com"}"#, timeout: "1s")
        #expect(strange.output.contains("its certificate isn't trusted here"), "\(strange.output)")
        let wrong = try apply(
            #""a": {"http": "\#(url)", "host": "other.example.com"}"#, timeout: "1s", environment: trust)
        #expect(wrong.code == 1)
        let right = try apply(#""a": {"http": "\#(url)", "host": "code.example.com"}"#, environment: trust)
        #expect(right.code == 0, "\(right.output)")
    }

    @Test func `a secret that a check prints isn't shown`() throws {
        defer { program.remove() }
        let key = "\(program.directory)/key"
        let files = #""files": {"\#(key)": {"content": "hunter2hunter2", "mode": "000600"}}"#
        let checks = readiness(#""a": {"command": "cat \#(key); exit 1"}"#, timeout: "1s")
        let document = try program.config("\(files), \(checks)")
        for options in [[], ["--json"]] {
            let result = try run([Program.path, "apply", document] + options)
            #expect(result.code == 1)
            #expect(result.output.contains("(secret)"))
            #expect(!(result.output + result.errors).contains("hunter2"))
        }
    }

    // MARK: Around it

    @Test func `SIGTERM ends the waiting at once and is told`() throws {
        defer { program.remove() }
        let mark = "\(program.directory)/mark"
        let document = try program.config(
            readiness(#""a": {"command": "echo > \#(mark); sleep 60"}, "b": {"http": "\#(web)/silent"}"#, timeout: "1h")
        )
        let output = Pipe()
        let process = try program.start(["apply", document], output: output)
        for _ in 0..<1000 where !FileManager.default.fileExists(atPath: mark) { usleep(10_000) }
        process.terminate()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 1)
        #expect(text.contains("Failed: stopped by SIGTERM"))
        #expect(text.contains("readiness[a] skipped: given up: stopped by SIGTERM"))
    }

    @Test func `a plan tells what would be waited for and asks nobody`() throws {
        defer { program.remove() }
        let mark = "\(program.directory)/mark"
        let document = try program.config(readiness(#""a": {"command": "touch \#(mark)", "timeout": "90s"}"#))
        let result = try program.run("plan", document)
        #expect(result.code == 0)
        #expect(result.output.contains("? readiness[a] would wait for command touch \(mark) (1 min 30 s at most)"))
        #expect(result.output.contains("Plan: 1 to wait for."))
        #expect(!FileManager.default.fileExists(atPath: mark))
        #expect(try program.run("plan", document, "--detailed-exitcode").code == 0)
        #expect(try program.run("apply", document, "--root", program.root).code == 0)
        #expect(!FileManager.default.fileExists(atPath: mark))
        #expect(try program.run("apply", document, "--only", "readiness/a").code == 0)
        #expect(FileManager.default.fileExists(atPath: mark))
    }

    @Test func `the report as data has each check, its time and its tries`() throws {
        defer { program.remove() }
        let document = try program.config(
            readiness(#""good": {"http": "\#(web)/third"}, "bad": {"http": "\#(web)/503", "timeout": "2s"}"#))
        let result = try program.run("apply", document, "--json")
        let report = JSONNode(try JSONParser.parse(Array(result.output.utf8), name: "report").value)
        #expect(report["outcome"]?.plainText == "failed")
        #expect(report["error"]?["item"]?.plainText == "readiness[bad]")
        #expect(report["error"]?["kind"]?.plainText == "timedOut")
        let checks = report["readiness"]?.items ?? []
        #expect(checks.map { $0["name"]?.plainText } == ["bad", "good"])
        #expect(checks.map { $0["outcome"]?.plainText } == ["failed", "ready"])
        #expect(checks.last?["tries"]?.number == 3)
        #expect(checks.last?["target"]?.plainText == "\(web)/third")
        #expect(checks.first?["timeoutMs"]?.number == 2000)
        #expect(checks.first?["error"]?["message"]?.plainText.contains("503 Service Unavailable") == true)
    }

    @Test func `by the name cfn-init a failed check is exit code 1, and stands in its log`() throws {
        defer { program.remove() }
        let name = "\(program.directory)/cfn-init"
        try FileManager.default.createSymbolicLink(atPath: name, withDestinationPath: Program.path)
        let good = try program.config(readiness(#""a": {"http": "\#(web)/third"}"#))
        #expect(try run([name, good]).code == 0)
        let bad = try program.config(readiness(#""a": {"http": "\#(web)/503"}"#, timeout: "1s"))
        let result = try run([name, bad])
        #expect(result.code == 1)
        #expect(
            result.errors.contains("Error occurred during build: readiness[a]: not ready after "), "\(result.errors)")
        let log = try String(contentsOfFile: "\(program.directory)/log/cfn-init.log", encoding: .utf8)
        #expect(log.contains("[INFO] readiness[a] is ready after "))
        #expect(log.contains("[ERROR] readiness[a]: not ready after "))
    }
}
