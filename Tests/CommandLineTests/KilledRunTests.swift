// apply --signal when it is stopped or killed: the stack learns of it, the command under way goes, daemons stay.

import Foundation
import TestSupport
import Testing

extension StandInTests {
    @Suite struct KilledRunTests {
        /// A run that has left a daemon behind and is in the middle of a long command.
        private struct Underway {
            let instance: Instance
            /// The one that was started, which watches over the one that works.
            let parent: Process
            let worker: pid_t
            let daemon: pid_t
            let command: pid_t
            let output = Pipe()
            let errors = Pipe()

            init() async throws {
                instance = try await Instance(
                    configs: #"""
                        "config": {"commands": {
                          "1": {"command": "setsid sleep 600 >/dev/null 2>&1 & echo $! >/run/daemon"},
                          "2": {"command": "echo $$ >/run/command; exec sleep 600"}, "3": {"command": "touch /run/late"}}}
                        """#)
                parent = try instance.program.start(
                    ["apply", "--stack", instance.stack, "--resource", "Host", "--signal"], output: output,
                    errors: errors)
                command = try #require(waitFor(instance.run + "/command"))
                daemon = try #require(number(in: instance.run + "/daemon"))
                worker = try #require(children(of: parent.processIdentifier).first)
            }

            /// Expects what holds for every end.
            func expectAllTold(_ location: SourceLocation = #_sourceLocation) async throws {
                parent.waitUntilExit()
                #expect(try await comes { try await !instance.signals().isEmpty }, sourceLocation: location)
                #expect(try await comes { !isRunning(worker) && !isRunning(command) }, sourceLocation: location)
                let signals = try await instance.signals()
                #expect(
                    signals == [Instance.Signal(resource: "Host", status: "FAILURE", isAccepted: true)],
                    sourceLocation: location)
                #expect(isRunning(daemon), sourceLocation: location)
                // For a unit's ExecStopPost: there is nothing left to tell.
                #expect(try await comes { !instance.exists("run/ide-init/untold.json") }, sourceLocation: location)
                kill(daemon, SIGKILL)
                #expect(!instance.exists("run/late"), sourceLocation: location)
            }
        }

        @Test(arguments: [SIGTERM, SIGINT, SIGHUP]) func `a signal to stop is told at once`(_ signal: Int32)
            async throws
        {
            let run = try await Underway()
            kill(run.parent.processIdentifier, signal)
            let text = try run.output.text()
            #expect(text.contains("commands[2]: stopped by SIG"))
            #expect(text.contains("commands[3] skipped"))
            try await run.expectAllTold()
            #expect(run.parent.terminationReason == .exit)
            #expect(run.parent.terminationStatus == 1)
        }

        @Test func `a signal to stop that only the worker gets is told`() async throws {
            let run = try await Underway()
            kill(run.worker, SIGTERM)
            #expect(try run.output.text().contains("commands[2]: stopped by SIGTERM"))
            try await run.expectAllTold()
            #expect(run.parent.terminationStatus == 1)
        }

        @Test(arguments: [SIGKILL, SIGILL, SIGABRT, SIGSEGV])
        func `a killed or crashed worker is told by the one that watches over it`(_ signal: Int32) async throws {
            let run = try await Underway()
            kill(run.worker, signal)
            try await run.expectAllTold()
            #expect(run.parent.terminationStatus == 1)
            let errors = try run.errors.text()
            let how = signal == SIGKILL ? "the run was killed (SIGKILL: " : "the run was killed by signal \(signal)"
            #expect(errors.contains(how), "\(errors)")
            #expect(errors.contains("; FAILURE signalled to Host of the stack \(run.instance.stack)"))
        }

        @Test func `when the one that watches is killed the worker ends and tells`() async throws {
            let run = try await Underway()
            kill(run.parent.processIdentifier, SIGKILL)
            #expect(try run.output.text().contains("the process that watches over this run was killed"))
            try await run.expectAllTold()
        }

        @Test func `commands know nothing of the two processes`() async throws {
            let instance = try await Instance(
                configs:
                    #""config": {"commands": {"c": {"command": "env >/run/environment; ls -l /proc/$$/fd >/run/descriptors"}}}"#
            )
            #expect(try await instance.applySignalling().code == 0)
            let environment = try #require(instance.read("run/environment"))
            #expect(environment.contains("PATH="))
            #expect(!environment.contains("IDE_INIT_GUARD"))
            let descriptors = try #require(instance.read("run/descriptors"))
            #expect(descriptors.contains("/dev/null"))
            #expect(!descriptors.contains("socket:"), "\(descriptors)")
        }

        @Test func `where another run holds the lock, --signal waits for its end`() async throws {
            let instance = try await Instance(configs: #""config": {"files": {"/run/one": {"content": "one"}}}"#)
            let first = try instance.program.start([
                "apply",
                instance.program.config(
                    #""commands": {"s": {"command": "echo $$ >/run/holds; while test -e /run/holds; do sleep 0.1; done"}}"#
                ),
            ])
            _ = try #require(waitFor(instance.run + "/holds"))
            let errors = Pipe()
            let second = try instance.program.start(
                ["apply", "--stack", instance.stack, "--resource", "Host", "--signal"], errors: errors)
            var told = ""
            while !told.contains("waiting for process \(first.processIdentifier), which holds the lock") {
                let more = errors.fileHandleForReading.availableData
                try #require(!more.isEmpty, "it didn't wait: \(told)")
                told += String(decoding: more, as: UTF8.self)
            }
            #expect(try await instance.signals().isEmpty)
            #expect(!instance.exists("run/one"))
            try FileManager.default.removeItem(atPath: instance.run + "/holds")
            first.waitUntilExit()
            second.waitUntilExit()
            #expect(second.terminationStatus == 0)
            #expect(try await instance.signals().map(\.status) == ["SUCCESS"])
            #expect(instance.read("run/one") == "one")
        }
    }
}
