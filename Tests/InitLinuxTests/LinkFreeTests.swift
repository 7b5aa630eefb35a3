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

    @Test("What is missing behind such a link isn't made either; what is missing before one is, and is open")
    func missing() throws {
        let files = FileManager.default
        for name in ["home", "elsewhere"] {
            try files.createDirectory(atPath: "\(directory)/\(name)", withIntermediateDirectories: true)
        }
        try files.createSymbolicLink(atPath: "\(directory)/home/.config", withDestinationPath: "../elsewhere")
        let failure = try #require(write("home/.config/a/b/file", below: "home"))
        #expect(failure.kind == .refused && failure.message.contains("leads to ../elsewhere"), "\(failure)")
        #expect(try files.contentsOfDirectory(atPath: "\(directory)/elsewhere").isEmpty)

        #expect(write("home/.local/share/file", below: "home") == nil)
        #expect(write("home/../elsewhere/file", below: "home")?.kind == .refused)
        let mode = try files.attributesOfItem(atPath: "\(directory)/home/.local/share")[.posixPermissions] as? Int
        #expect(mode == 0o755)
    }

    /// By its name the staged file is looked up once more; by then the directory's owner may have put a fifo there.
    @Test("What isn't the staged file is neither waited for nor put in place")
    func staged() throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        var made: [String] = []
        let open = try OpenDirectory(directory, made: &made)
        var staged = try StagedFile(
            in: open, name: "file", mode: 0o600, owner: nil, group: nil, path: "\(directory)/file")
        let found = staged.inode
        let inode = try #require(found)
        #expect(throws: Never.self) {
            try syncStaged(open, staged.temporary, inode: inode, path: "\(directory)/file")
        }
        let name = staged.temporary
        staged.discard()
        #expect(mkfifo("\(directory)/\(name)", 0o600) == 0)
        let failure = #expect(throws: Failure.self) {
            try syncStaged(open, name, inode: inode, path: "\(directory)/file")
        }
        #expect(failure?.kind == .refused)
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
