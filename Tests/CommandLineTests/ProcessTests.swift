// Commands as the host runs them: time limits, daemons, signals, the lock.

import Foundation
import Testing

@Suite(.enabled(if: Program.isRoot, "needs root")) struct ProcessTests {
    @Test func `a daemon that a command leaves behind holds nobody up and lives on`() throws {
        let program = try Program()
        defer { program.remove() }
        let mark = "\(program.directory)/pid"
        let document = try program.config("\"commands\": {\"d\": {\"command\": \"sleep 60 & echo $! > \(mark)\"}}")
        #expect(try program.run("apply", document).code == 0)
        let process = try #require(
            pid_t(String(contentsOfFile: mark, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(isRunning(process))
        kill(process, SIGKILL)
    }

    @Test func `a command's timeout ends its whole process group`() throws {
        let program = try Program()
        defer { program.remove() }
        let mark = "\(program.directory)/pid"
        let document = try program.config(
            "\"commands\": {\"t\": {\"command\": \"sleep 60 & echo $! > \(mark); wait\", \"timeout\": \"1\"}}")
        let result = try program.run("apply", document)
        #expect(result.code == 1)
        #expect(result.output.contains("after its timeout of 1 s"))
        let process = try #require(
            pid_t(String(contentsOfFile: mark, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(!isRunning(process))
    }

    @Test func `output that is long or isn't UTF-8 is bounded and harmless`() throws {
        let program = try Program()
        defer { program.remove() }
        let document = try program.config(
            "\"commands\": {\"o\": {\"command\": \"head -c 3000000 /dev/zero | tr '\\\\0' x; printf '\\\\377\\\\376 last words'; exit 1\"}}"
        )
        let result = try program.run("apply", document)
        #expect(result.code == 1)
        #expect(result.output.contains("last words"))
        #expect(result.output.utf8.count < 500_000)
    }

    @Test func `a command is tried again as often as it says`() throws {
        let program = try Program()
        defer { program.remove() }
        let count = "\(program.directory)/count"
        let document = try program.config(
            "\"commands\": {\"r\": {\"command\": \"echo x >> \(count); test $(wc -l < \(count)) -ge 2\", \"retries\": \"3\"}}"
        )
        #expect(try program.run("apply", document).code == 0)
        #expect(try String(contentsOfFile: count, encoding: .utf8) == "x\nx\n")
    }

    @Test func `SIGTERM ends the command under way, skips the rest and is told`() throws {
        let program = try Program()
        defer { program.remove() }
        let mark = "\(program.directory)/pid"
        let document = try program.config(
            "\"commands\": {\"1\": {\"command\": \"echo $$ > \(mark); sleep 60\"}, \"2\": {\"command\": \"true\"}}")
        let output = Pipe()
        let process = try program.start(["apply", document], output: output)
        let child = try #require(waitFor(mark))
        process.terminate()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 1)
        #expect(text.contains("stopped by SIGTERM"))
        #expect(text.contains("commands[2] skipped"))
        #expect(!isRunning(child))
    }

    @Test func `the whole run ends at its --timeout`() throws {
        let program = try Program()
        defer { program.remove() }
        let result = try program.run(
            "apply", program.config("\"commands\": {\"s\": {\"command\": \"sleep 60\"}}"), "--timeout", "1s")
        #expect(result.code == 1)
        #expect(result.output.contains("longer than its --timeout of 1 s"))
    }

    @Test func `a second run is told who holds the lock, with exit code 75`() throws {
        let program = try Program()
        defer { program.remove() }
        let mark = "\(program.directory)/pid"
        let first = try program.start([
            "apply", program.config("\"commands\": {\"s\": {\"command\": \"echo $$ > \(mark); sleep 60\"}}"),
        ])
        _ = try #require(waitFor(mark))
        let second = try program.run("apply", program.config("\"commands\": {\"s\": {\"command\": \"true\"}}"))
        #expect(second.code == 75)
        #expect(second.errors.contains("process \(first.processIdentifier) is running ide-init"))
        first.terminate()
        first.waitUntilExit()
    }

    @Test func `by the name cfn-init a second run waits for the first`() throws {
        let program = try Program()
        defer { program.remove() }
        let mark = "\(program.directory)/pid"
        let name = "\(program.directory)/cfn-init"
        try FileManager.default.createSymbolicLink(atPath: name, withDestinationPath: Program.path)
        let slow = try program.config(
            "\"commands\": {\"s\": {\"command\": \"echo $$ > \(mark); while test -e \(mark); do sleep 0.1; done\"}}")
        let first = try program.start(["apply", slow])
        _ = try #require(waitFor(mark))
        let errors = Pipe()
        let quick = try program.document(
            "{\"AWS::CloudFormation::Init\": {\"config\": {\"commands\": {\"s\": {\"command\": \"test ! -e \(mark)\"}}}}}",
            name: "quick.json")
        let second = try program.start([quick], as: name, errors: errors)
        let told = String(decoding: errors.fileHandleForReading.availableData, as: UTF8.self)
        #expect(told.contains("waiting for process \(first.processIdentifier)"))
        #expect(first.isRunning && second.isRunning)
        try FileManager.default.removeItem(atPath: mark)
        second.waitUntilExit()
        first.waitUntilExit()
        #expect(first.terminationStatus == 0)
        #expect(second.terminationStatus == 0)
    }

    @Test func `a run started by a command of another fails instead of waiting for itself`() throws {
        let program = try Program()
        defer { program.remove() }
        let inner = try program.document("{\"AWS::CloudFormation::Init\": {\"config\": {}}}", name: "inner.json")
        let outer = try program.config("\"commands\": {\"n\": {\"command\": \"\(Program.path) apply \(inner)\"}}")
        let result = try program.run("apply", outer)
        #expect(result.code == 1)
        #expect(result.output.contains("started by a command of the run that holds the lock"))
    }
}
