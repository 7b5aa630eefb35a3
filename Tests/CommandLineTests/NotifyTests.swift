// What is told by the notify socket, word for word.

import Foundation
import TestSupport
import Testing

@Suite(.enabled(if: Program.isRoot, "needs root")) struct NotifyTests {
    private func start(_ program: Program, _ listener: NotifyListener, _ words: [String]) throws -> Process {
        try program.start(["NOTIFY_SOCKET=\(listener.address)"] + words, as: "/usr/bin/env")
    }

    @Test(arguments: [true, false])
    func `patience, steps, ready only after the checks, and no child hears of the socket`(isAbstract: Bool) throws {
        let program = try Program()
        defer { program.remove() }
        let listener = try NotifyListener(
            isAbstract ? "@ide-init-\(UUID().uuidString)" : program.directory + "/notify")
        let document = try program.config(
            """
            "commands": {"1": {"command": "test -z \\"$NOTIFY_SOCKET\\" && sleep 1"}},
            "readiness": {"interval": "0.3s", "checks": {"twice": {"command": "test -e \(program.directory)/a || { touch \(program.directory)/a; false; }"}}}
            """)
        let apply = try start(program, listener, [Program.path, "apply", document])
        let messages = try listener.messages(to: "READY=1")
        apply.waitUntilExit()
        #expect(apply.terminationStatus == 0)
        #expect(messages.first == ["EXTEND_TIMEOUT_USEC=60000000"])
        #expect(messages.contains(["STATUS=reading \(document)"]))
        #expect(messages.contains(["STATUS=commands[1] (0 of 1, config)"]), "\(messages)")
        #expect(messages.contains { $0[0].hasPrefix("STATUS=waiting for readiness[twice]") }, "\(messages)")
        #expect(messages.last == ["READY=1", "STATUS=done: 1 ran"])
    }

    @Test func `a failure is told with its reason, in one line and without secrets`() throws {
        let program = try Program()
        defer { program.remove() }
        let listener = try NotifyListener(program.directory + "/notify")
        let document = try program.config(
            """
            "files": {"\(program.directory)/key": {"content": "a-secret-of-the-socket", "mode": "000600"}},
            "commands": {"1": {"command": "cat \(program.directory)/key; echo; echo no disk; exit 3"}}
            """)
        let apply = try start(program, listener, [Program.path, "apply", document])
        let messages = try listener.messages(to: "STOPPING=1")
        apply.waitUntilExit()
        #expect(apply.terminationStatus == 1)
        #expect(
            messages.last == [
                "STOPPING=1", "STATUS=failed: commands[1]: Command 1 exited with code 3 | (secret) | no disk",
                "ERRNO=\(EIO)", "EXIT_STATUS=1",
            ])
        #expect(!messages.joined().contains { $0.contains("a-secret") || $0.hasPrefix("READY") })
    }

    @Test func `a watcher is ready, reloads with the moment, and stops`() async throws {
        let program = try Program()
        defer { program.remove() }
        let listener = try NotifyListener(program.directory + "/notify")
        let standIn = try StandIn()
        try await standIn.set(
            "stacks",
            #"{"name": "s", "region": "us-east-1", "Resources": {"X": {"Type": "T", "Metadata": {"a": "b"}}}}"#)
        let watch = try start(
            program, listener,
            [
                "AWS_ENDPOINT_URL=\(standIn.url)", "AWS_ACCESS_KEY_ID=\(standIn["accessKeyId"])",
                "AWS_SECRET_ACCESS_KEY=\(standIn["secretAccessKey"])", Program.path, "watch", "--stack", "s",
                "--resource", "X", "--region", "us-east-1",
            ])
        #expect(try listener.messages(to: "READY=1").last == ["READY=1", "STATUS=watching X of the stack s"])
        _ = try listener.messages(to: "STATUS=")
        let before = Double(nanoseconds(CLOCK_MONOTONIC)) / 1000
        kill(watch.processIdentifier, SIGHUP)
        let reload = try #require(try listener.messages(to: "RELOADING=1").last)
        let moment = try #require(reload.last.flatMap { Double($0.replacing("MONOTONIC_USEC=", with: "")) })
        #expect(moment >= before.rounded(.down) && moment <= Double(nanoseconds(CLOCK_MONOTONIC)) / 1000)
        #expect(try listener.next().first == "READY=1")
        watch.terminate()
        #expect(try listener.messages(to: "STOPPING=1").last == ["STOPPING=1"])
        watch.waitUntilExit()
        #expect(watch.terminationStatus == 0)
    }

    private func nanoseconds(_ clock: clockid_t) -> UInt64 {
        var now = timespec()
        clock_gettime(clock, &now)
        return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
    }
}
