import Foundation
import Glibc
import InitCore
import Testing

@testable import InitLinux

/// A directory of its own for one test: `source` is packed, `out` is unpacked to; removed when the test is over.
final class ArchiveSandbox {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "ide-init-archive-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path + "/source", withIntermediateDirectories: true)
    }

    deinit { _ = try? shell("chmod -R u+rwx . && rm -rf '\(path)'") }

    var out: String { path + "/out" }

    /// What it prints; run in the sandbox.
    @discardableResult
    func shell(_ command: String) throws -> String {
        try run("/bin/sh", ["-ec", command])
    }

    /// Python with tarfile, zipfile and io at hand.
    func python(_ program: String) throws {
        _ = try run("/usr/bin/env", ["python3", "-c", "import io, tarfile, zipfile\n" + program])
    }

    /// A tar of empty files, directories, links … given as calls of `add(name, type, target, mode, data)`.
    func tar(_ calls: String) throws {
        try python(
            """
            t = tarfile.open("a.tar", "w")
            def add(name, kind=tarfile.REGTYPE, target="", mode=0o644, data=b""):
                i = tarfile.TarInfo(name); i.type = kind; i.linkname = target; i.mode = mode; i.size = len(data)
                t.addfile(i, io.BytesIO(data))
            DIR, SYM, LNK, FIFO, CHR = tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE
            \(calls)
            t.close()
            """)
    }

    private func run(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: path)
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw Failure(.commandFailed, text) }
        return text
    }

    @discardableResult
    func unpack(
        _ archive: String = "a.tar", to destination: String? = nil, strips: Bool = false, setuid: Bool = false,
        isRoot: Bool = false
    ) throws -> ArchiveComparison {
        try open(archive) {
            try Self.unpacker(isRoot).unpack(
                $0, to: destination ?? out, stripsTopLevel: strips, allowsSetuid: setuid)
        }
    }

    func compare(_ archive: String = "a.tar", to destination: String? = nil) throws -> ArchiveComparison {
        try open(archive) { try Self.unpacker(false).compare($0, to: destination ?? out) }
    }

    /// The message of a refusal that must come, with the destination as it was.
    func refusal(_ archive: String = "a.tar", to destination: String? = nil, strips: Bool = false) throws -> String {
        let before = try tree(".")
        let failure = #expect(throws: Failure.self) { try unpack(archive, to: destination, strips: strips) }
        #expect(try tree(".") == before)
        let refusal = try #require(failure)
        #expect(refusal.kind == .refused)
        return refusal.message
    }

    private static func unpacker(_ isRoot: Bool) -> Unpacker {
        Unpacker(
            isRoot: isRoot, umask: 0o022, user: { ["daemon": 1][$0] }, group: { ["daemon": 1, "sys": 3][$0] })
    }

    private func open<T>(_ archive: String, _ body: (Int32) throws -> T) throws -> T {
        let descriptor = Glibc.open(path + "/" + archive, O_RDONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        return try body(descriptor)
    }

    /// Every name with kind, mode, inode, time, link target and content.
    func tree(_ directory: String = "out") throws -> String {
        try shell(
            """
            find \(directory) -mindepth 1 -printf '%P %y %m %i %T@ %l\\n' | LC_ALL=C sort
            find \(directory) -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum
            """)
    }

    func read(_ name: String) throws -> String { try String(contentsOfFile: path + "/" + name, encoding: .utf8) }

    func mode(_ name: String) throws -> String {
        try shell("stat -c %a '\(name)'").trimmingCharacters(in: .newlines)
    }
}
