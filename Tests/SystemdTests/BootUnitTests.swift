// ide-init.service: ready means ready, failed says why, killed is told.

import Foundation
import InitCore
import Testing

extension UnitSuite {
    @Suite struct BootUnitTests {
        /// A command that waits for /srv/go, and a check that waits for /srv/checked.
        private var waiting: Config {
            var config = Config()
            config.file("/etc/motd", "hello\n")
            config.commands["1"] = ["command": "env >/srv/environment; while [ ! -e /srv/go ]; do sleep 0.05; done"]
            config.readiness = ["interval": "0.2s", "checks": ["here": ["command": "test -e /srv/checked"]]]
            return config
        }

        private func expectFailure(
            _ machine: Machine, _ status: String, _ error: Int32, _ location: SourceLocation = #_sourceLocation
        ) throws {
            #expect(try machine.property("ActiveState", of: "ide-init") == "failed", sourceLocation: location)
            let text = try machine.statusText()
            #expect(text.hasPrefix("failed: \(status)"), "\(text)", sourceLocation: location)
            #expect(try machine.property("StatusErrno", of: "ide-init") == "\(error)", sourceLocation: location)
            #expect(try machine.property("Result", of: "ide-init") == "exit-code", sourceLocation: location)
        }

        @Test(arguments: Release.chosen)
        func `start blocks until the readiness checks pass, tells the step under way, and isn't timed out`(
            _ release: Release
        ) async throws {
            let machine = try UnitSuite.machine(release)
            try machine.configure(waiting, service: "TimeoutStartSec=4s")
            let start = try machine.start("systemctl", "start", "ide-init")
            try await eventually("the command") { try machine.statusText().hasPrefix("commands[1] (1 of 2") }
            // Longer than the unit allows a start to take that says nothing.
            try await Task.sleep(for: .seconds(6))
            #expect(try machine.property("ActiveState", of: "ide-init") == "activating")
            try machine.write("/srv/go", "")
            try await eventually("the check") {
                try machine.statusText().hasPrefix("waiting for readiness[here]: it exited with code 1")
            }
            #expect(try machine.property("ActiveState", of: "ide-init") == "activating")
            #expect(start.isRunning)
            try machine.write("/srv/checked", "")
            #expect(start.code == 0)
            #expect(try machine.property("ActiveState", of: "ide-init") == "active")
            #expect(try machine.statusText() == "done: 1 changed, 1 ran")
            let environment = try #require(machine.read("/srv/environment"))
            #expect(environment.contains("INVOCATION_ID=") && !environment.contains("NOTIFY_SOCKET="))
        }

        @Test(arguments: Release.chosen)
        func `a failed command fails the unit, with the reason in its status line`(_ release: Release) throws {
            let machine = try UnitSuite.machine(release)
            var config = Config()
            config.commands["1"] = ["command": "echo no disk >&2; exit 3"]
            try machine.configure(config)
            #expect(try machine.run("systemctl", "start", "ide-init").code != 0)
            try expectFailure(machine, "commands[1]: Command 1 exited with code 3", EIO)
            #expect(try machine.property("ExecMainStatus", of: "ide-init") == "1")
            #expect(try machine.statusText().hasSuffix("no disk"))
            // A failed run is no first boot: the next start does it all.
            try machine.configure(Config())
            #expect(try machine.run("systemctl", "start", "ide-init").code == 0)
        }

        @Test func `what isn't ready in time, and a document with mistakes, fail the unit too`() throws {
            let machine = try UnitSuite.machine()
            var config = Config()
            config.readiness = ["timeout": "1s", "interval": "0.2s", "checks": ["never": ["command": "false"]]]
            try machine.configure(config)
            #expect(try machine.run("systemctl", "start", "ide-init").code != 0)
            try expectFailure(machine, "readiness[never]: not ready after", ETIMEDOUT)

            config = Config()
            config.commands["1"] = ["command": "true", "comand": "true"]
            try machine.configure(config)
            #expect(try machine.run("systemctl", "start", "ide-init").code != 0)
            try expectFailure(
                machine, "one mistake in /srv/metadata.json; nothing was changed | config.commands.1.comand:", EINVAL)
            #expect(try machine.property("ExecMainStatus", of: "ide-init") == "65")

            try machine.configure("ide-init", options: "/srv/nowhere.json")
            #expect(try machine.run("systemctl", "start", "ide-init").code != 0)
            try expectFailure(machine, "/srv/nowhere.json: No such file", EINVAL)
        }

        @Test func `a stop in the middle ends the command, and the stack is told once`() async throws {
            let machine = try UnitSuite.machine()
            let stack = try await Stack(waiting.metadata)
            try machine.configure(
                "ide-init", options: "\(stack.options) --signal", environment: stack.environment)
            let start = try machine.start("systemctl", "start", "ide-init")
            try await eventually("the command") { machine.exists("/srv/environment") }
            #expect(try machine.run("systemctl", "stop", "ide-init").code == 0)
            #expect(start.code != 0)
            try expectFailure(machine, "commands[1]: stopped by SIGTERM", EINTR)
            #expect(try await stack.signals == ["FAILURE"])
            #expect(try machine.property("ControlGroup", of: "ide-init").isEmpty)
        }

        @Test(arguments: Release.chosen)
        func `of a killed run the stack is told once, and of one that was told nothing more`(
            _ release: Release
        ) async throws {
            let machine = try UnitSuite.machine(release)
            let stack = try await Stack(waiting.metadata)
            try machine.configure(
                "ide-init", options: "\(stack.options) --signal", environment: stack.environment)
            let start = try machine.start("systemctl", "start", "ide-init")
            try await eventually("the command") { machine.exists("/srv/environment") }
            try machine.shell("systemctl kill --kill-who=main --signal=KILL ide-init")
            #expect(start.code != 0)
            #expect(try machine.property("Result", of: "ide-init") == "signal")
            #expect(try await stack.signals == ["FAILURE"])
            try machine.shell("systemctl stop ide-init")
            #expect(try await stack.signals == ["FAILURE"])

            // A killed run is no first boot either.
            try machine.shell("touch /srv/go /srv/checked")
            let next = try await Stack(waiting.metadata)
            try machine.configure("ide-init", options: "\(next.options) --signal", environment: next.environment)
            #expect(try machine.run("systemctl", "start", "ide-init").code == 0)
            try await eventually("the signal") { try await next.signals == ["SUCCESS"] }
            try machine.shell("systemctl stop ide-init")
            #expect(try await next.signals == ["SUCCESS"])
        }

        @Test func `a manual run that was killed is told by itself, and not once more by the unit`() async throws {
            let machine = try UnitSuite.machine()
            let stack = try await Stack(waiting.metadata)
            try machine.configure("ide-init", options: "/srv/metadata.json", environment: stack.environment)
            try machine.write("/srv/metadata.json", Config().document)
            #expect(try machine.run("systemctl", "start", "ide-init").code == 0)
            let environment = stack.environment.map { "\($0)=\($1)" }.joined(separator: " ")
            let apply = try machine.start(
                "sh", "-c", "\(environment) \(Machine.direct) apply \(stack.options) --signal")
            try await eventually("the command") { machine.exists("/srv/environment") }
            try machine.shell("kill -KILL $(cat /run/ide-init/lock)")
            #expect(apply.code != 0)
            try machine.shell("systemctl stop ide-init")
            #expect(try await stack.signals == ["FAILURE"])
        }
    }
}
