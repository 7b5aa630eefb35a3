// How often systemd reads its units again, and by which way it is reached.

import Foundation
import Testing

extension ServicesTests {
    /// How often systemd has read its units again since it was booted.
    private func reloadCount() throws -> Int {
        try machine.run("journalctl", "--sync")
        return try machine.run("journalctl", "-o", "cat", "--no-pager", "_PID=1").text.split(separator: "\n").count {
            $0.hasPrefix("Reloading")
        }
    }

    private func reloads(during body: () throws -> Void) throws -> Int {
        let before = try reloadCount()
        try body()
        return try reloadCount() - before
    }

    @Test func `units are read again once for a new service, and not at all when none has changed`() throws {
        let config = serving("counted", "1\n")
        let count = try reloads { () throws in #expect(try machine.apply(config).code == 0) }
        #expect(count == 1)
        #expect(try machine.property("NeedDaemonReload", of: "counted") == "no")
        let quiet = try reloads { () throws in
            #expect(try machine.apply(config).outcome == "unchanged")
            #expect(try machine.plan(serving("counted", "2\n")).service("counted")?.action == "restart")
            #expect(try machine.apply(serving("counted", "2\n")).service("counted")?.action == "restart")
            #expect(
                try machine.apply(wish("counted", ["ensureRunning": false])).service("counted")?.outcome == "changed")
            #expect(
                try machine.apply(wish("counted", ["ensureRunning": true])).service("counted")?.outcome == "changed")
        }
        #expect(quiet == 0)
        var changed = serving("counted", "2\n")
        changed.unit("counted", lines: "Environment=NEW=1")
        changed.service("counted", ["files": ["/etc/systemd/system/counted.service"]])
        let again = try reloads { () throws in
            #expect(try machine.apply(changed).service("counted")?.action == "restart")
        }
        #expect(again == 1)
    }

    @Test func `for many new services they are read before the first start, and once for all links at the end`() throws
    {
        var config = Config()
        let names = (1...6).map { "crowd\($0)" }
        for name in names {
            config.unit(name)
            config.service(name)
        }
        let count = try reloads { () throws in #expect(try machine.apply(config).code == 0) }
        #expect(count == 2)
        for name in names {
            #expect(try machine.isActive(name))
            #expect(try machine.enablement(name) == "enabled")
        }
        #expect(try machine.property("NeedDaemonReload", of: "crowd6") == "no")
        #expect(try machine.property("Wants", of: "multi-user.target").contains("crowd6.service"))
        #expect(try machine.apply(config).outcome == "unchanged")
    }

    @Test func `a link that another start depends on is known to that start`() throws {
        var config = Config()
        config.file(
            "/etc/systemd/system/pulled.service",
            "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=puller.service\n")
        config.unit("puller")
        config.unit("before")
        config.service("before")
        config.service("pulled", ["enabled": true])
        config.service("puller", ["ensureRunning": true])
        #expect(try machine.apply(config).code == 0)
        #expect(try machine.isActive("pulled"))
    }

    @Test func `drop-ins and what generators read count as unit files`() throws {
        #expect(try machine.apply(serving("dropped", "1\n")).code == 0)
        var config = serving("dropped", "1\n")
        config.file(
            "/etc/systemd/system/dropped.service.d/more.conf",
            "[Service]\nExecStartPre=/bin/sh -c 'echo dropped-in >> /run/dropped.log'\n")
        config.service("dropped", ["files": ["/etc/systemd/system/dropped.service.d/more.conf"]])
        let count = try reloads { () throws in
            #expect(try machine.apply(config).service("dropped")?.action == "restart")
        }
        #expect(count == 1)
        #expect(log("dropped") == ["start", "start", "dropped-in"])
    }

    // MARK: Ways to systemd

    /// Runs as somebody who is nobody in particular.
    private func planAsNobody(_ config: Config) throws -> Output {
        try machine.write("/run/nobody.json", config.document)
        return try machine.run(
            "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "ide-init", "plan", "/run/nobody.json")
    }

    private func withoutMessageBus(_ body: () throws -> Void) throws {
        try machine.run("systemctl", "stop", "dbus.socket", "dbus.service")
        defer { _ = try? machine.run("systemctl", "start", "dbus.socket") }
        try body()
    }

    @Test func `root needs no message bus; others are told that they need one`() throws {
        #expect(try machine.apply(serving("busless", "1\n")).code == 0)
        let stop = wish("busless", ["ensureRunning": false])
        let asked = try planAsNobody(stop)
        #expect(asked.text.contains("running: true → false"), "\(asked.text)")
        try withoutMessageBus {
            let report = try machine.apply(serving("busless", "2\n"))
            #expect(report.service("busless")?.action == "restart", "\(report.text)")
            #expect(machine.read("/run/busless.served") == "2\n")
            let unknown = try planAsNobody(stop)
            #expect(unknown.text.contains("systemd doesn't let itself be asked: the system bus: "), "\(unknown.text)")
            #expect(unknown.code == 0)
        }
    }

    @Test func `systemctl stands in where the bus can't be reached`() throws {
        // Its own way there is the same one: this one opens it for itself only.
        try machine.write(
            "/usr/local/bin/systemctl",
            """
            #!/bin/sh
            echo "$*" >>/run/standing-in.log
            mv /run/systemd/away /run/systemd/private
            /usr/bin/systemctl "$@"
            code=$?
            mv /run/systemd/private /run/systemd/away
            exit $code

            """, mode: 0o755)
        defer { _ = try? machine.run("rm", "/usr/local/bin/systemctl") }
        try withoutMessageBus {
            try machine.run("mv", "/run/systemd/private", "/run/systemd/away")
            defer { _ = try? machine.run("mv", "/run/systemd/away", "/run/systemd/private") }
            let report = try machine.apply(serving("stood-in", "1\n"))
            #expect(report.code == 0, "\(report.text)")
            #expect(report.service("stood-in")?.facts.first == "enabled: false → true")
            #expect(try machine.apply(serving("stood-in", "1\n")).outcome == "unchanged")
            var failing = Config()
            failing.file("/etc/systemd/system/fallen.service", "[Service]\nType=oneshot\nExecStart=/bin/false\n")
            failing.service("fallen", ["ensureRunning": true])
            let failure = try machine.apply(failing)
            #expect(
                failure.error.contains(
                    "systemctl start -- fallen exited with code 1; by systemctl, since systemd doesn't let itself be asked: /run/systemd/private: No such file or directory"
                ), "\(failure.text)")
        }
        #expect(try machine.isActive("stood-in"))
        #expect(machine.read("/run/standing-in.log")?.contains("start -- stood-in") == true)
    }
}
