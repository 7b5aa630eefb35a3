// services against a systemd that runs.

import Foundation
import Testing

/// One after the other: only one run at a time is allowed on a machine.
@Suite(
    .serialized,
    .enabled(
        if: Machine.isThere || Machine.isRequired,
        "a systemd of our own needs root and IDE_INIT_ROOTS, the folder where test roots are kept"))
struct ServicesTests {
    let machine: Machine

    init() throws { machine = try Machine.shared.get() }

    /// A config with a unit, the file that it serves, and a service that reacts to that file.
    func serving(
        _ name: String, _ content: String, reloads: Bool = false, mode: String = "000644",
        wishes: [String: Any] = ["enabled": true, "ensureRunning": true]
    ) -> Config {
        var config = Config()
        config.unit(name, reloads: reloads)
        config.file("/etc/\(name).conf", content, mode: mode)
        config.service(name, wishes.merging(["files": ["/etc/\(name).conf"]]) { $1 })
        return config
    }

    /// `ensureRunning` of a unit that is there already, with nothing else to do.
    func wish(_ name: String, _ wishes: [String: Any]) -> Config {
        var config = Config()
        config.service(name, wishes)
        return config
    }

    func log(_ name: String) -> [String] {
        (machine.read("/run/\(name).log") ?? "").split(separator: "\n").map(String.init)
    }

    // MARK: Enabling, starting, stopping

    @Test func `a unit that the same config writes is enabled and started, and the second run changes nothing`() throws
    {
        var config = Config()
        config.unit("fresh")
        config.file("/etc/fresh.conf", "1\n")
        config.service("fresh")
        let first = try machine.apply(config)
        #expect(first.code == 0, "\(first.text)")
        #expect(first.service("fresh")?.facts == ["enabled: false → true", "running: false → true"])
        #expect(try machine.isActive("fresh"))
        #expect(try machine.enablement("fresh") == "enabled")

        let second = try machine.apply(config)
        #expect(second.outcome == "unchanged", "\(second.text)")
        #expect(log("fresh") == ["start"])
    }

    @Test func `a unit is started as it is on disk, not as systemd last read it`() throws {
        var config = Config()
        config.unit("reread")
        config.service("reread", ["ensureRunning": false])
        #expect(try machine.apply(config).code == 0)
        // Loaded, for it is referred to.
        try machine.write(
            "/etc/systemd/system/holder.service",
            "[Unit]\nAfter=reread.service\n[Service]\nExecStart=/bin/sleep infinity\n")
        try machine.run("systemctl", "start", "holder")
        #expect(try machine.property("LoadState", of: "reread") == "loaded")
        config.unit("reread", lines: "ExecStartPre=/bin/sh -c 'echo new >> /run/reread.log'")
        config.service("reread", ["ensureRunning": true])
        #expect(try machine.apply(config).code == 0)
        #expect(log("reread") == ["new", "start"])
    }

    @Test func `ensureRunning false stops, enabled false disables`() throws {
        var config = Config()
        config.unit("off")
        config.service("off")
        #expect(try machine.apply(config).code == 0)
        #expect(try machine.isActive("off"))
        config.service("off", ["enabled": "false", "ensureRunning": "false"])
        let report = try machine.apply(config)
        #expect(report.service("off")?.facts == ["enabled: true → false", "running: true → false"])
        #expect(try !machine.isActive("off"))
        #expect(try machine.enablement("off") == "disabled")
        #expect(try machine.apply(config).outcome == "unchanged")
    }

    @Test func `what isn't mentioned is left alone`() throws {
        var config = Config()
        config.unit("alone")
        config.service("alone")
        #expect(try machine.apply(config).code == 0)
        #expect(try machine.apply(wish("alone", [:])).outcome == "unchanged")
        #expect(try machine.isActive("alone"))
        #expect(try machine.enablement("alone") == "enabled")
    }

