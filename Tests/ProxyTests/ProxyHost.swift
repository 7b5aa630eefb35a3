// A host for one test: ide-init with a /run and /var of the test's own, the real Traefik with names of the test's own, and
// stand-ins for IDEs. Tests/Roots/proxies brings Traefik into IDE_INIT_ROOTS/proxies (IDE_INIT_TRAEFIK names another).
// Needs root; without these the tests are skipped, unless IDE_INIT_REQUIRE_REAL=1.

import Foundation
import Testing

final class ProxyHost {
    struct Output {
        let code: Int32
        let text: String
    }

    struct Trouble: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    static let environment = ProcessInfo.processInfo.environment
    static let traefik =
        environment["IDE_INIT_TRAEFIK"] ?? (environment["IDE_INIT_ROOTS"] ?? "/nowhere") + "/proxies/traefik"
    static let isThere =
        geteuid() == 0 && FileManager.default.isExecutableFile(atPath: traefik)
        || environment["IDE_INIT_REQUIRE_REAL"] == "1"

    private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
    /// Beside the test bundle, unless IDE_INIT_PROGRAM names another.
    private static let program =
        environment["IDE_INIT_PROGRAM"]
        ?? URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "ide-init").path

    let directory: String
    private var children: [Process] = []

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "ide-init-proxy-\(UUID().uuidString)").path
        for name in ["run", "state", "log"] {
            try FileManager.default.createDirectory(atPath: "\(directory)/\(name)", withIntermediateDirectories: true)
        }
    }

    deinit {
        // Tests run with signals blocked, which a child takes over.
        for child in children where child.isRunning { kill(child.processIdentifier, SIGKILL) }
        for child in children { child.waitUntilExit() }
        try? FileManager.default.removeItem(atPath: directory)
    }

    var traefikDirectory: String { directory + "/traefik" }

    func content(_ path: String) throws -> String {
        try String(contentsOfFile: "\(directory)/\(path)", encoding: .utf8)
    }

    func write(_ text: String, to path: String) throws {
        let path = "\(directory)/\(path)"
        try FileManager.default.createDirectory(
            atPath: URL(filePath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    // MARK: Programs

    private func process(_ words: [String], _ output: Pipe) -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        return process
    }

    @discardableResult
    func run(_ words: String...) throws -> Output { try run(words) }

    @discardableResult
    func run(_ words: [String]) throws -> Output {
        let output = Pipe()
        let process = process(words, output)
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return Output(code: process.terminationStatus, text: text)
    }

    /// Its lock and state are this test's own.
    private func alone(_ words: [String]) -> [String] {
        let mounts = ["run": "/run", "state": "/var/lib", "log": "/var/log"].map {
            "mount --bind \(directory)/\($0) \($1)"
        }
        let script = (mounts + ["exec \"$@\""]).joined(separator: " && ")
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"] + words
    }

    @discardableResult
    func ideInit(_ words: String...) throws -> Output { try run(alone([Self.program] + words)) }

    /// Lets it begin, and kills it dead after so many milliseconds.
    func killedIdeInit(_ words: String..., after milliseconds: Int) throws {
        let wait = "timeout --signal=KILL \(milliseconds).0e-3 \"$@\""
        _ = try run(alone(["sh", "-c", wait, "sh", Self.program] + words))
    }

    // MARK: Servers

    /// Starts it, and returns when it listens on all these ports.
    @discardableResult
    private func start(_ words: [String], listeningTo ports: [Int]) throws -> Process {
        let child = process(words, Pipe())
        let log = "\(directory)/\(UUID().uuidString).log"
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        child.standardOutput = FileHandle(forWritingAtPath: log)
        child.standardError = child.standardOutput
        try child.run()
        children.append(child)
        let begin = Date()
        while !ports.allSatisfy({ isListening($0, child) }) {
            let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            guard child.isRunning else { throw Trouble("\(words) ended: \(text)") }
            guard Date().timeIntervalSince(begin) < 60 else { throw Trouble("\(words) doesn't listen: \(text)") }
            usleep(20_000)
        }
        return child
    }

    /// Whether that process itself has the port, and not one of another test.
    private func isListening(_ port: Int, _ child: Process) -> Bool {
        let result = try? run("sh", "-c", "ss -Hltnp 'sport = :\(port)' | grep -q 'pid=\(child.processIdentifier),'")
        return result?.code == 0
    }

    /// The real one, with these names in its /etc/hosts. Serves on the ports as soon as this returns.
    func startTraefik(_ ports: Ports, names: [String] = []) throws {
        try write("127.0.0.1 localhost \(names.joined(separator: " "))\n", to: "hosts")
        let script = "mount --bind \(directory)/hosts /etc/hosts && exec \"$@\""
        let configuration = "--configFile=\(traefikDirectory)/traefik.toml"
        try start(
            [
                "unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", Self.traefik, configuration,
            ], listeningTo: [ports.http, ports.https, ports.dashboard])
    }

    /// The stand-in for code-server; without a password it lets everybody in.
    func startIDE(port: Int, password: String? = nil) throws {
        try write(
            "bind-addr: 127.0.0.1:\(port)\nauth: \(password == nil ? "none" : "password")\n"
                + (password.map { "password: \($0)\n" } ?? "") + "cert: false\n", to: "ide-\(port)/config.yaml")
        try start(
            [
                Self.tests + "/Support/code-server", "--config", "\(directory)/ide-\(port)/config.yaml",
                "--user-data-dir", "\(directory)/ide-\(port)/data", directory,
            ], listeningTo: [port])
    }

    /// Goes there as a browser does, and echoes a text by WebSocket; what it saw is the text.
    func browse(_ url: String, _ options: String...) throws -> Output {
        try run([Self.tests + "/Support/browser", url] + options)
    }

    struct Ports {
        let http: Int
        let https: Int
        let dashboard: Int
        let ide: Int

        /// Free just now; several at once, so that they differ.
        init() throws {
            var sockets: [Int32] = []
            defer { for one in sockets { close(one) } }
            let ports = try (0..<4).map { _ in
                let one = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
                sockets.append(one)
                var address = sockaddr_in()
                address.sin_family = sa_family_t(AF_INET)
                address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
                var length = socklen_t(MemoryLayout<sockaddr_in>.size)
                let port: UInt16? = withUnsafeMutablePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                        guard bind(one, pointer, length) == 0, getsockname(one, pointer, &length) == 0 else {
                            return nil
                        }
                        return UnsafeRawPointer(pointer).load(as: sockaddr_in.self).sin_port.bigEndian
                    }
                }
                guard let port else { throw Trouble("no port is free") }
                return Int(port)
            }
            (http, https, dashboard, ide) = (ports[0], ports[1], ports[2], ports[3])
        }
    }

    // MARK: Certificates

    /// Signed by itself, for code.example.com and all below it; another at each call.
    func makeCertificate(days: Int = 60) throws -> (chain: String, key: String) {
        let place = "\(directory)/\(UUID().uuidString)"
        let result = try run(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
            place + ".key", "-out", place + ".pem", "-subj", "/CN=code.example.com", "-days", "\(days)", "-addext",
            "subjectAltName=DNS:code.example.com,DNS:*.code.example.com")
        guard result.code == 0 else { throw Trouble(result.text) }
        return (
            try String(contentsOfFile: place + ".pem", encoding: .utf8),
            try String(contentsOfFile: place + ".key", encoding: .utf8)
        )
    }

    /// SHA-256 of what a server shows, of a PEM text, or of a file's.
    func fingerprint(servedAt port: Int) throws -> String {
        try run(
            "sh", "-c",
            "openssl s_client -connect 127.0.0.1:\(port) -servername code.example.com </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256"
        ).text
    }

    func fingerprint(of pem: String) throws -> String {
        try write(pem, to: "shown.pem")
        return try run("openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", "\(directory)/shown.pem").text
    }

    /// Asks until it is so; a minute at most.
    func eventually(_ what: String, _ isSo: () throws -> Bool) throws {
        let begin = Date()
        while try !isSo() {
            guard Date().timeIntervalSince(begin) < 60 else { throw Trouble("it never came to that: \(what)") }
            usleep(50_000)
        }
    }
}
