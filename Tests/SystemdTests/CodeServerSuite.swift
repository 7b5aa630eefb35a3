// IDEs on a machine of their own: the stand-in for code-server, installed from an archive or a package, configured, entered by a
// browser. Tests/Support has both.

import Foundation
import InitCore
import TestSupport
import Testing

@Suite(
    .serialized,
    .enabled(
        if: Machine.isThere || Machine.isRequired,
        "a systemd of our own needs root and IDE_INIT_ROOTS, the folder where test roots are kept"))
enum CodeServerSuite {
    private static let machine = Result { try Machine.ideHost("code-server") }
    private static let releases = Result { try Releases() }

    /// With the users dev1 and dev2, and nothing of code-server.
    static func start() throws -> (machine: Machine, releases: Releases) {
        let machine = try machine.get()
        try machine.shell(
            """
            systemctl stop 'ide-init-code-server@*' || true
            systemctl reset-failed
            rm -rf /etc/systemd/system/ide-init* /etc/systemd/system/*.wants/ide-init* /var/lib/ide-init /opt/code-server /etc/ide-init
            for user in dev1 dev2; do
              userdel -r $user >/dev/null 2>&1 || true
              useradd -m -s /bin/bash $user
            done
            systemctl daemon-reload
            """)
        return (machine, try releases.get())
    }
}

/// Archives of the stand-in, and who serves them.
struct Releases {
    private let server: PythonProgram
    private let directory: URL

    private static let script = """
        import functools, http.server, json, sys
        class Quiet(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_): pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=sys.argv[1]))
        import threading
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(json.dumps({"port": server.server_port}), flush=True)
        sys.stdin.read()
        """

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "ide-init-releases-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        server = try PythonProgram(["-c", Self.script, directory.path])
    }

    private func url(_ file: String) -> String { "http://127.0.0.1:\(Int(server.ready["port"]?.number ?? 0))/\(file)" }

    /// - Parameter program: another than the stand-in.
    /// - Returns: what `install` takes.
    func archive(_ version: String, program: String? = nil) throws -> [String: Any] {
        let name = "code-server-\(version)-linux-amd64"
        try lay(version, below: "\(name)", program: program)
        try run(["tar", "-C", directory.path, "-czf", "\(directory.path)/\(name).tar.gz", "--owner=runner:1001", name])
        return try install(version, "\(name).tar.gz")
    }

    func deb(_ version: String) throws -> [String: Any] {
        let name = "code-server_\(version)_amd64"
        try lay(version, below: "\(name)/usr/lib/code-server", program: nil)
        let root = directory.appending(path: name)
        for path in ["DEBIAN", "usr/bin"] {
            try FileManager.default.createDirectory(
                at: root.appending(path: path), withIntermediateDirectories: true)
        }
        let control =
            "Package: code-server\nVersion: \(version)\nArchitecture: amd64\nMaintainer: nobody\nDescription: x\n"
        try control.write(to: root.appending(path: "DEBIAN/control"), atomically: false, encoding: .utf8)
        try FileManager.default.createSymbolicLink(
            atPath: root.appending(path: "usr/bin/code-server").path,
            withDestinationPath: "../lib/code-server/bin/code-server")
        try run(["dpkg-deb", "--root-owner-group", "--build", root.path, "\(root.path).deb"])
        return try install(version, "\(name).deb")
    }

    private func lay(_ version: String, below folder: String, program: String?) throws {
        let root = directory.appending(path: folder)
        try? FileManager.default.removeItem(at: root)
        try FileManager.default.createDirectory(at: root.appending(path: "bin"), withIntermediateDirectories: true)
        let text =
            try program
            ?? String(contentsOf: Machine.checkout.appending(path: "Tests/Support/code-server"), encoding: .utf8)
        try text.write(to: root.appending(path: "bin/code-server"), atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: root.appending(path: "bin/code-server").path)
        try "{\"version\": \"\(version)\"}".write(
            to: root.appending(path: "package.json"), atomically: false, encoding: .utf8)
        // As they may come: whatever the archive says, nobody else writes to what others run.
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o666], ofItemAtPath: root.appending(path: "package.json").path)
    }

    private func install(_ version: String, _ file: String) throws -> [String: Any] {
        let sum = try execute(["/usr/bin/sha256sum", "\(directory.path)/\(file)"]).text.prefix { $0 != " " }
        return ["version": version, "source": url(file), "sha256": String(sum)]
    }

    private func run(_ words: [String]) throws {
        let output = try execute(["/usr/bin/env"] + words)
        guard output.code == 0 else { throw Trouble("\(words): \(output.text)") }
    }
}

/// A port of loopback that nobody has just now.
func freePort() throws -> Int {
    let text = try execute([
        "/usr/bin/python3", "-c",
        "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])",
    ]).text
    return try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)))
}

/// What Tests/Support/browser saw.
struct Visit {
    let isFine: Bool
    let text: String
    private let seen: [String: Any]

    init(_ url: String, _ options: String...) throws {
        let browser = Machine.checkout.appending(path: "Tests/Support/browser").path
        let output = try execute(["/usr/bin/python3", browser, url] + options)
        isFine = output.code == 0
        text = output.text
        seen = try JSONSerialization.jsonObject(with: Data(output.text.utf8)) as? [String: Any] ?? [:]
    }

    var folder: String? { seen["folder"] as? String }
    var cookies: [String] { (seen["cookies"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String } }
}
