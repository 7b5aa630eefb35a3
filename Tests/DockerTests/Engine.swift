// A Docker Engine of the tests' own (the script dockerd beside this file), shared by all of them, gone with the process.
// Needs root; without docker.io tests are skipped, unless IDE_INIT_REQUIRE_REAL=1.

import Foundation
import InitCore
import InitDocker

struct Engine: Sendable {
    static let environment = ProcessInfo.processInfo.environment
    static let isThere =
        geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/sbin/dockerd")
        || environment["IDE_INIT_REQUIRE_REAL"] == "1"

    private static let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "dockerd").path

    static let shared = Result { try Engine(directory: "/tmp/ide-init-docker.\(getpid())") }

    let directory: String
    var socket: String { directory + "/docker.sock" }

    private init(directory: String) throws {
        self.directory = directory
        atexit { try? Engine.shared.get().end() }
        try run("up")
        try run("busybox", "test/box:1", #"CMD ["sleep", "1000"]"#)
    }

    private func end() throws {
        try run("down")
        try FileManager.default.removeItem(atPath: directory)
    }

    /// A word of the script.
    @discardableResult
    func run(_ word: String, _ arguments: String...) throws -> String {
        try Self.execute([Self.script, word, directory] + arguments)
    }

    /// In the daemon's network.
    func inside(_ command: String...) throws -> String { try Self.execute([Self.script, "in", directory] + command) }

    static func execute(_ command: [String]) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(.commandFailed, "\(command.joined(separator: " ")): \(text)")
        }
        return text
    }
}
