// kill -9 at any moment of a run: a plain re-run makes of it what an undisturbed one does. Each seed and moment is printed.
// IDE_INIT_KILLS: how often (12); IDE_INIT_SEED: to see one again.

import Foundation
import InitCore
import Testing

extension UnitSuite {
    @Suite struct KillTests {
        /// Two generations of the same: packages, files, a service that is restarted and one that is reloaded.
        private func config(_ generation: String) -> Config {
            var config = Config()
            config.packages = ["apt": ["slow": [], "slower": []]]
            for number in 1...6 { config.file("/srv/tree/\(number)/file", "\(number) of \(generation)\n") }
            for (name, reloads) in [("restarted", false), ("reloaded", true)] {
                config.unit(name, reloads: reloads)
                config.file("/etc/\(name).conf", "\(name) \(generation)\n")
                config.service(
                    name, ["enabled": true, "ensureRunning": true, "files": ["/etc/\(name).conf"]])
            }
            config.commands["1"] = ["command": "sleep 0.1; echo \(generation) >/srv/command"]
            return config
        }

        /// Packages that take their time, from a repository of files.
        private let repository = """
            mkdir -p /var/tiny && cd /var/tiny
            for name in slow slower; do
                mkdir -p $name/DEBIAN $name/usr/share/$name
                echo $name >$name/usr/share/$name/file
                printf '#!/bin/sh\\nsleep 0.2\\n' >$name/DEBIAN/postinst; chmod 755 $name/DEBIAN/postinst
                printf "Package: $name\\nVersion: 1\\nArchitecture: all\\nMaintainer: T <t@example.org>\\nDescription: t\\n" >$name/DEBIAN/control
                dpkg-deb -Znone --root-owner-group -b $name $name.deb >/dev/null
                { dpkg-deb -f $name.deb; echo "Filename: ./$name.deb"; echo "Size: $(stat -c %s $name.deb)"
                  echo "SHA256: $(sha256sum <$name.deb | cut -c1-64)"; echo; } >>Packages
            done
            rm -f /etc/apt/sources.list.d/*
            echo 'deb [trusted=yes] file:///var/tiny ./' >/etc/apt/sources.list
            """

        /// All that a run is to bring about: the tree, the packages, the units, and what they serve.
        private let inventory = """
            find /srv /etc /usr/share/slow /usr/share/slower ! -path '/etc/ld.so.cache*' \\( -type f -printf '%p %m %u %g ' -exec sha256sum {} \\; \
                -o -printf '%p %m %u %g %y %l\\n' \\) | sort
            dpkg --audit
            dpkg-query -W -f '${Package} ${Version} ${Status}\\n' | sort
            for unit in restarted reloaded; do
                systemctl show -p ActiveState,SubState,UnitFileState,NeedDaemonReload $unit; cat /run/$unit.served
            done
            """

        /// As before the run.
        private let undo = """
            dpkg --purge --force-all slow slower >/dev/null 2>&1 || true
            rm -f /var/lib/ide-init/booted.json /srv/command
            """

        /// Seconds of the last run: its packages, the whole.
        private func durations(_ machine: Machine) throws -> (packages: Double, whole: Double) {
            let text = try machine.shell("ide-init status --json")
            let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            let timings = try #require(object["timings"] as? [[String: Any]])
            let packages = try #require(
                timings.first { $0["item"] as? String == "packages[apt]" }?["durationMs"] as? Int)
            let ended = try #require(object["endedMs"] as? Int)
            let started = try #require(object["startedMs"] as? Int)
            return (Double(packages) / 1000, Double(ended - started) / 1000)
        }

        @Test func `a run that is killed at any moment converges by a plain re-run`() async throws {
            let machine = try UnitSuite.machine()
            let kills = Machine.environment["IDE_INIT_KILLS"].flatMap { Int($0) } ?? 12
            let seed = Machine.environment["IDE_INIT_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...999_999)
            var random = Moments(state: seed)
            try machine.shell(repository)
            let generations = ["one", "two"]
            var expected: [String] = []
            var packages = 0.0
            var whole = 0.0
            for generation in generations + generations {
                try machine.shell(undo)
                try machine.configure(config(generation))
                try machine.shell("systemctl restart ide-init")
                (packages, whole) = try durations(machine)
                expected.append(try machine.shell(inventory))
            }
            // The first round has no file from before.
            expected.removeFirst(2)

            for number in 1...kills {
                let index = (number - 1) % 2
                try machine.shell("systemctl stop ide-init; \(undo)")
                try machine.configure(config(generations[index]))
                let start = try machine.start("systemctl", "start", "ide-init")
                try await eventually("the run's beginning") { try !machine.statusText().isEmpty }
                // Every other one after the packages, which take most of the time.
                let moment = Double.random(in: (number % 2 == 0 ? 0 : packages)...whole, using: &random)
                try await Task.sleep(for: .seconds(moment))
                try machine.run("systemctl", "kill", "--kill-who=main", "--signal=KILL", "ide-init")
                let ended = start.code == 0 ? "had ended" : "killed"
                let step = try machine.shell(
                    "journalctl --sync; journalctl -o cat -n 1 SYSLOG_IDENTIFIER=ide-init _SYSTEMD_UNIT=ide-init.service"
                ).trimmingCharacters(in: .newlines)
                let text =
                    "kill \(number), seed \(seed): after \(String(format: "%.3f", moment)) s, \(ended) after: \(step)"
                print("SystemdTests: \(text)")
                let again = try machine.run("systemctl", "start", "ide-init")
                let status = try machine.statusText()
                #expect(again.code == 0, "\(text): \(again.text); \(status)")
                let found = try machine.shell(inventory)
                #expect(found == expected[index], "\(text)")
                #expect(
                    found.contains("restarted \(generations[index])\n")
                        && found.contains("reloaded \(generations[index])\n"))
            }
        }
    }

    /// xorshift64*: the same moments for the same seed.
    private struct Moments: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state ^= state >> 12
            state ^= state << 25
            state ^= state >> 27
            return state &* 2_685_821_657_736_338_717
        }
    }
}
