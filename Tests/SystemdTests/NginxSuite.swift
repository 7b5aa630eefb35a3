// The parent of the suites with a real nginx, on a booted machine in a network of its own, where whatever it leads to listens too.

import Foundation
import InitCore
import TestSupport
import Testing

@Suite(
    .serialized,
    .enabled(
        if: Machine.isThere || Machine.isRequired,
        "a systemd of our own needs root and IDE_INIT_ROOTS, the folder where test roots are kept"))
enum NginxSuite {
    private static let shared = Result { try NginxHost() }

    /// As after the installation of Debian's package.
    static func host() throws -> NginxHost {
        let host = try shared.get()
        try host.shell(
            """
            systemctl stop nginx; systemctl reset-failed; systemctl disable --quiet nginx
            rm -rf /var/lib/ide-init /etc/nginx /var/log/nginx/* /etc/pki
            cp -a /srv/nginx /etc/nginx
            """)
        return host
    }
}

/// A machine with nginx, and what lies behind it.
final class NginxHost: Sendable {
    let machine: Machine
    private let holder: PythonProgram
    private let upstream: PythonProgram
    private let words: [String]

    private static let directory = URL(filePath: #filePath).deletingLastPathComponent()
    static let support = directory.deletingLastPathComponent().appending(path: "Support").path

    init() throws {
        holder = try PythonProgram(
            ["--net", "sh", "-ec", "ip link set lo up; echo \"{\\\"pid\\\": $$}\"; exec cat >/dev/null"],
            interpreter: "unshare")
        let words = ["/usr/bin/nsenter", "--net=/proc/\(Int(holder.ready["pid"]?.number ?? 0))/ns/net"]
        guard Machine.isThere, let folder = Machine.environment["IDE_INIT_ROOTS"] else {
            throw Trouble("IDE_INIT_ROOTS isn't set, or this isn't root")
        }
        let made = try execute([
            Machine.checkout.appending(path: "Tests/Roots/idehost").path, "\(folder)/idehost",
        ])
        guard made.code == 0 else { throw Trouble("Tests/Roots/idehost: \(made.text)") }
        machine = try Machine.booted("nginx", root: "\(folder)/idehost", network: words)
        let set = try machine.run(
            "sh", "-c", "systemctl stop nginx; cp -a /etc/nginx /srv/nginx && systemctl disable --quiet nginx")
        guard set.code == 0 else { throw Trouble("nginx can't be set up: \(set.text)") }
        upstream = try PythonProgram(
            Array(words.dropFirst()) + [
                "python3", Self.directory.appending(path: "upstream.py").path, "8001", "8100",
                machine.outside("/run/ide.sock"),
            ], interpreter: words[0])
        self.words = words
    }

    @discardableResult
    func shell(_ script: String) throws -> String { try machine.run("sh", "-c", script).text }

    /// The stand-in for code-server, until it is let go.
    func codeServer(_ words: String...) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: self.words[0])
        process.arguments = self.words.dropFirst() + ["python3", Self.support + "/code-server"] + words
        // Gone with the machine.
        let home = machine.outside("/srv/\(UUID().uuidString)")
        process.environment = ["HOME": home, "PATH": "/usr/bin:/bin"]
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Somebody in the network.
    func outside(_ words: [String]) throws -> Output { try execute(self.words + words) }

    /// What `Tests/Support/browser` prints.
    func browse(_ words: String...) throws -> (code: Int32, seen: [String: Any], text: String) {
        let output = try outside(["python3", Self.support + "/browser"] + words)
        let line = output.text.split(separator: "\n").last.map { Data($0.utf8) } ?? Data()
        let seen = try? JSONSerialization.jsonObject(with: line) as? [String: Any]
        return (output.code, seen ?? [:], output.text)
    }

    /// Head and body as curl prints them.
    func ask(_ words: String...) throws -> Answer {
        Answer(try outside(["curl", "-sik", "--max-time", "20"] + words).text)
    }

    /// Opens a WebSocket, runs the words inside, and uses it again.
    func held(_ path: String, _ name: String, while command: [String]) throws -> [String: Any] {
        let script = Self.directory.appending(path: "held.py").path
        let output = try outside(["python3", script, "80", path, name] + machine.inside + command)
        let value = try? JSONSerialization.jsonObject(with: Data(output.text.utf8)) as? [String: Any]
        return value ?? ["text": output.text]
    }

    /// A reload is under way when it has been asked for: nginx's new workers come a moment later.
    func wait(_ location: SourceLocation = #_sourceLocation, until isSo: () throws -> Bool) throws {
        for _ in 0..<100 {
            if try isSo() { return }
            usleep(100_000)
        }
        Issue.record("it isn't so within 10 s", sourceLocation: location)
    }

    // MARK: The program

    /// - Parameter nginx: the section as JSON.
    static func document(_ nginx: String, beside: String = "") -> String {
        #"{"AWS::CloudFormation::Init": {"config": {\#(beside)"nginx": \#(nginx)}}}"#
    }

    func apply(_ nginx: String, beside: String = "") throws -> Report {
        try machine.perform(["apply"], Self.document(nginx, beside: beside))
    }

    func plan(_ nginx: String, beside: String = "") throws -> Report {
        try machine.perform(["plan"], Self.document(nginx, beside: beside))
    }

    /// The process that reads the configuration, and how often it was told to.
    var traces: String { get throws { try machine.property("MainPID", of: "nginx") } }

    func conf(_ name: String) -> String { "/etc/nginx/conf.d/ide-init-\(name).conf" }
}

struct Answer {
    let status: Int
    let headers: [String: String]
    let body: String

    init(_ text: String) {
        let parts = text.components(separatedBy: "\r\n\r\n")
        let lines = parts[0].components(separatedBy: "\r\n")
        status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        headers = Dictionary(
            lines.dropFirst().compactMap { line in
                line.firstIndex(of: ":").map {
                    (line[..<$0].lowercased(), line[$0...].dropFirst().trimmingCharacters(in: .whitespaces))
                }
            }, uniquingKeysWith: { $1 })
        body = parts.dropFirst().joined(separator: "\r\n\r\n")
    }

    /// What the upstream was asked.
    var seen: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]) ?? [:]
    }

    func header(_ name: String) -> String? { (seen["headers"] as? [String: String])?[name] }
}
