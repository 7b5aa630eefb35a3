// The dns section and `ide-init dns`, against hosted zones that are as strict as the real ones.

import Foundation
import InitCore
import TestSupport
import Testing

extension StandInTests {
    @Suite struct DNSTests: ZoneTesting {
        @Test func `101 records take one list and one change, and a second run writes nothing`() async throws {
            let instance = try await instance(section(100))
            try await instance.standIn.set("route53", #"{"insync": 0.1}"#)
            let first = try await apply(instance)
            #expect(first.code == 0, "\(first.errors)")
            #expect(first.output.contains("dev-100.example.com A: 198.51.100.7 (60 s)"))
            #expect(try await instance.standIn.requests("route53.ListResourceRecordSets") == 1)
            #expect(try await instance.standIn.requests("route53.ChangeResourceRecordSets") == 1)
            #expect(try await records(instance.standIn).count == 202)
            #expect(
                try await records(instance.standIn).contains {
                    $0.contains(
                        "_ide-init.monitor.example.com. TXT \"ide-init owner=\(instance.stack)/Host instance=i-")
                })
            let second = try await apply(instance)
            #expect(second.code == 0 && second.output.contains("already right"), "\(second.errors)")
            #expect(!second.output.contains("changed"))
            #expect(try await instance.standIn.requests("route53.ChangeResourceRecordSets") == 1)
            #expect(try await instance.standIn.requests("route53.ListResourceRecordSets") == 2)
        }

        @Test func `a count lowered takes away just those, and a document without records all that are ours`()
            async throws
        {
            let instance = try await instance(section(3))
            try await instance.standIn.set(
                "records",
                #"{"zone": "Z1", "name": "dev-9.example.com", "type": "A", "ttl": 60, "values": ["192.0.2.9"]}"#)
            _ = try await apply(instance)
            try await update(instance, section(1))
            let lower = try await apply(instance)
            #expect(lower.output.contains("dns[no longer listed] removed"), "\(lower.output)\(lower.errors)")
            #expect(
                try await addresses(instance.standIn) == [
                    "dev-1.example.com. A 198.51.100.7", "dev-9.example.com. A 192.0.2.9",
                    "monitor.example.com. A 198.51.100.7",
                ])
            try await update(instance, #""config": {}"#)
            #expect(try await apply(instance).code == 0)
            #expect(try await records(instance.standIn) == ["dev-9.example.com. A 192.0.2.9"])
            #expect(!instance.exists("units/ide-init-dns.service"))
            let calls = try await instance.standIn.requests("route53")
            #expect(try await apply(instance).code == 0)
            #expect(try await instance.standIn.requests("route53") == calls)
        }

        @Test func `a machine made anew takes its names over, with today's address`() async throws {
            let old = try await instance(section(1))
            #expect(try await apply(old).code == 0)
            try await old.standIn.set("imds", #"{"instanceId": "i-0aaaaaaaaaaaaaaa1", "publicIPv4": "203.0.113.5"}"#)
            let new = try await Instance(configs: section(1))
            let result = try await new.program.run(
                ["apply", "--stack", new.stack, "--resource", "Host"], as: Program.path)
            // Another stack is another owner.
            #expect(
                result.code == 1 && result.errors.contains("belongs to \(old.stack)/Host")
                    || result.output.contains("belongs to \(old.stack)/Host"))
            try await update(
                new, section(1).replacing("\"dns\": {", with: "\"dns\": {\"owner\": \"\(old.stack)/Host\","))
            #expect(try await apply(new, "--stack", new.stack, "--resource", "Host").code == 0)
            #expect(
                try await addresses(old.standIn) == [
                    "dev-1.example.com. A 203.0.113.5", "monitor.example.com. A 203.0.113.5",
                ])
            #expect(try await records(old.standIn).contains { $0.contains("instance=i-0aaaaaaaaaaaaaaa1") })
            // The old one's end takes nothing from the new one.
            try await old.standIn.set("imds", #"{"instanceId": "i-0123456789abcdef0"}"#)
            #expect(try await old.ideInit("dns", "remove").code == 0)
            #expect(try await addresses(old.standIn).count == 2)
        }

        @Test func `somebody else's record is left alone until adopt says otherwise`() async throws {
            let instance = try await instance(section(0, more: #", "www.example.com": {"value": "192.0.2.2"}"#))
            try await instance.standIn.set(
                "records",
                #"{"zone": "Z1", "name": "www.example.com", "type": "A", "ttl": 300, "values": ["192.0.2.9"]}"#)
            let refused = try await apply(instance)
            #expect(refused.code == 1)
            #expect(refused.output.contains("write \"adopt\": true beside the record"))
            #expect(try await records(instance.standIn) == ["www.example.com. A 192.0.2.9"])
            try await update(
                instance, section(0, more: #", "www.example.com": {"value": "192.0.2.2", "adopt": "true"}"#))
            #expect(try await apply(instance).code == 0)
            #expect(
                try await addresses(instance.standIn) == [
                    "monitor.example.com. A 198.51.100.7", "www.example.com. A 192.0.2.2",
                ])
        }

        @Test func `a plan asks and changes nothing, and without anybody to ask it says so`() async throws {
            let instance = try await instance(section(1))
            let words = ["--stack", instance.stack, "--resource", "Host", "--region", "us-east-1"]
            let plan = try await instance.program.run(["plan"] + words, as: Program.path)
            #expect(plan.code == 0 && plan.output.contains("+ dns[Z1] would be created"), "\(plan.errors)")
            let offline = try await instance.program.run(["plan", "--offline"] + words, as: Program.path)
            #expect(offline.code == 0)
            #expect(offline.output.contains("known after asking Route 53"))
            #expect(offline.errors.contains("${public-ipv4} isn't known: --offline asks nobody"))
            #expect(try await instance.standIn.requests("route53") == 1)
            #expect(!instance.exists("state/ide-init"))
        }

        @Test func `an instance without a public address is told what to do`() async throws {
            let instance = try await instance(section(1))
            try await instance.standIn.set("imds", #"{"publicIPv4": null}"#)
            let result = try await apply(instance)
            #expect(result.code == 65)
            #expect(
                result.errors.contains(
                    "config.dns.Z1.monitor.example.com.value: ${public-ipv4} can't be had: this instance has no public IPv4 address; let its subnet give one"
                ), "\(result.errors)")
            try await update(instance, section(1).replacing("public-ipv4", with: "local-ipv4"))
            #expect(try await apply(instance).code == 0)
            #expect(try await addresses(instance.standIn).first == "dev-1.example.com. A 10.0.0.10")
        }

        @Test func `a document in a file needs an owner, and then is one like any other`() async throws {
            let instance = try await instance(#""config": {}"#)
            let without = try instance.program.config(#""dns": {"Z1": {"a.example.com": {"value": "192.0.2.1"}}}"#)
            let refused = try await instance.ideInit("apply", without)
            #expect(refused.code == 65 && refused.errors.contains("the records need an owner"))
            let with = try instance.program.config(
                #""dns": {"owner": "me", "Z1": {"a.example.com": {"value": "192.0.2.1"}}}"#)
            #expect(try await instance.ideInit("apply", with).code == 0)
            #expect(try await instance.ideInit("dns", "remove").code == 0)
            #expect(try await records(instance.standIn) == [])
            #expect(try await instance.ideInit("dns", "sync", with).code == 0)
            #expect(try await addresses(instance.standIn) == ["a.example.com. A 192.0.2.1"])
        }
    }
}
