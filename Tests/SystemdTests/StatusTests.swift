// ide-init status: where the run is, or how the last one went, to anybody.

import Foundation
import InitCore
import Testing

extension UnitSuite {
    @Suite struct StatusTests {
        private static let secret = "a-secret-of-the-status"

        private var config: Config {
            var config = Config()
            config.file("/srv/key", Self.secret, mode: "000600")
            config.commands["1"] = ["command": "true"]
            config.commands["2"] = ["command": "sleep 1"]
            config.commands["3"] = [
                "command": "touch /srv/began; while [ ! -e /srv/go ]; do sleep 0.05; done",
                "env": ["TOKEN": Self.secret],
            ]
            return config
        }

        /// As a user without any rights.
        private func status(_ machine: Machine, _ options: String = "") throws -> Output {
            let output = try machine.run("su", "-s", "/bin/sh", "nobody", "-c", "ide-init status \(options)")
            #expect(!output.text.contains(Self.secret))
            return output
        }

        private func json(_ machine: Machine) throws -> [String: Any] {
            let output = try status(machine, "--json")
            return try #require(try JSONSerialization.jsonObject(with: Data(output.text.utf8)) as? [String: Any])
        }

        @Test func `another user sees what runs, for how long, and how it ended`() async throws {
            let machine = try UnitSuite.machine()
            #expect(try status(machine).code == 3)
            try machine.configure(config)
            let waiting = try machine.start("ide-init", "status", "--wait")
            let start = try machine.start("systemctl", "start", "ide-init")
            try await eventually("the last command") { machine.exists("/srv/began") }
            try await eventually("its line") { try status(machine).text.contains("under way: commands[3], for") }
            let running = try status(machine)
            #expect(running.code == 0)
            #expect(running.text.hasPrefix("running: default from /srv/metadata.json, for"))
            #expect(running.text.contains("3 of 4 items, config config"))
            #expect(try (json(machine)["current"] as? [String: Any])?["item"] as? String == "commands[3]")
            #expect(waiting.isRunning && start.isRunning)

            try machine.write("/srv/go", "")
            #expect(waiting.code == 0 && start.code == 0)
            let done = try status(machine)
            #expect(done.code == 0)
            #expect(done.text.hasPrefix("done: default from /srv/metadata.json, in"))
            #expect(done.text.contains("1 changed, 3 ran"))
            let object = try json(machine)
            #expect(object["format"] as? Int == 1 && object["state"] as? String == "done")
            #expect(object["items"] as? Int == 4 && object["finished"] as? Int == 4)
            #expect(object["summary"] as? [String: Int] == ["changed": 1, "ran": 3])
            let timings = try #require(object["timings"] as? [[String: Any]])
            let durations = timings.compactMap { $0["durationMs"] as? Int }
            #expect(durations.count == 4 && durations == durations.sorted(by: >))
            #expect(durations[0] >= 1000)

            // As after a reboot.
            try machine.shell("rm -rf /run/ide-init")
            #expect(try status(machine).text == done.text)
        }

        @Test func `a failed run is told with its reason, and one that was killed as broken off`() async throws {
            let machine = try UnitSuite.machine()
            var config = config
            config.commands["2"] = ["command": "cat /srv/key; echo no disk; exit 3"]
            try machine.configure(config)
            #expect(try machine.run("systemctl", "start", "ide-init").code != 0)
            let failed = try status(machine, "--wait")
            #expect(failed.code == 1)
            #expect(failed.text.contains("| commands[2]: Command 2 exited with code 3"), "\(failed.text)")
            #expect(failed.text.contains("| (secret)no disk"))

            config.commands["2"] = nil
            try machine.configure(config)
            let start = try machine.start("systemctl", "start", "ide-init")
            try await eventually("the last command") { machine.exists("/srv/began") }
            let waiting = try machine.start("ide-init", "status", "--wait")
            try machine.shell("systemctl kill --kill-who=main --signal=KILL ide-init")
            #expect(start.code != 0)
            #expect(waiting.code == 1)
            for script in ["true", "rm -rf /run/ide-init"] {
                try machine.shell(script)
                let broken = try status(machine)
                #expect(broken.code == 1)
                #expect(broken.text.contains("it ended without a word"), "\(broken.text)")
            }
        }

        @Test func `a run that can't begin doesn't hide the one that is under way`() async throws {
            let machine = try UnitSuite.machine()
            try machine.configure(config)
            let start = try machine.start("systemctl", "start", "ide-init")
            try await eventually("the last command") { machine.exists("/srv/began") }
            #expect(try machine.run("ide-init", "apply", "/srv/metadata.json").code == 75)
            try machine.write("/srv/mistaken.json", "[]")
            #expect(try machine.run("ide-init", "apply", "/srv/mistaken.json").code == 65)
            #expect(try status(machine).text.hasPrefix("running: default from /srv/metadata.json"))
            try machine.write("/srv/go", "")
            #expect(start.code == 0)
        }
    }
}
