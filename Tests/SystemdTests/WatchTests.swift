// ide-init-watch.service at the stand-in for AWS.

import Foundation
import InitCore
import TestSupport
import Testing

extension UnitSuite {
    @Suite struct WatchTests {
        private static let unit = "ide-init-watch"

        /// Two commands without a test, around a file.
        private func config(_ file: String, second: String = "true") -> Config {
            var config = Config()
            config.file("/srv/file", file)
            config.commands["1"] = ["command": "echo x >>/srv/first"]
            config.commands["2"] = ["command": "echo x >>/srv/second; \(second)"]
            return config
        }

        private func configure(_ machine: Machine, _ stack: Stack, service: String = "") throws {
            try machine.configure(
                Self.unit, options: "\(stack.options) --interval 10s", environment: stack.environment, service: service)
        }

        private func isUpToDate(_ machine: Machine, _ stack: Stack) throws -> Bool {
            try machine.statusText(Self.unit) == "up to date with Host of the stack \(stack.name)"
        }

        @Test(arguments: Release.chosen)
        func `what has changed is applied, save commands that have run as they stand there`(
            _ release: Release
        ) async throws {
            let machine = try UnitSuite.machine(release)
            let stack = try await Stack(config("1").metadata)
            try configure(machine, stack)
            try machine.shell("systemctl start \(Self.unit)")
            // Half way through nobody knows whether it stays.
            try await eventually("the first look") {
                try machine.statusText(Self.unit).hasSuffix("is in CREATE_IN_PROGRESS; waiting for its end")
            }
            #expect(!machine.exists("/srv/file"))
            // The boot's run counts.
            try machine.configure("ide-init", options: "\(stack.options) --signal", environment: stack.environment)
            try machine.shell("systemctl start ide-init")
            try await eventually("the next look") { try isUpToDate(machine, stack) }
            #expect(machine.count("/srv/first") == 1)

            // By itself, at the next look.
            try await stack.update(config("2", second: "echo changed").metadata)
            try await eventually("the update") { machine.count("/srv/second") == 2 }
            #expect(machine.read("/srv/file") == "2" && machine.count("/srv/first") == 1)
            try await eventually("its end") { try isUpToDate(machine, stack) }

            try machine.shell("systemctl restart \(Self.unit)")
            try await eventually("the look after the restart") { try isUpToDate(machine, stack) }
            #expect(machine.read("/srv/file") == "2")
            #expect(machine.count("/srv/first") == 1 && machine.count("/srv/second") == 2)
        }

        @Test func `what fails isn't applied again at each look, and new metadata is at once`() async throws {
            let machine = try UnitSuite.machine()
            let stack = try await Stack(config("1").metadata, waits: false)
            try configure(machine, stack)
            try machine.shell("systemctl start \(Self.unit)")
            try await eventually("the first look") { try isUpToDate(machine, stack) }
            var failing = config("2", second: "test -e /srv/mended")
            failing.commands["0"] = ["command": "echo x >>/srv/before"]
            failing.commands["3"] = ["command": "echo x >>/srv/after"]
            try await stack.update(failing.metadata)
            try machine.shell("systemctl reload \(Self.unit)")
            try await eventually("the failure") {
                try machine.statusText(Self.unit).hasPrefix("failed, trying again later: commands[2]")
            }
            let looks = try await stack.standIn.requests("cloudformation.DescribeStackResource")
            try await eventually("the next look") {
                try await stack.standIn.requests("cloudformation.DescribeStackResource") > looks
            }
            #expect(machine.count("/srv/second") == 2)

            // Asked to look at once it tries again; only what hasn't run yet is run.
            try machine.write("/srv/mended", "")
            try machine.shell("systemctl reload \(Self.unit)")
            try await eventually("the next attempt") { try isUpToDate(machine, stack) }
            #expect(machine.count("/srv/before") == 1 && machine.count("/srv/after") == 1)
            #expect(machine.count("/srv/second") == 3 && machine.count("/srv/first") == 1)

            try await stack.update(config("3", second: "exit 4").metadata)
            try await eventually("the second failure") { machine.count("/srv/second") == 4 }
            try await stack.update(config("4").metadata)
            try await eventually("new metadata") { machine.read("/srv/file") == "4" }
        }

        @Test(arguments: Release.chosen)
        func `a reload is told as one`(_ release: Release) async throws {
            let machine = try UnitSuite.machine(release)
            let stack = try await Stack(config("1").metadata, waits: false)
            // A manager that knows that type waits for the words, with their moment.
            try configure(machine, stack, service: release == .trixie ? "Type=notify-reload\nExecReload=" : "")
            try machine.shell("systemctl start \(Self.unit)")
            try await eventually("the first look") { try isUpToDate(machine, stack) }
            let process = try machine.property("MainPID", of: Self.unit)
            try await stack.update(config("2").metadata)
            #expect(try machine.run("systemctl", "reload", Self.unit).code == 0)
            try await eventually("the look") { machine.read("/srv/file") == "2" }
            #expect(try machine.property("MainPID", of: Self.unit) == process)
            #expect(try machine.isActive(Self.unit))
        }

        @Test func `it beats for the watchdog, and is started anew when it doesn't`() async throws {
            let machine = try UnitSuite.machine()
            let stack = try await Stack(config("1").metadata, waits: false)
            try configure(machine, stack, service: "WatchdogSec=3s\nRestartSec=0")
            try machine.shell("systemctl start \(Self.unit)")
            try await Task.sleep(for: .seconds(5))
            #expect(try machine.property("NRestarts", of: Self.unit) == "0")
            let process = try machine.property("MainPID", of: Self.unit)
            try machine.shell("systemctl kill --kill-who=main --signal=STOP \(Self.unit)")
            try await eventually("the restart") { try machine.property("NRestarts", of: Self.unit) == "1" }
            try await eventually("its start") { try machine.isActive(Self.unit) }
            #expect(try machine.property("MainPID", of: Self.unit) != process)
        }

        @Test func `another run is waited for, and a stop in the middle ends the command`() async throws {
            let machine = try UnitSuite.machine()
            let stack = try await Stack(config("1").metadata, waits: false)
            try configure(machine, stack, service: "TimeoutStopSec=20s")
            try machine.shell("systemctl start \(Self.unit)")
            try await eventually("the first look") { try isUpToDate(machine, stack) }
            var manual = Config()
            manual.commands["1"] = ["command": "touch /srv/began; while [ ! -e /srv/go ]; do sleep 0.05; done"]
            try machine.write("/srv/manual.json", manual.document)
            let apply = try machine.start("ide-init", "apply", "/srv/manual.json")
            try await eventually("the manual run") { machine.exists("/srv/began") }
            try await stack.update(config("2", second: "sleep 600").metadata)
            try machine.shell("systemctl reload \(Self.unit)")
            try await eventually("the wait") { try machine.statusText(Self.unit).hasPrefix("waiting for process") }
            #expect(machine.read("/srv/file") == "1" && apply.isRunning)
            try machine.write("/srv/go", "")
            #expect(apply.code == 0)

            try await eventually("the command") { machine.count("/srv/second") == 2 }
            #expect(try machine.run("systemctl", "stop", Self.unit).code == 0)
            #expect(try machine.property("Result", of: Self.unit) == "success")
            #expect(try machine.property("ControlGroup", of: Self.unit).isEmpty)
        }
    }
}
