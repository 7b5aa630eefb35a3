// The unit files as systemd's own tools judge them.

import Foundation
import Testing

extension UnitSuite {
    @Suite struct UnitFileTests {
        private static let units = [
            "ide-init.service", "ide-init-watch.service", "ide-init-code-server@.service", "ide-init-dns.service",
        ]

        @Test(arguments: Release.chosen)
        func `systemd-analyze verify has nothing to say`(_ release: Release) throws {
            let machine = try UnitSuite.machine(release)
            try machine.write("/opt/code-server/current/bin/code-server", "#!/bin/sh\n", mode: 0o755)
            for unit in Self.units {
                let name = unit.replacing("@.", with: "@dev.")
                let output = try machine.run(
                    "systemd-analyze", "verify", "--man=yes", "/usr/lib/systemd/system/\(name)")
                #expect(output.code == 0 && output.text.isEmpty, "\(unit): \(output.text)")
            }
        }

        /// As the systemd of Debian 12 sees it; others have a check more or less.
        @Test(arguments: units)
        func `the exposure that systemd-analyze finds is the one that the unit tells`(_ unit: String) throws {
            let machine = try UnitSuite.machine()
            let text = try #require(machine.read("/usr/lib/systemd/system/\(unit)"))
            let told = try #require(text.firstMatch(of: try Regex(#"# systemd-analyze security: (\d+\.\d [A-Z]+)\."#)))
            let found = try machine.shell(
                "systemd-analyze security --offline=yes --no-pager /usr/lib/systemd/system/\(unit) | tail -n 1")
            #expect(found.contains(": \(told.output[1].substring ?? "") "), "\(found)")
        }

        @Test(arguments: Release.chosen)
        func `an instance of code-server starts, with nothing but its user added`(_ release: Release) throws {
            let machine = try UnitSuite.machine(release)
            let name = "ide-init-code-server@dev"
            try machine.write(
                "/opt/code-server/current/bin/code-server", "#!/bin/sh\necho $@ >/tmp/words; exec sleep infinity\n",
                mode: 0o755
            )
            try machine.write("/etc/systemd/system/\(name).service.d/ide-init.conf", "[Service]\nUser=nobody\n")
            try machine.shell("systemctl daemon-reload; systemctl start \(name)")
            #expect(try machine.isActive(name))
            try machine.shell("systemctl stop \(name)")
            // Its /tmp was its own.
            #expect(!machine.exists("/tmp/words"))
            #expect(try machine.property("Result", of: name) == "success")
        }

        @Test func `the manual page is without a warning`() throws {
            let machine = try UnitSuite.machine()
            let output = try machine.run(
                "sh", "-c", "MANWIDTH=80 man --warnings -E UTF-8 -l /usr/share/man/man8/ide-init.8 2>&1 >/dev/null")
            #expect(output.code == 0 && output.text.isEmpty, "\(output.text)")
            #expect(try machine.shell("man --where ide-init").contains("ide-init.8"))
        }
    }
}