    @Test func `a static unit is neither enabled nor disabled`() throws {
        var config = Config()
        config.unit("static", isInstallable: false)
        config.service("static", ["enabled": true])
        #expect(try machine.apply(config).service("static")?.outcome == "unchanged")
        config.service("static", ["enabled": false])
        #expect(try machine.apply(config).service("static")?.outcome == "unchanged")
        #expect(try machine.enablement("static") == "static")
    }

    @Test func `a running static unit that the same config makes installable is enabled at once`() throws {
        var config = Config()
        config.unit("grown", isInstallable: false)
        config.service("grown")
        #expect(try machine.apply(config).service("grown")?.facts == ["running: false → true"])
        // From now on systemd has its answer in memory.
        #expect(try machine.apply(config).outcome == "unchanged")
        config.unit("grown", isInstallable: true)
        #expect(try machine.apply(config).service("grown")?.facts == ["enabled: false → true"])
        #expect(try machine.enablement("grown") == "enabled")
        #expect(try machine.apply(config).outcome == "unchanged")
    }

    @Test func `names with a suffix, instances and aliases work`() throws {
        var config = Config()
        config.file(
            "/etc/systemd/system/many@.service",
            "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n")
        config.file(
            "/etc/systemd/system/tick.timer", "[Timer]\nOnActiveSec=1d\n[Install]\nWantedBy=multi-user.target\n")
        config.file("/etc/systemd/system/tick.service", "[Service]\nType=oneshot\nExecStart=/bin/true\n")
        config.file(
            "/etc/systemd/system/real.service",
            "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\nAlias=other.service\n")
        config.service("many@one")
        config.service("tick.timer")
        config.service("real.service")
        let report = try machine.apply(config)
        #expect(report.code == 0, "\(report.text)")
        for name in ["many@one", "tick.timer", "real"] {
            #expect(try machine.isActive(name))
            #expect(try machine.enablement(name) == "enabled")
        }
        config.service("other")
        #expect(try machine.apply(config).outcome == "unchanged")
    }

    @Test func `a unit that a link of files brings is enabled once`() throws {
        var config = Config()
        config.file(
            "/opt/app/linked.service",
            "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n")
        config.file("/etc/systemd/system/linked.service", "/opt/app/linked.service", mode: "120644")
        config.service("linked")
        #expect(try machine.apply(config).code == 0)
        #expect(try machine.enablement("linked") == "enabled")
        #expect(try machine.isActive("linked"))
        #expect(try machine.apply(config).outcome == "unchanged")
    }

    // MARK: Restarting

    @Test func `a listed file that changes restarts the service, one whose mode alone changes doesn't`() throws {
        #expect(try machine.apply(serving("restarted", "1\n")).code == 0)
        #expect(machine.read("/run/restarted.served") == "1\n")
        let before = log("restarted")
        let report = try machine.apply(serving("restarted", "2\n"))
        #expect(report.service("restarted")?.action == "restart")
        #expect(report.service("restarted")?.facts.first?.contains("files[/etc/restarted.conf]") == true)
        #expect(log("restarted") == before + ["start"])
        #expect(machine.read("/run/restarted.served") == "2\n")

        let mode = try machine.apply(serving("restarted", "2\n", mode: "000600"))
        #expect(mode.items["files//etc/restarted.conf"]?.outcome == "changed")
        #expect(mode.service("restarted")?.outcome == "unchanged")
        #expect(log("restarted") == before + ["start"])
    }

    @Test func `a service that can reload is reloaded`() throws {
        #expect(try machine.apply(serving("reloaded", "1\n", reloads: true)).code == 0)
        #expect(log("reloaded") == ["start"])
        let process = try machine.property("MainPID", of: "reloaded")
        #expect(try machine.apply(serving("reloaded", "2\n", reloads: true)).code == 0)
        #expect(log("reloaded") == ["start", "reload"])
        #expect(machine.read("/run/reloaded.served") == "2\n")
        #expect(try machine.property("MainPID", of: "reloaded") == process)
    }

