// Processes of the tests, with an environment that holds nothing of ours.

import Foundation

/// What came of a process.
struct Output {
    /// Negative: the signal that ended it.
    var code: Int32
    var text: String
    var errors: String
    /// From its start to its end.
    var seconds: Double

    var all: String { text + errors }
}

@discardableResult
func succeed(_ words: [String]) throws -> Output {
    let output = try Running(words).wait()
    guard output.code == 0 else { throw Trouble("\(words[0]): \(output.errors)\(output.text)") }
    return output
}

/// A process under way. Its output goes to files: a daemon that it leaves can't hold us up.
final class Running {
    private let process = Process()
    private let files: URL
    private let input: Pipe
    private let began = Date()

    var identifier: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }

    /// - Parameter setting: the whole of its environment but for PATH. HOME isn't set, as in user data at boot.
    init(_ words: [String], setting: [String: String] = [:]) throws {
        files = FileManager.default.temporaryDirectory.appending(path: "cloud-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
        for name in ["output", "errors"] {
            _ = FileManager.default.createFile(atPath: files.appending(path: name).path, contents: nil)
        }
        input = Pipe()
        process.executableURL = URL(filePath: words[0].hasPrefix("/") ? words[0] : "/usr/bin/env")
        process.arguments = words[0].hasPrefix("/") ? Array(words.dropFirst()) : words
        process.environment = ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"].merging(setting)
        { $1 }
        process.currentDirectoryURL = URL(filePath: "/")
        process.standardInput = input
        process.standardOutput = try FileHandle(forWritingTo: files.appending(path: "output"))
        process.standardError = try FileHandle(forWritingTo: files.appending(path: "errors"))
        try process.run()
    }

    /// Ends it where it reads its standard input to the end.
    func endInput() { try? input.fileHandleForWriting.close() }

    func wait() throws -> Output {
        process.waitUntilExit()
        defer { try? FileManager.default.removeItem(at: files) }
        return Output(
            code: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
            text: try read("output"), errors: try read("errors"), seconds: Date().timeIntervalSince(began))
    }

    func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: files.appending(path: name)), as: UTF8.self)
    }
}
