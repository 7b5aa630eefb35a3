import Foundation
import InitCore
import Testing

@testable import InitLinux

/// Writes into a place that somebody else may turn.
@Suite final class LinkFreeTests {
    private let directory = NSTemporaryDirectory() + "ide-init-\(UUID().uuidString)"

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    private func write(_ path: String, below base: String) -> Failure? {
        var write = FileWrite("\(directory)/\(path)", .bytes(Array("new".utf8)), mode: 0o600, keepsBackup: false)
        write.linkFreeBelow = "\(directory)/\(base)"
        return FileCommit(root: Root()).commit([write]).failure
    }

    @Test("No directory is made through a link below the home of whoever it is for")
    func directories() throws {
        let files = FileManager.default
        for name in ["home/a", "elsewhere"] {
            try files.createDirectory(atPath: "\(directory)/\(name)", withIntermediateDirectories: true)
        }
        try files.createSymbolicLink(atPath: "\(directory)/home/work", withDestinationPath: "../elsewhere")
        let commit = FileCommit(root: Root())
        func make(_ path: String) throws {
            _ = try commit.makeDirectory(
                "\(directory)/\(path)", mode: 0o755, owner: nil, group: nil, linkFreeBelow: "\(directory)/home")
        }
        try make("home/a/b")
        #expect(files.fileExists(atPath: "\(directory)/home/a/b"))
        #expect(throws: Failure.self) { try make("home/work/project") }
        #expect(!files.fileExists(atPath: "\(directory)/elsewhere/project"))
    }

    @Test("A link below the directory is not followed; one above it is the host's own")
    func links() throws {
        let files = FileManager.default
        for name in ["data/home/.config/a", "elsewhere/a"] {
            try files.createDirectory(atPath: "\(directory)/\(name)", withIntermediateDirectories: true)
        }
        try files.createSymbolicLink(atPath: "\(directory)/homes", withDestinationPath: "data")
        #expect(write("homes/home/.config/a/file", below: "homes/home") == nil)
        #expect(files.contents(atPath: "\(directory)/data/home/.config/a/file") == Data("new".utf8))
        #expect(write("homes/home/file", below: "homes/home") == nil)

        try files.removeItem(atPath: "\(directory)/data/home/.config")
        try files.createSymbolicLink(
            atPath: "\(directory)/data/home/.config", withDestinationPath: "\(directory)/elsewhere")
        let failure = try #require(write("homes/home/.config/a/file", below: "homes/home"))
        #expect(failure.kind == .refused && failure.message.contains("leads to"), "\(failure)")
        #expect(try files.contentsOfDirectory(atPath: "\(directory)/elsewhere/a").isEmpty)
    }
}
