// The built program, run as its users run it, on a scratch root or in a namespace of its own.

import Foundation
import Testing

struct Program {
    struct Result {
        let code: Int32
        let output: String
        let errors: String
    }

    static let path = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent(".build/debug/ide-init").path

    static let isRoot = geteuid() == 0

    /// A directory of the test's own, with an empty tree to be used as `--root`, and a /run for its lock.
    let directory: String
    var root: String { directory + "/root" }

    /// What is set beside the tests' own environment. Nothing of AWS is taken from that.
    var environment: [String: String] = [:]

    init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("ide-init-\(UUID().uuidString)").path
        for name in ["root/etc", "run", "state", "log", "home", "units"] {
            try FileManager.default.createDirectory(atPath: "\(directory)/\(name)", withIntermediateDirectories: true)
        }
    }

    func remove() { try? FileManager.default.removeItem(atPath: directory) }

    /// The program by another name.
    func link(_ name: String) throws -> String {
        let path = "\(directory)/\(name)"
        if !FileManager.default.fileExists(atPath: path) {
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: Self.path)
        }
        return path
    }

    func document(_ json: String, name: String = "metadata.json") throws -> String {
        let path = "\(directory)/\(name)"
        try json.write(toFile: path, atomically: false, encoding: .utf8)
        return path
    }

    /// One config named `config`.
    func config(_ sections: String) throws -> String {
        try document("{\"AWS::CloudFormation::Init\": {\"config\": {\(sections)}}}")
    }

    func start(
        _ arguments: [String], as program: String = Self.path, input: String? = nil, output: Pipe = Pipe(),
        errors: Pipe = Pipe()
    ) throws -> Process {
        let process = Process()
        // The lock and the state are this test's own, so that tests can run side by side.
        process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        let mounts = ["run": "/run", "state": "/var/lib", "log": "/var/log", "units": "/etc/systemd/system"].map {
            "mount --bind \(directory)/\($0) \($1)"
        }
        let script = (mounts + ["exec \"$@\""]).joined(separator: " && ")
        process.environment = ownEnvironment
        process.arguments = ["--mount", "--propagation", "private", "sh", "-c", script, "sh", program] + arguments
        process.standardOutput = output
        process.standardError = errors
        let pipe = Pipe()
        process.standardInput = pipe
        try process.run()
        if let input { pipe.fileHandleForWriting.write(Data(input.utf8)) }
        try pipe.fileHandleForWriting.close()
        return process
    }

    private var ownEnvironment: [String: String] {
        let foreign = ["http_proxy", "https_proxy", "no_proxy", "ca_override", "requests_ca_bundle", "curl_ca_bundle"]
        let own = ProcessInfo.processInfo.environment.filter { name, _ in
            !name.hasPrefix("AWS_") && !foreign.contains(name.lowercased())
        }
        // A crash that a test brings about needs no backtrace.
        return own.merging(["HOME": "\(directory)/home", "SWIFT_BACKTRACE": "enable=no"]) { $1 }
            .merging(environment) { $1 }
    }

    @discardableResult
    func run(_ arguments: String..., input: String? = nil) throws -> Result {
        try run(arguments, as: Self.path, input: input)
    }

    @discardableResult
    func run(_ arguments: [String], as program: String, input: String? = nil) throws -> Result {
        let (output, errors) = (Pipe(), Pipe())
        let process = try start(arguments, as: program, input: input, output: output, errors: errors)
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        let complaints = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return Result(code: process.terminationStatus, output: text, errors: complaints)
    }

    /// The same without keeping one of the few threads that all tests share.
    func run(_ arguments: [String], as program: String, input: String? = nil) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Swift.Result { try run(arguments, as: program, input: input) })
            }
        }
    }

    func content(_ path: String) -> String? { try? String(contentsOfFile: root + path, encoding: .utf8) }
}
