// What of a run is in the journal: entries with fields, each once, none with a secret.

import Foundation
import InitCore
import Testing

extension UnitSuite {
    @Suite struct JournalTests {
        private static let secret = "a-secret-of-the-journal"

        private var config: Config {
            var config = Config()
            config.file("/srv/motd", "hello\n")
            config.file("/srv/key", Self.secret, mode: "000600")
            config.commands["1"] = ["command": "echo ran; cat /srv/key"]
            return config
        }

        /// The entries that match, with their fields.
        private func entries(_ machine: Machine, _ matches: String) throws -> [[String: String]] {
            let text = try machine.shell("journalctl --sync; journalctl --all --no-pager --output json \(matches)")
            return try text.split(separator: "\n").map { line in
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                return (object ?? [:]).compactMapValues { $0 as? String }
            }
        }

        private func invocation(_ machine: Machine) throws -> String {
            "_SYSTEMD_INVOCATION_ID=\(try machine.property("InvocationID", of: "ide-init"))"
        }

        @Test(arguments: Release.chosen)
        func `a change is found by its resource, with all its fields`(_ release: Release) throws {
            let machine = try UnitSuite.machine(release)
            try machine.configure(config)
            try machine.shell("systemctl start ide-init")
            let run = try invocation(machine)
            let entry = try #require(try entries(machine, "'IDE_INIT_RESOURCE=files[/srv/motd]' \(run)").first)
            #expect(entry["MESSAGE"] == "files[/srv/motd] changed")
            #expect(entry["IDE_INIT_CONFIG"] == "config" && entry["IDE_INIT_SECTION"] == "files")
            #expect(entry["IDE_INIT_CHANGE"] == "create")
            #expect(entry["IDE_INIT_FACTS"]?.contains("content: 6 bytes") == true)
            #expect(entry["CODE_FUNC"] == "files.apply" && entry["PRIORITY"] == "6")
            #expect(entry["SYSLOG_IDENTIFIER"] == "ide-init" && entry["_SYSTEMD_UNIT"] == "ide-init.service")
            #expect(try #require(entry["DURATION"]).wholeMatch(of: try Regex(#"\d+\.\d{3}"#)) != nil)

            // One line for each thing that happened, and no text beside it.
            let all = try entries(machine, run).compactMap { $0["MESSAGE"] }
            #expect(
                all == [
                    "Applying default from /srv/metadata.json", "files[/srv/key] changed", "files[/srv/motd] changed",
                    "commands[1] ran", "Done: 2 changed, 1 ran",
                ])
            #expect(try !machine.shell("journalctl --sync; journalctl --all --output export").contains(Self.secret))
        }

        @Test func `a failure is told with what was printed last, once`() throws {
            let machine = try UnitSuite.machine()
            var config = config
            config.commands["2"] = ["command": "cat /srv/key; echo no disk >&2; exit 3"]
            try machine.configure(config)
            #expect(try machine.run("systemctl", "start", "ide-init").code != 0)
            let run = try invocation(machine)
            let failures = try entries(machine, "PRIORITY=3 \(run)")
            #expect(failures.map { $0["IDE_INIT_RESOURCE"] } == ["commands[2]"])
            let failure = try #require(failures.first)
            #expect(failure["MESSAGE"]?.hasPrefix("commands[2] failed: Command 2 exited with code 3") == true)
            #expect(failure["IDE_INIT_OUTPUT"] == "(secret)no disk")
            #expect(try entries(machine, run).last?["MESSAGE"] == "Stopped: 2 changed, 1 ran, 1 failed")
            #expect(try !machine.shell("journalctl --all --output export").contains(Self.secret))

            config.commands["2"] = ["comand": "false"]
            try machine.configure(config)
            #expect(try machine.run("systemctl", "start", "ide-init").code != 0)
            let mistakes = try entries(machine, try invocation(machine)).compactMap { $0["MESSAGE"] }
            #expect(mistakes.count { $0.contains("comand") } == 1, "\(mistakes)")
        }

        @Test(arguments: Release.chosen)
        func `each kind of message is explained in the catalog`(_ release: Release) throws {
            let machine = try UnitSuite.machine(release)
            var config = config
            try machine.configure(config)
            try machine.shell("systemctl start ide-init")
            config.commands["2"] = ["command": "false"]
            try machine.write("/srv/metadata.json", config.document)
            #expect(try machine.run("ide-init", "apply", "/srv/metadata.json").code == 1)
            let kinds = Set(try entries(machine, "SYSLOG_IDENTIFIER=ide-init").compactMap { $0["MESSAGE_ID"] })
            // Nothing here is right and yet worth a note.
            #expect(kinds == Set(JournalView.Kind.allCases.filter { $0 != .note }.map(\.rawValue)))
            for kind in JournalView.Kind.allCases {
                let text = try machine.shell("journalctl --no-pager --dump-catalog \(kind.rawValue)")
                #expect(text.contains("Defined-By: ide-init") && text.contains("man:ide-init(8)"), "\(text)")
            }
            let text = try machine.shell("journalctl --catalog --no-pager 'IDE_INIT_RESOURCE=files[/srv/motd]'")
            #expect(text.contains("Subject: ide-init changed files[/srv/motd]"))
            #expect(text.contains("content: 6 bytes"))
        }

        @Test func `outside of a unit there is text on standard output, and the entries are in the journal`() throws {
            let machine = try UnitSuite.machine()
            try machine.write("/srv/metadata.json", config.document)
            let apply = try machine.run("ide-init", "apply", "/srv/metadata.json")
            #expect(apply.code == 0)
            #expect(apply.text.contains("+ files[/srv/motd] created") && apply.text.contains("Done: 2 changed, 1 ran"))
            #expect(!apply.text.contains(Self.secret))
            #expect(
                try entries(machine, "'IDE_INIT_RESOURCE=files[/srv/motd]'").count { $0["_SYSTEMD_UNIT"] == nil } == 1)
            // Nothing is right or wrong by itself: what changes nothing says nothing of its items.
            #expect(try machine.run("ide-init", "plan", "/srv/metadata.json").code == 0)
            #expect(
                try entries(machine, "'IDE_INIT_RESOURCE=files[/srv/motd]'").count { $0["_SYSTEMD_UNIT"] == nil } == 1)
        }
    }
}
