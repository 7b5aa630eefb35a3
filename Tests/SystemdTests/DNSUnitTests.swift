// The unit that makes names at boot and takes them away when the machine is switched off, on machines that really are.

import Foundation
import InitCore
import TestSupport
import Testing

extension UnitSuite {
    @Suite struct DNSUnitTests {
        private let metadata: [String: Any] = [
            "AWS::CloudFormation::Init": [
                "config": [
                    "dns": [
                        "ZUNIT": [
                            "dev-${n}.example.com": ["count": 2, "value": "${public-ipv4}"],
                            "www.example.com": ["type": "CNAME", "value": "dev-1.example.com"],
                        ]
                    ]
                ]
            ]
        ]

        private func names(_ standIn: StandIn) async throws -> [String] {
            try await standIn.look("records")["ZUNIT"]?.items.compactMap { $0["name"]?.plainText }
                .filter { $0 != "example.com." && !$0.hasPrefix("_ide-init.") } ?? []
        }

        /// A machine with its records made by the unit of its boot.
        private func machine(_ release: Release, _ name: String) async throws -> (Machine, Stack) {
            let machine = try UnitSuite.installed(release, name: name, units: ["ide-init"])
            let stack = try await Stack(metadata)
            try await stack.standIn.set("zones", #"{"id": "ZUNIT", "name": "example.com"}"#)
            // As no test before has left it.
            try await stack.standIn.set("imds", #"{"publicIPv4": "198.51.100.7"}"#)
            try await stack.standIn.set("route53", "{}")
            try await stack.standIn.set("deny", "[]")
            try machine.configure("ide-init", options: stack.options, environment: stack.environment)
            let environment = stack.environment.map { "Environment=\($0)=\($1)" }.joined(separator: "\n")
            try machine.write(
                "/etc/systemd/system/ide-init-dns.service.d/test.conf",
                "[Service]\n\(environment)\n")
            try machine.shell("systemctl daemon-reload; systemctl start ide-init")
            return (machine, stack)
        }

        @Test(arguments: Release.chosen)
        func `names go when the machine is switched off, and not before`(_ release: Release) async throws {
            let (machine, stack) = try await machine(release, "dns-\(release)-off")
            let all = ["dev-1.example.com.", "dev-2.example.com.", "www.example.com."]
            #expect(try await names(stack.standIn) == all)
            #expect(try machine.isActive("ide-init-dns") && machine.enablement("ide-init-dns") == "enabled")
            #expect(
                machine.read("/etc/systemd/system/ide-init-dns.service")?.hasPrefix("# Made by ide-init for") == true)

            // Stopped or restarted by itself, it takes nothing away; with another address it brings it about.
            try await stack.standIn.set("imds", #"{"publicIPv4": "203.0.113.5"}"#)
            try machine.shell("systemctl restart ide-init-dns")
            #expect(try await names(stack.standIn) == all)
            let value = try await stack.standIn.look("records")["ZUNIT"]?.items
                .first { $0["name"]?.plainText == "dev-1.example.com." }?["values"]?.items.first?.plainText
            #expect(value == "203.0.113.5")
            try machine.shell("systemctl stop ide-init-dns")
            #expect(try await names(stack.standIn) == all)

            try machine.shell("systemctl start ide-init-dns")
            _ = try machine.start("systemctl", "poweroff")
            try await eventually("the names are gone") { try await names(stack.standIn).isEmpty }
        }

        @Test(arguments: Release.chosen)
        func `names that a boot couldn't bring about are told in the journal, and go at the end`(
            _ release: Release
        ) async throws {
            let (machine, stack) = try await machine(release, "dns-\(release)-denied")
            try await stack.standIn.set("deny", #"{"action": "route53:*"}"#)
            try machine.shell("systemctl restart ide-init-dns")
            #expect(try machine.isActive("ide-init-dns"))
            let errors = try machine.shell("journalctl --no-pager -o cat -p err -u ide-init-dns")
            #expect(
                errors.contains("need route53:ListResourceRecordSets")
                    && errors.contains("to try again: sudo ide-init dns sync"), "\(errors)")
            try await stack.standIn.set("deny", "[]")
            #expect(try await names(stack.standIn).count == 3)
            _ = try machine.start("systemctl", "poweroff")
            try await eventually("the names are gone") { try await names(stack.standIn).isEmpty }
        }

        @Test(arguments: Release.chosen)
        func `names go, too, when the machine is switched off while they are being made`(_ release: Release)
            async throws
        {
            let (machine, stack) = try await machine(release, "dns-\(release)-early")
            try await stack.standIn.set("imds", #"{"publicIPv4": "203.0.113.5"}"#)
            try await stack.standIn.set("route53", #"{"insync": 3600}"#)
            let before = try await stack.standIn.requests("route53.GetChange")
            try machine.shell("systemctl restart --no-block ide-init-dns")
            try await eventually("the change is waited for") {
                try await stack.standIn.requests("route53.GetChange") > before
            }
            _ = try machine.start("systemctl", "poweroff")
            try await eventually("the names are gone") { try await names(stack.standIn).isEmpty }
        }

        @Test(arguments: Release.chosen)
        func `a restart of the machine leaves its names alone`(_ release: Release) async throws {
            let (machine, stack) = try await machine(release, "dns-\(release)-restart")
            let before = try await stack.standIn.requests("route53.ChangeResourceRecordSets")
            // What the unit says at its end goes out as a request: the machine's own files are gone with it.
            let place = stack.standIn.url.replacing("http://", with: "").replacing(":", with: "/")
            try machine.write(
                "/etc/systemd/system/ide-init-dns.service.d/said.conf",
                #"""
                [Service]
                ExecStopPost=
                ExecStopPost=/bin/bash -c 'said=$(/opt/aws/bin/ide-init dns remove --at-poweroff 2>&1 | tr " \n" "--"); \
                    exec 3<>/dev/tcp/\#(place); printf "GET /said/\#(release)/%%s HTTP/1.0\\r\\nHost: x\\r\\n\\r\\n" "$$said" >&3; read -r line <&3'

                """#)
            try machine.shell("systemctl daemon-reload")
            _ = try machine.start("systemctl", "reboot")
            try await eventually("the machine is gone") { !machine.isRunning }
            let said = try await stack.standIn.log().compactMap { $0["target"]?.plainText }
                .filter { $0.hasPrefix("/said/\(release)/") }
            #expect(said.count == 1 && said[0].contains("isn't-being-switched-off;-the-records-stay"), "\(said)")
            #expect(try await names(stack.standIn).count == 3)
            #expect(try await stack.standIn.requests("route53.ChangeResourceRecordSets") == before)
        }
    }
}
