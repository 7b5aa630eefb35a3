import Foundation
import Glibc
import InitCore
import InitLinux
import InitTesting
import Testing

/// A host to hold to the contract: the fake, or the real one under a directory of its own.
struct Candidate: Sendable, CustomTestStringConvertible {
    static let all = [Candidate(isReal: false), Candidate(isReal: true)]

    let isReal: Bool

    var testDescription: String { isReal ? "the real host" : "the fake host" }

    /// What URLs hold, on either host.
    static let downloads = ["https://example.com/a": "body {{name}}\n"]

    /// What references stand for, on either host.
    static let references = ["ssm:///a/b": "value of a/b"]

    /// The members of the archive that stands at /a.tar, on either host.
    static let archive = #"""
        {"top/bin/tool": {"content": "tool\n", "mode": "0750"}, "top/read me": "read\n", "top/link": {"target": "bin/tool"}}
        """#

    /// Runs the body on an empty host, then takes it away.
    func with(_ body: (InitCore.Host) async throws -> Void) async throws {
        guard isReal else {
            let downloads = JSONValue.object(JSONObject(Self.downloads.map { ($0, .string($1)) })).pythonText
            let references = JSONValue.object(JSONObject(Self.references.map { ($0, .string($1)) })).pythonText
            let text =
                #"{"downloads": \#(downloads), "references": \#(references), "archives": {"/a.tar": \#(Self.archive)}, "files": {"/a.tar": ""}}"#
            let fake = FakeHost(try FakeWorld(Array(text.utf8), name: "contract")) { Issue.record("\($0)") }
            return try await body(fake.host())
        }
        let directory = NSTemporaryDirectory() + "ide-init-contract-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try Self.makeArchive(in: directory)
        let host = LinuxHost(
            root: Root(directory), scrubber: Scrubber(), stop: StopSwitch(), isRehearsal: false, runsTests: false,
            fetch: { download, descriptor in
                guard let text = Self.downloads[download.url] else { throw Failure(.network, "no such download") }
                try FileHandle(fileDescriptor: descriptor).write(contentsOf: Data(text.utf8))
            },
            resolve: { reference in
                guard let value = Self.references["\(reference)"] else { throw Failure(.network, "no such thing") }
                return Secret(value)
            },
            prefetch: { _, _ in }, askHTTP: { _, _ in .wrong("no servers here") })
        try await body(host.host)
    }
}

extension Candidate {
    /// The archive as the real tar makes it, members alone as in the fake one.
    private static func makeArchive(in directory: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.currentDirectoryURL = URL(filePath: directory)
        process.arguments = [
            "-ec",
            """
            mkdir -p t/top/bin; cd t; echo tool >top/bin/tool; chmod 750 top/bin/tool; echo read >'top/read me'
            ln -s bin/tool top/link; tar -cf ../a.tar --owner=0 --group=0 top/bin/tool 'top/read me' top/link; rm -r ../t
            """,
        ]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }
}

extension InitCore.Host {
    /// What a person would see there: kind, mode, owner and content; nil: nothing.
    func look(_ path: String) throws -> String? {
        guard let status = try probe.status(path) else { return nil }
        let mode = status.kind == .link ? "" : " " + String(status.mode, radix: 8)
        let owner = status.owner == geteuid() && status.group == getegid() ? "" : " \(status.owner):\(status.group)"
        switch status.kind {
        case .file: return "file\(mode)\(owner) \(String(decoding: try probe.read(path), as: UTF8.self))"
        case .link: return "link\(owner) \(try probe.linkTarget(path))"
        case .directory, .other: return "\(status.kind)\(mode)\(owner)"
        }
    }

    /// Writes one file as a batch of its own.
    @discardableResult
    func write(
        _ path: String, _ content: String, mode: UInt16 = 0o644, owner: UInt32? = nil, group: UInt32? = nil,
        keepsBackup: Bool = false
    ) async throws -> Bool {
        let write = FileWrite(
            path, .bytes(Array(content.utf8)), mode: mode, owner: owner, group: group, keepsBackup: keepsBackup)
        let result = try await commit([write])
        if let failure = result.failure { throw failure }
        return result.changed == [true]
    }
}