    @Test func `a listed unit that changes is read again before the restart`() throws {
        var config = serving("changed", "1\n")
        config.service("changed", ["ensureRunning": true, "files": ["/etc/systemd/system/changed.service"]])
        #expect(try machine.apply(config).code == 0)
        config.unit("changed", lines: "ExecStartPre=/bin/sh -c 'echo new >> /run/changed.log'")
        #expect(try machine.apply(config).service("changed")?.action == "restart")
        #expect(log("changed") == ["start", "new", "start"])
        #expect(try machine.property("NeedDaemonReload", of: "changed") == "no")
    }

    @Test func `a restart starts what is stopped, even where ensureRunning isn't given or false`() throws {
        #expect(try machine.apply(serving("idle", "1\n", wishes: [:])).service("idle")?.action == "restart")
        #expect(try machine.isActive("idle"))
        #expect(try machine.apply(serving("idle", "2\n", wishes: ["ensureRunning": false])).code == 0)
        #expect(machine.read("/run/idle.served") == "2\n")
    }

    @Test func `a command that ran restarts, one that was skipped doesn't`() throws {
        var config = serving("commanded", "1\n")
        config.service("commanded", ["ensureRunning": true, "commands": ["make"]])
        config.commands["make"] = ["command": "true", "test": "test ! -e /run/made"]
        #expect(try machine.apply(config).service("commanded")?.action == "restart")
        try machine.write("/run/made", "")
        #expect(try machine.apply(config).outcome == "unchanged")
        #expect(log("commanded") == ["start"])
    }

    @Test func `a package that brings a service and is upgraded restarts it`() throws {
        try machine.run("mkdir", "-p", "/srv/apt")
        try machine.write("/etc/apt/sources.list", "deb [trusted=yes] file:/srv/apt ./\n")
        func publish(_ version: String) throws {
            try machine.write(
                "/srv/tinyd/DEBIAN/control",
                "Package: tinyd\nVersion: \(version)\nArchitecture: all\nMaintainer: T <t@example.org>\nDescription: tiny\n"
            )
            var unit = Config()
            unit.unit("tinyd")
            try machine.write(
                "/srv/tinyd/lib/systemd/system/tinyd.service",
                #require(unit.files.values.first?["content"] as? String))
            try machine.write("/srv/tinyd/etc/tinyd.conf", version)
            let built = try machine.run(
                "sh", "-ec",
                """
                cd /srv/apt; rm -f *.deb
                dpkg-deb -Znone --root-owner-group -b /srv/tinyd tinyd.deb
                { dpkg-deb -f tinyd.deb; echo Filename: ./tinyd.deb; echo "Size: $(stat -c %s tinyd.deb)"; echo "SHA256: $(sha256sum <tinyd.deb | cut -c1-64)"; echo; } >Packages
                rm -rf /var/lib/apt/lists/*
                """)
            #expect(built.code == 0, "\(built.text)")
        }
        var config = Config()
        config.packages = ["apt": ["tinyd": ["1.0"]]]
        config.service("tinyd", ["enabled": true, "ensureRunning": true, "packages": ["apt": ["tinyd"]]])
        try publish("1.0")
        let plan = try machine.plan(config)
        #expect(plan.service("tinyd")?.knownAfter == "packages[apt]", "\(plan.text)")
        let first = try machine.apply(config)
        #expect(first.code == 0, "\(first.text)")
        #expect(machine.read("/run/tinyd.served") == "1.0")
        #expect(try machine.enablement("tinyd") == "enabled")
        #expect(try machine.apply(config).outcome == "unchanged")

        try publish("2.0")
        config.packages = ["apt": ["tinyd": ["2.0"]]]
        let second = try machine.apply(config)
        #expect(second.service("tinyd")?.action == "restart", "\(second.text)")
        #expect(machine.read("/run/tinyd.served") == "2.0")
    }

    @Test func `several services are each restarted for what they list`() throws {
        func config(_ a: String, _ b: String) -> Config {
            var config = serving("several-a", a)
            config.unit("several-b")
            config.file("/etc/several-b.conf", b)
            config.service("several-b", ["ensureRunning": true, "files": ["/etc/several-b.conf"]])
            config.unit("several-c")
            config.service(
                "several-c", ["ensureRunning": true, "files": ["/etc/several-a.conf", "/etc/several-b.conf"]])
            return config
        }
        let names = ["several-a", "several-b", "several-c"]
        #expect(try machine.apply(config("1", "1")).code == 0)
        #expect(names.map { log($0).count } == [1, 1, 1])
        let report = try machine.apply(config("1", "2"))
        #expect(names.map { report.service($0)?.outcome } == ["unchanged", "changed", "changed"])
        #expect(names.map { log($0).count } == [1, 2, 2])
    }

    // MARK: Failures

    @Test func `a masked service can't be enabled, started or restarted, and the failure says what to do`() throws {
        var config = Config()
        config.unit("masked")
        config.file("/etc/masked.conf", "1\n")
        #expect(try machine.apply(config).code == 0)
        try machine.run(
            "sh", "-c", "mv /etc/systemd/system/masked.service /usr/lib/systemd/system/; systemctl mask masked")
        config.files["/etc/systemd/system/masked.service"] = nil
        for (wishes, word): ([String: Any], String) in [
            (["enabled": true], "enabled"), (["ensureRunning": true], "started"),
            (["files": ["/etc/masked.conf"]], "restarted"),
        ] {
            config.service("masked", wishes)
            if word == "restarted" { config.file("/etc/masked.conf", "2\n") }
            let report = try machine.apply(config)
            #expect(report.code == 1)
            #expect(
                report.error.contains("masked is masked, so it can't be \(word); unmask it first"), "\(report.text)")
        }
        #expect(try machine.apply(wish("masked", ["enabled": false, "ensureRunning": false])).outcome == "unchanged")
        // What it waited for isn't forgotten.
        try machine.run("systemctl", "unmask", "masked")
        #expect(try machine.apply(config).service("masked")?.action == "restart")
        #expect(machine.read("/run/masked.served") == "2\n")
    }

