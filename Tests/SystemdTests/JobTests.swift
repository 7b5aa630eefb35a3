// What becomes of systemd's jobs, and what the report says of those that fail.

import Foundation
import Testing

extension ServicesTests {
    private func config(_ name: String, unit: String) -> Config {
        var config = Config()
        config.file("/etc/systemd/system/\(name).service", unit + "\n")
        config.service(name, ["ensureRunning": true])
        return config
    }

    @Test func `a start that fails tells the job's result and the unit's own last lines, without secrets`() throws {
        var config = config(
            "broken",
            unit: """
                [Service]
                Type=oneshot
                ExecStart=/bin/sh -c 'echo broken-old; [ -e /run/broken ] || { touch /run/broken; exit 1; }; cat /etc/broken.key; echo broken-new >&2; exit 3'
                """)
        config.file("/etc/broken.key", "correct-horse-battery\n", mode: "000600")
        config.service("later", ["ensureRunning": true])
        #expect(try machine.apply(config).error.contains("code 1"))
        let report = try machine.apply(config)
        #expect(report.code == 1)
        #expect(
            report.error == """
                broken.service can't be started: its job failed; its process exited with code 3; more: journalctl -u broken.service
                broken-old
                (secret)
                broken-new
                """)
        #expect(!report.text.contains("correct-horse"))
        #expect(report.service("later")?.outcome == "skipped")
    }

    @Test func `a reload that fails is told, and the service runs on`() throws {
        var config = serving("unloadable", "1\n")
        config.unit("unloadable", lines: "ExecReload=/bin/sh -c 'echo not with me; exit 4'")
        #expect(try machine.apply(config).code == 0)
        config.file("/etc/unloadable.conf", "2\n")
        let report = try machine.apply(config)
        #expect(report.error.contains("unloadable.service can't be restarted or reloaded: its job failed"))
        #expect(report.error.hasSuffix("\nnot with me"), "\(report.error)")
        #expect(try machine.isActive("unloadable"))
    }

    @Test(arguments: [
        ("executable", "ExecStart=/opt/none\nType=notify", "exited with code 203 (its program can't be executed)"),
        ("stranger", "ExecStart=/bin/true\nUser=nobody-here\nType=oneshot", "code 217 (there is no such user)"),
        ("killed", "ExecStart=/bin/sh -c 'kill -9 $$$$'\nType=oneshot", "its process was ended by signal 9"),
        (
            "mute", "ExecStart=/bin/sleep infinity\nType=notify\nTimeoutStartSec=1",
            "it didn't get ready in time (TimeoutStartSec)"
        ),
        ("silent", "ExecStart=/bin/true\nType=notify", "it ended or forked without having said that it is ready"),
        (
            "prepared", "ExecStartPre=/bin/false\nExecStart=/bin/sleep infinity",
            "one of its commands exited with a code other than 0"
        ),
    ])
    func `the report says how the unit's process ended`(_ name: String, _ lines: String, _ words: String) throws {
        let report = try machine.apply(config("ended-\(name)", unit: "[Service]\n\(lines)"))
        #expect(report.code == 1)
        #expect(report.error.contains("its job failed; ") && report.error.contains(words), "\(report.text)")
    }

    @Test func `one that is started too often says so, and how to go on`() throws {
        let config = config(
            "eager",
            unit: "[Unit]\nStartLimitBurst=1\nStartLimitIntervalSec=1h\n[Service]\nType=oneshot\nExecStart=/bin/false")
        #expect(try machine.apply(config).error.contains("its process exited with code 1"))
        let report = try machine.apply(config)
        #expect(report.error.contains("started too often"), "\(report.text)")
        #expect(report.error.contains("systemctl reset-failed eager.service lets it try again"))
    }

    @Test func `a unit that it needs and that fails is named, with its lines`() throws {
        var config = config(
            "needing",
            unit: "[Unit]\nRequires=needed.service\nAfter=needed.service\n[Service]\nExecStart=/bin/sleep infinity"
        )
        config.file(
            "/etc/systemd/system/needed.service",
            // The journal looks whose a line is while its writer lives.
            "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo no disk; journalctl --sync; exit 5'\n")
        let report = try machine.apply(config)
        #expect(
            report.error == """
                needing.service can't be started: a unit that it needs didn't start: needed.service failed; its process exited with code 5; more: journalctl -u needed.service
                no disk
                """)
    }

    @Test func `a job that somebody cancels is a failure that says so`() throws {
        var config = config("cancelled", unit: "[Service]\nType=oneshot\nExecStart=/bin/sleep infinity")
        config.commands["cancel"] = [
            "command":
                "(until systemctl is-active cancelled | grep -q activating; do sleep 0.1; done; systemctl stop cancelled) >/dev/null 2>&1 &"
        ]
        let report = try machine.apply(config)
        #expect(report.error.contains("cancelled.service can't be started: its job was cancelled"), "\(report.text)")
    }

    @Test func `a new systemd under a job's feet doesn't lose it`() throws {
        var config = config(
            "carried",
            unit:
                "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c 'until [ -e /run/carried ]; do sleep 0.1; done'"
        )
        config.commands["reexec"] = [
            "command":
                "(until systemctl is-active carried | grep -q activating; do sleep 0.1; done; systemctl daemon-reexec; touch /run/carried) >/dev/null 2>&1 &",
            "test": "test ! -e /run/carried",
        ]
        let report = try machine.apply(config)
        #expect(report.code == 0, "\(report.text)")
        #expect(try machine.isActive("carried"))
        #expect(try machine.apply(config).outcome == "unchanged")
    }

    // MARK: Ordering

    /// A run inside a unit that is starting, and what it printed.
    private func startRun(_ name: String, applying config: Config) throws -> String {
        try machine.write("/root/\(name).json", config.document)
        try machine.write(
            "/etc/systemd/system/\(name).service",
            "[Service]\nType=oneshot\nExecStart=/usr/bin/ide-init apply /root/\(name).json\n")
        try machine.run("systemctl", "daemon-reload")
        try machine.run("timeout", "60", "systemctl", "start", name)
        return try machine.run("journalctl", "--sync", "-o", "cat", "-u", name).text
            + machine.run("journalctl", "-o", "cat", "-u", name).text
    }

    @Test(arguments: [false, true])
    func `one that is ordered after the unit we run in is an error that names the order`(_ isDirect: Bool) throws {
        let name = isDirect ? "direct" : "indirect"
        let middle = isDirect ? "\(name)-boot" : "\(name)-middle"
        try machine.write(
            "/etc/systemd/system/\(name).service",
            "[Unit]\nWants=\(middle).service\nAfter=\(middle).service\n[Service]\nExecStart=/bin/sleep infinity\n")
        if !isDirect {
            try machine.write(
                "/etc/systemd/system/\(middle).service",
                "[Unit]\nAfter=\(name)-boot.service\n[Service]\nExecStart=/bin/sleep infinity\n")
        }
        let output = try startRun("\(name)-boot", applying: wish(name, ["ensureRunning": true]))
        let order =
            isDirect
            ? "it is ordered after direct-boot.service"
            : "it is ordered after indirect-middle.service, which is ordered after indirect-boot.service"
        #expect(
            output.contains(
                "\(name).service can't be started: \(order), and this run is part of that one's own start"), "\(output)"
        )
        // Nothing that the failed run has asked for comes later by itself.
        #expect(try !machine.run("systemctl", "list-jobs").text.contains(name + ".service"))
        #expect(try !machine.isActive(name))
    }

    @Test func `one that only waits for others is waited for`() throws {
        var config = config(
            "patient", unit: "[Unit]\nAfter=other-work.service\n[Service]\nExecStart=/bin/sleep infinity")
        config.file(
            "/etc/systemd/system/other-work.service", "[Service]\nType=oneshot\nExecStart=/bin/sleep 3\n")
        config.commands["begin"] = ["command": "systemctl start --no-block other-work"]
        let output = try startRun("patient-boot", applying: config)
        #expect(output.contains("services[systemd/patient] changed"), "\(output)")
        #expect(try machine.isActive("patient"))
    }
}
