// What an instance's later boots do, and those of another instance made of its image.

import Foundation
import InitCore
import TestSupport
import Testing

extension UnitSuite {
    @Suite struct LaterBootTests {
        /// A guarded command and one that isn't, a file, a unit.
        private var config: Config {
            var config = Config()
            config.file("/srv/file", "hello\n")
            config.commands["1"] = ["command": "echo x >>/srv/unguarded"]
            config.commands["2"] = ["command": "echo x >>/srv/guarded", "test": "true"]
            config.unit("later")
            config.service("later")
            return config
        }

        private func restart(_ machine: Machine) throws {
            try machine.shell("systemctl stop ide-init; rm -rf /run/ide-init; systemctl start ide-init")
        }

        private func be(_ instance: String) async throws {
            try await Stack.standIn.get().set("imds", #"{"instanceId": "\#(instance)"}"#)
        }

        @Test func `later boots do nothing and are ready at once, until it is another instance`() async throws {
            let machine = try UnitSuite.machine()
            let stack = try await Stack([:])
            let own = stack.standIn["instanceId"]
            try machine.write("/srv/metadata.json", config.document)
            try machine.configure("ide-init", options: "/srv/metadata.json", environment: stack.environment)
            try machine.shell("systemctl start ide-init; rm /srv/file")
            try restart(machine)
            #expect(try machine.statusText() == "nothing to do on a later boot")
            #expect(try machine.isActive("ide-init"))
            #expect(!machine.exists("/srv/file") && machine.count("/srv/unguarded") == 1)

            try await be("i-00000000000000001")
            try restart(machine)
            #expect(machine.exists("/srv/file") && machine.count("/srv/unguarded") == 2)

            // The machine's own id tells where instance metadata doesn't.
            let url = ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:9"]
            try machine.configure("ide-init", options: "/srv/metadata.json", environment: url)
            try restart(machine)
            #expect(machine.count("/srv/unguarded") == 2)
            try await be(own)
        }

        @Test func `with --boot every, later boots run guarded commands only, and wait for the units`() async throws {
            let machine = try UnitSuite.machine()
            var config = config
            try machine.configure(
                config, service: "ExecStart=\nExecStart=/opt/aws/bin/ide-init apply --boot every $OPTIONS")
            try machine.shell("systemctl start ide-init; rm /srv/file; systemctl stop later")
            #expect(machine.count("/srv/unguarded") == 1 && machine.count("/srv/guarded") == 1)
            // As on a boot, somebody else starts what is enabled.
            try machine.shell("systemctl stop ide-init; rm -rf /run/ide-init")
            let start = try machine.start("systemctl", "start", "ide-init")
            try await eventually("the wait") { try machine.statusText().hasPrefix("waiting for readiness[later]") }
            #expect(start.isRunning)
            try machine.shell("systemctl start later")
            #expect(start.code == 0)
            #expect(try machine.statusText() == "done: 1 ran, 4 skipped")
            #expect(!machine.exists("/srv/file"))
            #expect(machine.count("/srv/unguarded") == 1 && machine.count("/srv/guarded") == 2)

            config.commands["2"] = ["command": "false", "test": "true"]
            try machine.write("/srv/metadata.json", config.document)
            #expect(try machine.run("sh", "-c", "systemctl stop ide-init; systemctl start ide-init").code != 0)
            #expect(try machine.statusText().hasPrefix("failed: commands[2]"))
        }
    }
}