    @Test func `a service that isn't there is a clear failure, unless it is to be off`() throws {
        for report in [
            try machine.apply(wish("nowhere", ["ensureRunning": true])),
            try machine.plan(wish("nowhere", ["enabled": true])),
        ] {
            #expect(report.code == 1)
            #expect(report.error.contains("there is no service nowhere on this host"), "\(report.text)")
        }
        #expect(try machine.apply(wish("nowhere", ["enabled": false, "ensureRunning": false])).outcome == "unchanged")
    }

    @Test func `a unit that systemd can't read is a failure with systemd's words`() throws {
        var config = Config()
        config.file("/etc/systemd/system/garbled.service", "[Service]\nType=simple\n")
        config.service("garbled", ["ensureRunning": true])
        let report = try machine.apply(config)
        #expect(report.code == 1)
        #expect(
            report.error.contains(
                "garbled.service can't be started: Unit garbled.service has a bad unit file setting."), "\(report.text)"
        )
    }

    @Test func `one whose start never ends holds no run beyond its timeout, and isn't running`() throws {
        var config = Config()
        config.file("/etc/systemd/system/endless.service", "[Service]\nType=oneshot\nExecStart=/bin/sleep infinity\n")
        config.service("endless", ["ensureRunning": true])
        for _ in 1...2 {
            let report = try machine.apply(config, "--timeout", "1s")
            #expect(report.code == 1)
            #expect(report.error.contains("longer than its --timeout of 1 s"), "\(report.text)")
            #expect(try machine.property("ActiveState", of: "endless") == "activating")
        }
        config.service("endless", ["ensureRunning": false])
        #expect(try machine.apply(config).service("endless")?.facts == ["running: starting → false"])
        #expect(try machine.apply(config).outcome == "unchanged")
    }

    @Test func `one that waits for its next try after a failed start isn't running, and is tried at once`() throws {
        var config = Config()
        config.file(
            "/etc/systemd/system/crashing.service",
            "[Service]\nType=notify\nExecStart=/bin/false\nRestart=always\nRestartSec=1000\n")
        config.service("crashing", ["ensureRunning": true])
        for _ in 1...2 {
            let report = try machine.apply(config, "--timeout", "60s")
            #expect(report.code == 1)
            #expect(
                report.error.contains("its job failed; its process exited with code 1"), "\(report.text)")
            #expect(try machine.property("SubState", of: "crashing") == "auto-restart")
        }
        config.service("crashing", ["ensureRunning": false])
        #expect(try machine.apply(config).service("crashing")?.facts == ["running: failing → false"])
        #expect(try machine.apply(config).outcome == "unchanged")
    }

    @Test func `one that is starting is waited for`() throws {
        var config = Config()
        config.file(
            "/etc/systemd/system/slow.service",
            "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep 3\n[Install]\nWantedBy=multi-user.target\n"
        )
        config.commands["start"] = [
            "command":
                "systemctl start --no-block slow; until systemctl is-active slow | grep -q activating; do sleep 0.1; done",
            "test": "test ! -e /run/slow",
        ]
        config.service("slow", ["ensureRunning": true])
        let report = try machine.apply(config)
        #expect(report.code == 0, "\(report.text)")
        #expect(report.service("slow")?.facts == ["running: starting → true"])
        #expect(try machine.property("ActiveState", of: "slow") == "active")
        try machine.write("/run/slow", "")
        #expect(try machine.apply(config).outcome == "unchanged")
    }

    // MARK: sysvinit

    @Test func `the key sysvinit means systemd here`() throws {
        var config = Config()
        config.manager = "sysvinit"
        config.unit("old")
        config.service("old")
        let report = try machine.apply(config)
        #expect(report.service("old", manager: "sysvinit")?.outcome == "changed", "\(report.text)")
        #expect(try machine.isActive("old"))
        #expect(try machine.enablement("old") == "enabled")
        #expect(try machine.apply(config).outcome == "unchanged")
    }

    @Test(arguments: ["systemd", "sysvinit"])
    func `a SysV script that the same config writes is enabled, started, stopped`(_ manager: String) throws {
        let name = "script-\(manager)"
        var config = Config()
        config.manager = manager
        config.file(
            "/etc/init.d/\(name)",
            """
            #!/bin/sh
            ### BEGIN INIT INFO
            # Provides: \(name)
            # Required-Start: $remote_fs
            # Required-Stop:
            # Default-Start: 2 3 4 5
            # Default-Stop: 0 1 6
            ### END INIT INFO
            echo "$1" >>/run/\(name).log

            """, mode: "000755")
        config.service(name)
        let plan = try machine.plan(config)
        #expect(plan.service(name, manager: manager)?.knownAfter == "files[/etc/init.d/\(name)]")
        let first = try machine.apply(config)
        #expect(first.code == 0, "\(first.text)")
        #expect(first.service(name, manager: manager)?.facts == ["enabled: false → true", "running: false → true"])
        #expect(log(name) == ["start"])
        #expect(try machine.enablement(name) == "enabled")
        #expect(try machine.apply(config).outcome == "unchanged")
        config.service(name, ["enabled": false, "ensureRunning": false])
        #expect(try machine.apply(config).code == 0)
        #expect(log(name) == ["start", "stop"])
        #expect(try machine.enablement(name) == "disabled")
        #expect(try machine.apply(config).outcome == "unchanged")
    }

    @Test func `a Quadlet that the same config writes is started`() throws {
        // Podman's generator, in short.
        try machine.write(
            "/etc/systemd/system-generators/quadlet",
            """
            #!/bin/sh
            for f in /etc/containers/systemd/*.container; do
              [ -e "$f" ] || continue
              printf '[Service]\\nExecStart=/bin/sleep infinity\\n' >"$1/$(basename "$f" .container).service"
            done

            """, mode: 0o755)
        var config = Config()
        config.file("/etc/containers/systemd/boxed.container", "[Container]\nImage=example\n")
        config.service("boxed", ["ensureRunning": true, "files": ["/etc/containers/systemd/boxed.container"]])
        let report = try machine.apply(config)
        #expect(report.code == 0, "\(report.text)")
        #expect(try machine.isActive("boxed"))
        #expect(try machine.apply(config).outcome == "unchanged")
        config.file("/etc/containers/systemd/boxed.container", "[Container]\nImage=example:2\n")
        #expect(try machine.apply(config).service("boxed")?.action == "restart")
    }

    // MARK: Plans and broken-off runs

    @Test func `a plan says what it would do and does nothing`() throws {
        let config = serving("planned", "1\n")
        let before = try machine.run(
            "sh", "-c", "ls -lRA --time-style=full-iso /etc /var/lib /run/systemd /run/ide-init 2>&1"
        ).text
        let absent = try machine.plan(config)
        #expect(absent.service("planned")?.knownAfter == "files[/etc/planned.conf]", "\(absent.text)")
        #expect(absent.service("planned")?.facts == ["enabled: <null> → true", "running: <null> → true"])
        #expect(
            try machine.run("sh", "-c", "ls -lRA --time-style=full-iso /etc /var/lib /run/systemd /run/ide-init 2>&1")
                .text == before)

        #expect(try machine.apply(config).code == 0)
        let process = try machine.property("MainPID", of: "planned")
        let restart = try machine.plan(serving("planned", "2\n", wishes: ["enabled": false, "ensureRunning": true]))
        #expect(restart.service("planned")?.action == "restart")
        #expect(restart.service("planned")?.facts.first == "enabled: true → false")
        #expect(
            try machine.plan(wish("planned", ["ensureRunning": false])).service("planned")?.facts == [
                "running: true → false"
            ])
        #expect(try machine.property("MainPID", of: "planned") == process)
        #expect(try machine.enablement("planned") == "enabled")
        #expect(log("planned") == ["start"])
        #expect(try machine.plan(config).outcome == "unchanged")
    }

    @Test func `a restart that was due when the run was killed is made by the next one`() throws {
        func config(_ content: String) -> Config {
            var config = serving("killed", content)
            config.commands["kill"] = ["command": "rm /run/kill; kill -9 $PPID", "test": "test -e /run/kill"]
            return config
        }
        #expect(try machine.apply(config("1\n")).code == 0)
        try machine.write("/run/kill", "")
        #expect(try machine.apply(config("2\n")).code == 137)
        #expect(machine.read("/etc/killed.conf") == "2\n")
        #expect(machine.read("/run/killed.served") == "1\n")

        let plan = try machine.plan(config("2\n"))
        #expect(plan.items["files//etc/killed.conf"]?.outcome == "unchanged")
        #expect(plan.service("killed")?.action == "restart", "\(plan.text)")
        let next = try machine.apply(config("2\n"))
        #expect(next.service("killed")?.action == "restart")
        #expect(machine.read("/run/killed.served") == "2\n")
        #expect(try machine.apply(config("2\n")).outcome == "unchanged")
    }

    @Test func `a restart that failed is made by the next run`() throws {
        var config = serving("retried", "1\n")
        config.unit("retried", lines: "ExecStartPre=/bin/grep -v bad /etc/retried.conf")
        #expect(try machine.apply(config).code == 0)
        config.file("/etc/retried.conf", "bad\n")
        #expect(try machine.apply(config).code == 1)
        #expect(try machine.apply(config).code == 1)
        config.file("/etc/retried.conf", "good\n")
        #expect(try machine.apply(config).code == 0)
        #expect(machine.read("/run/retried.served") == "good\n")
    }

    @Test func `by the name cfn-init the same happens`() throws {
        try machine.write(
            "/usr/local/bin/cfn-init",
            """
            #!/bin/bash
            p=/opt/program
            [ -e $p/ld.so ] || exec -a cfn-init /usr/bin/ide-init "$@"
            exec $p/ld.so --argv0 cfn-init --library-path $p/lib $p/ide-init "$@"

            """, mode: 0o755)
        try machine.write("/root/cfn.json", serving("cfn", "1\n").document)
        let output = try machine.run("cfn-init", "/root/cfn.json")
        #expect(output.code == 0, "\(output.text)")
        #expect(machine.read("/run/cfn.served") == "1\n")
        #expect(try machine.enablement("cfn") == "enabled")
    }
}
