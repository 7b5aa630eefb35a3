// A machine's names at its boot and its end: `ide-init dns sync` and `dns remove`.

import Foundation
import InitCore
import TestSupport
import Testing

extension StandInTests {
    @Suite struct DNSBootTests: ZoneTesting {
        @Test func `names are taken away at the end and made again at boot, with that day's address`() async throws {
            let instance = try await instance(section(2) + #", "other": {"commands": {"1": {"command": "false"}}}"#)
            #expect(try await apply(instance).code == 0)
            let calls = try await instance.standIn.requests("route53")
            let removed = try await instance.ideInit("dns", "remove")
            #expect(removed.code == 0 && removed.output.contains("- dev-2.example.com A"), "\(removed.errors)")
            #expect(try await records(instance.standIn) == [])
            #expect(try await instance.standIn.requests("route53") == calls + 2)
            #expect(try await instance.ideInit("dns", "remove").errors.contains("no records were made from here"))

            try await instance.standIn.set("imds", #"{"publicIPv4": "203.0.113.5"}"#)
            let made = try await instance.ideInit("dns", "sync", "--boot")
            #expect(made.code == 0, "\(made.errors)")
            #expect(
                try await addresses(instance.standIn) == [
                    "dev-1.example.com. A 203.0.113.5", "dev-2.example.com. A 203.0.113.5",
                    "monitor.example.com. A 203.0.113.5",
                ])
            // It is no run that anybody asks about.
            #expect(instance.read("state/ide-init/status.json")?.contains("203.0.113.5") == false)
        }

        @Test func `a boot makes the records of the document that was applied last, whoever named its source`()
            async throws
        {
            let instance = try await instance(section(2))
            #expect(try await apply(instance).code == 0)
            try await update(instance, section(1))
            #expect(try await instance.ideInit("apply").code == 0)
            #expect(try await addresses(instance.standIn).count == 2)
            #expect(try await instance.ideInit("dns", "remove").code == 0)
            #expect(try await instance.ideInit("dns", "sync", "--boot").code == 0)
            #expect(
                try await addresses(instance.standIn) == [
                    "dev-1.example.com. A 198.51.100.7", "monitor.example.com. A 198.51.100.7",
                ])
        }

        @Test func `a copy of a machine leaves that one's names alone until it is applied itself`() async throws {
            let instance = try await instance(section(1))
            #expect(try await apply(instance).code == 0)
            let changes = "route53.ChangeResourceRecordSets"
            let before = try await instance.standIn.requests(changes)
            try await instance.standIn.set(
                "imds", #"{"instanceId": "i-0aaaaaaaaaaaaaaa1", "publicIPv4": "203.0.113.5"}"#)
            let boot = try await instance.ideInit("dns", "sync", "--boot")
            #expect(boot.code == 0 && boot.errors.contains("another machine's, i-0123456789abcdef0"), "\(boot.errors)")
            // At its end, too.
            #expect(try await instance.ideInit("dns", "remove").code == 0)
            #expect(try await addresses(instance.standIn).count == 2)
            #expect(try await instance.standIn.requests(changes) == before)

            #expect(try await instance.ideInit("apply").code == 0)
            try await instance.standIn.set(
                "imds", #"{"instanceId": "i-0aaaaaaaaaaaaaaa1", "publicIPv4": "203.0.113.6"}"#)
            #expect(try await instance.ideInit("dns", "sync", "--boot").code == 0)
            #expect(try await addresses(instance.standIn).first == "dev-1.example.com. A 203.0.113.6")
        }

        @Test func `a source that was kept without its machine counts as this one's`() async throws {
            let instance = try await instance(section(1))
            #expect(try await apply(instance).code == 0)
            let path = "state/ide-init/source.json"
            let kept = JSONNode(try JSONParser.parse(Array(try #require(instance.read(path)).utf8), name: path).value)
            #expect(kept["machine"]?["instance"]?.plainText == instance.standIn["instanceId"])
            guard case .object(var object) = kept.value else { return }
            object["machine"] = nil
            try JSONValue.object(object).prettyText().write(
                toFile: "\(instance.program.directory)/\(path)", atomically: false, encoding: .utf8)
            #expect(try await instance.ideInit("dns", "remove").code == 0)
            #expect(try await instance.ideInit("dns", "sync", "--boot").code == 0)
            #expect(try await addresses(instance.standIn).count == 2)
        }

        @Test func `an alias in a record's place stays, and the other names go`() async throws {
            let instance = try await instance(section(2))
            #expect(try await apply(instance).code == 0)
            try await instance.standIn.set(
                "records",
                #"{"zone": "Z1", "name": "dev-1.example.com", "type": "A", "alias": {"HostedZoneId": "Z9", "DNSName": "elb.example.org.", "EvaluateTargetHealth": "false"}}"#
            )
            let removed = try await instance.ideInit("dns", "remove")
            #expect(removed.code == 0, "\(removed.errors)")
            #expect(removed.errors.contains("dev-1.example.com A: left: an alias for elb.example.org"))
            #expect(removed.output == "- dev-2.example.com A\n- monitor.example.com A\n")
            #expect(try await records(instance.standIn) == ["dev-1.example.com. A "])
        }

        @Test func `a zone that isn't allowed any more can be left as it is`() async throws {
            let instance = try await instance(section(1))
            #expect(try await apply(instance).code == 0)
            try await update(instance, #""config": {}"#)
            try await instance.standIn.set("deny", #"{"action": "route53:ListResourceRecordSets"}"#)
            let refused = try await apply(instance)
            let advice = "or remove /var/lib/ide-init/zones/Z1.json, to leave those records where they are"
            #expect(refused.code == 1 && refused.output.contains(advice), "\(refused.output)\(refused.errors)")
            try FileManager.default.removeItem(
                atPath: "\(instance.program.directory)/state/ide-init/zones/Z1.json")
            #expect(try await apply(instance).code == 0)
            #expect(try await addresses(instance.standIn).count == 2)
        }

        @Test func `where there is no document, or another run is at work, a boot has nothing to do`() async throws {
            let instance = try await instance(section(1))
            let none = try await instance.ideInit("dns", "sync")
            #expect(none.code == 64 && none.errors.contains("name it: ide-init dns sync FILE"))
            #expect(try await instance.ideInit("dns", "sync", "--boot").code == 0)
            #expect(try await apply(instance).code == 0)
            let lock = FileManager.default.fileExists(atPath: "\(instance.run)/ide-init/lock")
            #expect(lock)
            let holder = Process()
            holder.executableURL = URL(filePath: "/usr/bin/flock")
            holder.arguments = ["\(instance.run)/ide-init/lock", "sleep", "60"]
            try holder.run()
            defer { holder.terminate() }
            while try await instance.ideInit("dns", "sync", "--boot").errors.contains("sees to the records") == false {
                try #require(holder.isRunning)
            }
            let removal = try await instance.ideInit("dns", "remove")
            #expect(removal.code == 75 && removal.errors.contains("another run is at work here"))
            #expect(try await addresses(instance.standIn).count == 2)
        }
    }
}
