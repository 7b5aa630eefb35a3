// The parent of all suites that need real parts: package managers, users, systemctl, in throw-away copies of a Debian
// that Tests/Roots/managers makes. They need root, and IDE_INIT_ROOTS, the folder where that Debian is kept. Without
// them they are skipped, unless IDE_INIT_REQUIRE_REAL=1. Run them in a mount namespace of their own (unshare -m), so that
// nothing stays mounted when they are killed.

import Foundation
import Testing

@Suite(
    .enabled(
        if: Surroundings.areThere || Surroundings.areRequired,
        "real parts need root and IDE_INIT_ROOTS, the folder where their roots are kept"))
enum RealRoots {}

enum Surroundings {
    static let environment = ProcessInfo.processInfo.environment
    static let areThere = environment["IDE_INIT_ROOTS"]?.isEmpty == false && geteuid() == 0
    static let areRequired = environment["IDE_INIT_REQUIRE_REAL"] == "1"

    static let tests = URL(filePath: #filePath).deletingLastPathComponent()

    /// Beside the test bundle, unless IDE_INIT_PROGRAM names another.
    static let program =
        environment["IDE_INIT_PROGRAM"]
        ?? URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "ide-init").path

    /// The Debian with the managers and their repositories, made when it isn't there yet.
    static let lower = Result {
        guard areThere, let folder = environment["IDE_INIT_ROOTS"] else {
            throw Trouble("IDE_INIT_ROOTS isn't set, or this isn't root")
        }
        for script in ["managers", "repositories"] { try helper(script, ["\(folder)/managers"]) }
        return "\(folder)/managers"
    }

    /// Where the copies are.
    static let scratch = Result {
        let path = "/tmp/ide-init-real.\(getpid())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        // The copies are gone by then; where one isn't, its directory stays.
        atexit {
            let path = "/tmp/ide-init-real.\(getpid())"
            try? FileManager.default.removeItem(atPath: path + "/program")
            rmdir(path)
        }
        return path
    }

    /// The program with its libraries and their loader, to be mounted in a root that has none of them.
    static let inside = Result {
        let place = try scratch.get() + "/program"
        try FileManager.default.createDirectory(atPath: place + "/lib", withIntermediateDirectories: true)
        let script = """
            set -e; cp "$1" "$2/ide-init"
            for l in $(ldd "$1" | sed -n 's/.*=> \\(\\/[^ ]*\\) .*/\\1/p'); do cp -L "$l" "$2/lib/"; done
            cp -L "$(ldd "$1" | sed -n 's/^[[:space:]]*\\(\\/[^ ]*ld-linux[^ ]*\\) .*/\\1/p')" "$2/ld.so"
            """
        let output = try execute(["sh", "-c", script, "sh", program, place])
        guard output.code == 0 else { throw Trouble("the program can't be taken along: \(output.errors)") }
        return place
    }

    /// Runs one of Tests/Roots.
    static func helper(_ script: String, _ words: [String]) throws {
        let path = tests.deletingLastPathComponent().appending(path: "Roots/\(script)").path
        let output = try execute([path] + words)
        guard output.code == 0 else { throw Trouble("\(script): \(output.errors)\(output.text)") }
    }
}

struct Trouble: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// What came of a process.
struct Output {
    var code: Int32
    var text: String
    var errors: String
}

private let clean = [
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8",
]

/// Runs words with an environment that holds nothing of ours but `setting`.
func execute(
    _ words: [String], setting: [String: String] = [:], input: String = "", in directory: String? = nil
) throws -> Output {
    let started = try Running(words, setting: setting, input: input, in: directory)
    return try started.wait()
}

/// A process under way. Its output goes to files: a daemon that it leaves can't hold us up.
final class Running {
    private let process = Process()
    private let files: URL

    var identifier: Int32 { process.processIdentifier }

    init(_ words: [String], setting: [String: String] = [:], input: String = "", in directory: String? = nil) throws {
        files = FileManager.default.temporaryDirectory.appending(path: "real-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
        try Data(input.utf8).write(to: files.appending(path: "input"))
        for name in ["output", "errors"] {
            _ = FileManager.default.createFile(atPath: files.appending(path: name).path, contents: nil)
        }
        process.executableURL = URL(filePath: words[0].hasPrefix("/") ? words[0] : "/usr/bin/env")
        process.arguments = words[0].hasPrefix("/") ? Array(words.dropFirst()) : words
        process.environment = clean.merging(setting) { $1 }
        process.currentDirectoryURL = URL(filePath: directory ?? "/")
        process.standardInput = try FileHandle(forReadingFrom: files.appending(path: "input"))
        process.standardOutput = try FileHandle(forWritingTo: files.appending(path: "output"))
        process.standardError = try FileHandle(forWritingTo: files.appending(path: "errors"))
        try process.run()
    }

    func wait() throws -> Output {
        process.waitUntilExit()
        defer { try? FileManager.default.removeItem(at: files) }
        return Output(
            code: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
            text: try read("output"), errors: try errors)
    }

    /// What it has complained of until now.
    var errors: String { get throws { try read("errors") } }
    var isRunning: Bool { process.isRunning }

    private func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: files.appending(path: name)), as: UTF8.self)
    }
}
