import Foundation
import Testing

extension RealRoots {
    /// Commands, and services that are only enabled, in another root.
    @Suite struct CommandTests {
        let copy: RootCopy

        init() throws { copy = try RootCopy() }

        @Test("Commands run in the root, by name, where and as whom they are told to")
        func commands() throws {
            try copy.inside(
                "useradd -m -d /home/worker -u 4711 worker; groupadd -g 4800 extra; usermod -aG extra worker")
            let config: [String: Any] = [
                "commands": [
                    "10-root": ["command": "pwd >/srv/10; id -u >>/srv/10", "cwd": "~"],
                    "20-user": [
                        "command": "pwd >20; id -un >>20; id -Gn >>20; echo $HOME >>20", "cwd": "~worker",
                        "runas": "worker",
                    ],
                    "30-env": ["command": "/usr/bin/env >/srv/30", "env": ["ONLY": "this one"]],
                    "40-list": ["command": ["sh", "-c", "printf '%s|' \"$@\" >/srv/40", "x", "a b", "$HOME", "~"]],
                    "50-skipped": ["command": "touch /srv/50", "test": "test -e /srv/nosuch"],
                    "60-run": ["command": "touch /srv/60", "test": "test -s /srv/10"],
                    "70-fails": ["command": "echo out; echo err >&2; exit 7", "ignoreErrors": "true"],
                    "80-daemon": ["command": "sleep 30 & echo $! >/srv/80"],
                ]
            ]
            let plan = try copy.plan(config)
            #expect(plan.count("ran") == 8)
            #expect(plan.knownAfter.count == 2)
            let result = try copy.apply(config)
            #expect(result.output.code == 0, "\(result.trouble)")
            // The daemon, which would have held the run up for its half a minute.
            let daemon = try #require(copy.read("/srv/80").flatMap { Int32($0.dropLast()) })
            #expect(kill(daemon, SIGKILL) == 0)
            #expect(copy.read("/srv/10") == "/root\n0\n")
            #expect(copy.read("/home/worker/20") == "/home/worker\nworker\nworker extra\n/home/worker\n")
            // What the shell itself adds apart.
            let environment = (copy.read("/srv/30") ?? "").split(separator: "\n").filter { line in
                !["PWD=", "_=", "SHLVL="].contains { line.hasPrefix($0) }
            }
            #expect(environment == ["ONLY=this one"])
            #expect(copy.read("/srv/40") == "a b|$HOME|~|")
            #expect(copy.read("/srv/50") == nil && copy.read("/srv/60") != nil)
            #expect(result.outcomes.filter { $0.hasSuffix("skipped") } == ["commands 50-skipped skipped"])
        }

        @Test("What can't be started is an error even with ignoreErrors")
        func cannotStart() throws {
            let cases: [(command: [String: Any], words: String)] = [
                (["command": ["nosuchprogram", "x"]], "there is no program nosuchprogram"),
                (["command": "true", "cwd": "/nowhere"], "/nowhere"),
                (["command": "true", "cwd": "~nosuch"], "~nosuch"),
                (["command": "true", "runas": "nosuch"], "there is no user nosuch"),
            ]
            for (command, words) in cases {
                let all = command.merging(["ignoreErrors": "true"]) { $1 }
                let result = try copy.apply(["commands": ["x": all]])
                #expect(result.output.code == 1)
                #expect(result.trouble.contains(words), "\(result.trouble)")
            }
            // In the shell it's an ordinary failure.
            let shell = try copy.apply(["commands": ["x": ["command": "nosuchprogram", "ignoreErrors": "true"]]])
            #expect(shell.output.code == 0)
        }

        @Test("A test isn't run by a dry run unless it's let")
        func dryTests() throws {
            let config = [
                "commands": [
                    "a": ["command": "true", "test": "touch /srv/ran"], "b": ["command": "true", "test": "false"],
                ]
            ]
            #expect(try copy.plan(config).knownAfter.count == 2)
            let result = try copy.run("plan", copy.document(config), ["--run-tests"])
            #expect(result.outcomes == ["commands a ran", "commands b skipped"])
            #expect(copy.read("/srv/ran") != nil)
        }

        @Test("A stopped run ends its command and what that started")
        func stopped() throws {
            let file = try copy.document(["commands": ["a": ["command": "echo $$ >/srv/pid; sleep 60; true"]]])
            let run = try Running([Surroundings.program, "apply", file, "--root", copy.root])
            let end = Date().addingTimeInterval(10)
            while copy.read("/srv/pid")?.isEmpty != false, Date() < end { usleep(20_000) }
            let shell = try #require(copy.read("/srv/pid").flatMap { Int32($0.dropLast()) })
            kill(run.identifier, SIGTERM)
            let output = try run.wait()
            #expect(output.code == 1)
            #expect(output.text.contains("SIGTERM") || output.errors.contains("SIGTERM"), "\(output)")
            #expect(kill(shell, 0) != 0)
        }

        @Test("Units are enabled and disabled offline, by either key; starting them is left to the boot")
        func units() throws {
            let unit = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"
            func config(_ manager: String, _ enabled: String) -> [String: Any] {
                [
                    "files": ["/etc/systemd/system/tinyd.service": ["content": unit]],
                    "services": [
                        manager: [
                            "tinyd": [
                                "enabled": enabled, "ensureRunning": "true",
                                "files": ["/etc/systemd/system/tinyd.service"],
                            ] as [String: Any]
                        ]
                    ],
                ]
            }
            let plan = try copy.plan(config("systemd", "true"))
            #expect(plan.output.code == 0 && plan.count("changed") == 2, "\(plan.output.text)")
            let link = "/etc/systemd/system/multi-user.target.wants/tinyd.service"
            try copy.converge(config("systemd", "true"))
            #expect(try copy.inside("readlink \(link)") == "/etc/systemd/system/tinyd.service\n")
            try copy.converge(config("sysvinit", "false"))
            #expect(throws: Trouble.self) { try copy.status(link) }
            try copy.inside("ln -s /dev/null /etc/systemd/system/hidden.service")
            let masked = try copy.plan(["services": ["systemd": ["hidden": ["enabled": "true"]]]])
            #expect(masked.trouble.contains("hidden is masked"), "\(masked.trouble)")
            let unknown = try copy.plan(["services": ["systemd": ["nosuch": ["enabled": "true"]]]])
            #expect(unknown.output.code == 1)
            #expect(unknown.trouble.contains("there is no service nosuch on this host"), "\(unknown.trouble)")
        }

        @Test("Without systemctl the error says so")
        func noSystemctl() throws {
            try copy.inside("rm /usr/bin/systemctl")
            let plan = try copy.plan(["services": ["systemd": ["tinyd": ["enabled": "true"]]]])
            #expect(plan.output.text.contains("there is no program systemctl"), "\(plan.output.text)")
            let apply = try copy.apply(["services": ["systemd": ["tinyd": ["enabled": "true"]]]])
            #expect(apply.output.code == 1)
            #expect(apply.trouble.contains("is systemd installed here?"), "\(apply.trouble)")
        }
    }
}
