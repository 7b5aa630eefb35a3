import Foundation
import InitCore
import Testing

@testable import InitLinux

@Suite final class PidFileTests {
    private let path = NSTemporaryDirectory() + "ide-init-\(UUID().uuidString).pid"

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// With patience: a child that another test is about to start has a copy of every open file for a moment.
    private func acquire(patience: Double = 60) async throws -> PidFile {
        try await PidFile.acquire(path, program: "cfn-hup", patience: patience, stop: StopSwitch())
    }

    private func message(patience: Double = 0) async -> String? {
        do {
            _ = try await acquire(patience: patience)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test("One holds it; the next one is told who, and gets it when the first is gone")
    func holding() async throws {
        do {
            let first = try await acquire()
            first.write(4711)
            #expect(await message()?.hasPrefix("cfn-hup runs already (process 4711, \(path))") == true)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "4711\n")
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
            withExtendedLifetime(first) {}
        }
        let second = try await acquire()
        second.remove()
        #expect(!FileManager.default.fileExists(atPath: path))
        // Another's file isn't removed.
        try "x".write(toFile: path, atomically: true, encoding: .utf8)
        second.remove()
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test("The original's daemon, which locks nothing, is found by its pid; a dead one or another program isn't it")
    func original() async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = ["-c", "exec -a /opt/aws/bin/cfn-hup sleep 600"]
        try process.run()
        defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
        let line = URL(filePath: "/proc/\(process.processIdentifier)/cmdline")
        while try !Data(contentsOf: line).starts(with: "/opt/aws/bin/cfn-hup".utf8) {
            try await Task.sleep(for: .milliseconds(5))
        }
        try "\(process.processIdentifier)\n".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(await message()?.hasPrefix("cfn-hup runs already (process \(process.processIdentifier)") == true)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        #expect(await message(patience: 60) == nil)
        try "\(getppid())\n".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(await message(patience: 60) == nil)
        try "rubbish".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(await message(patience: 60) == nil)
    }

    @Test("Only the file itself is taken for an inherited one")
    func inherited() async throws {
        let held = try await acquire()
        let copy = dup(held.descriptor)
        let file = try #require(PidFile.inherited(copy, path: path))
        #expect(fcntl(copy, F_GETFD) == FD_CLOEXEC)
        withExtendedLifetime(file) {}
        #expect(PidFile.inherited(0, path: path) == nil)
        #expect(PidFile.inherited(999, path: path) == nil)
    }
}
