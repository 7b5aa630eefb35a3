// Units that a run waits for at its end, under a systemd that runs.

import Foundation
import Testing

extension ServicesTests {
    /// One after the other, as all runs on that machine.
    @Suite(.serialized) struct ReadinessTests {
        let machine: Machine

        init() throws { machine = try Machine.shared.get() }

        /// A unit of its own lines, started by a command that doesn't wait for it, or not at all.
        private func unit(_ name: String, _ lines: String, isStarted: Bool = true) -> Config {
            var config = Config()
            config.file("/etc/systemd/system/\(name).service", "[Service]\n\(lines)\n")
            config.commands["1"] = ["command": "systemctl daemon-reload"]
            if isStarted { config.commands["2"] = ["command": "systemctl start --no-block \(name)"] }
            return config
        }

        private func waiting(_ name: String, _ config: Config, timeout: String = "30s") -> Config {
            var config = config
            config.readiness = ["checks": [name: ["unit": "\(name).service"]], "timeout": timeout, "interval": "0.2"]
            return config
        }

        @Test func `a unit that takes a while is waited for until it is active`() throws {
            let lines =
                "Type=notify\nNotifyAccess=all\nExecStart=/bin/sh -c 'sleep 2; systemd-notify --ready; exec sleep infinity'"
            let report = try machine.apply(waiting("slow-unit", unit("slow-unit", lines)))
            #expect(report.code == 0, "\(report.text)")
            #expect(report.checks["slow-unit"]?.outcome == "ready")
            #expect(report.checks["slow-unit"]?.tries ?? 0 > 1)
            #expect(try machine.isActive("slow-unit"))
        }

        @Test func `one that never comes fails the run when its time is up`() throws {
            let lines = "Type=notify\nExecStart=/bin/sleep infinity\nTimeoutStartSec=infinity"
            let report = try machine.apply(waiting("never-unit", unit("never-unit", lines), timeout: "2s"))
            #expect(report.code == 1)
            #expect(report.error.contains("unit never-unit.service: activating (start)"), "\(report.text)")
        }

        @Test func `one that has failed is given ten seconds, not all of its time`() throws {
            let config = unit("failed-unit", "Type=notify\nExecStart=/bin/false")
            let report = try machine.apply(waiting("failed-unit", config, timeout: "12h"))
            #expect(report.code == 1)
            #expect(
                report.error.contains("failed (failed); its own lines: journalctl -u failed-unit"), "\(report.text)")
        }

        @Test func `one that fails and is started again passes when it stays`() throws {
            let script = "test -e /run/flaky-unit || { touch /run/flaky-unit; exit 1; }; exec sleep infinity"
            let lines = "ExecStart=/bin/sh -c '\(script)'\nRestart=on-failure\nRestartSec=2"
            let config = unit("flaky-unit", lines, isStarted: false)
            try machine.run("rm", "-f", "/run/flaky-unit")
            #expect(try machine.apply(config).code == 0)
            try machine.run("systemctl", "start", "flaky-unit")
            #expect(try machine.property("SubState", of: "flaky-unit") == "auto-restart")
            let report = try machine.apply(waiting("flaky-unit", Config()))
            #expect(report.code == 0, "\(report.text)")
            #expect(report.checks["flaky-unit"]?.tries ?? 0 > 1)
        }

        @Test func `a oneshot that has done its work is ready, one that hasn't run isn't`() throws {
            // What multi-user.target wants is remembered.
            let lines = "Type=oneshot\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target"
            var config = waiting("once-unit", unit("once-unit", lines))
            config.commands["1"] = ["command": "systemctl enable once-unit"]
            let once = try machine.apply(config)
            #expect(once.code == 0, "\(once.text)")
            #expect(try !machine.isActive("once-unit"))
            let idle = unit("idle-unit", "Type=oneshot\nExecStart=/bin/true", isStarted: false)
            let report = try machine.apply(waiting("idle-unit", idle, timeout: "1s"))
            #expect(report.error.contains("unit idle-unit.service: inactive (dead)"), "\(report.text)")
        }

        @Test func `a unit that isn't there is no reason to wait for all of its time`() throws {
            let report = try machine.apply(waiting("missing-unit", Config(), timeout: "12h"))
            #expect(report.error.contains("unit missing-unit.service: there is no such unit"), "\(report.text)")
        }

        // MARK: Without a section

        @Test func `a service that is to run is waited for, and an empty section keeps the run from it`() throws {
            var config = Config()
            // It is started, and gone at once.
            config.file(
                "/etc/systemd/system/gone-unit.service", "[Service]\nExecStart=/bin/sh -c 'sleep 0.2; exit 1'\n")
            config.service("gone-unit", ["ensureRunning": true])
            // By then it has ended.
            config.services["later-unit"] = ["ensureRunning": true]
            config.file(
                "/etc/systemd/system/later-unit.service",
                "[Service]\nType=oneshot\nExecStart=/bin/sleep 1\n")
            let report = try machine.apply(config)
            #expect(report.code == 1)
            #expect(report.checks["gone-unit"]?.outcome == "failed")
            #expect(report.error.contains("unit gone-unit: failed (failed)"), "\(report.text)")
            #expect(report.checks["later-unit"]?.outcome == "ready")
            config.readiness = [:]
            let patient = try machine.apply(config)
            #expect(patient.code == 0, "\(patient.text)")
            #expect(patient.checks.isEmpty)
        }

        @Test func `a service that runs is ready at the first try`() throws {
            var config = Config()
            config.unit("plain-unit")
            config.service("plain-unit", ["ensureRunning": true])
            let report = try machine.apply(config)
            #expect(report.code == 0, "\(report.text)")
            #expect(report.checks["plain-unit"]?.outcome == "ready")
            #expect(report.checks["plain-unit"]?.tries == 1)
        }
    }
}
