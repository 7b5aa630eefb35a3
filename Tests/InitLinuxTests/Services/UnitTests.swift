import Foundation
import InitCore
import Testing

@testable import InitLinux

@Suite struct UnitTests {
    @Test(arguments: [
        ("nginx", "nginx.service"), ("nginx.service", "nginx.service"), ("tick.timer", "tick.timer"),
        ("many@one", "many@one.service"), ("many@a.b", "many@a.b.service"), ("php8.2-fpm", "php8.2-fpm.service"),
        ("my service", "my\\x20service.service"), ("a\\x2db", "a\\x2db.service"), ("some/thing", "some-thing.service"),
        (".service", ".service.service"), ("café", "caf\\xc3\\xa9.service"),
    ])
    func `a service's name becomes a unit's as systemctl makes it`(_ name: String, _ unit: String) {
        #expect(unitName(name) == unit)
    }

    @Test func `what systemctl shows is read like what the bus tells`() {
        let unit = UnitProperties(
            shown:
                "Id=a.service\nLoadState=loaded\nActiveState=activating\nSubState=auto-restart\nUnitFileState=static\nA=b=c\n"
        )
        #expect(unit["Id"] == "a.service")
        #expect(unit["A"] == "b=c")
        #expect(unit["Missing"] == "")
        #expect(unit.isThere && unit.isFailing && !unit.isStarting && !unit.isActive && !unit.hasJob)
        #expect(unit.enablement == .fixed("static"))
    }

    @Test(arguments: [
        ("exit-code", "1", "2", "its process exited with code 2"),
        ("exit-code", "1", "203", "its process exited with code 203 (its program can't be executed)"),
        ("exit-code", "0", "0", "one of its commands exited with a code other than 0"),
        ("exit-code", "1", "0", "one of its commands exited with a code other than 0"),
        ("signal", "2", "15", "its process was ended by signal 15"),
        ("signal", "1", "0", "one of its commands was ended by a signal"),
        ("core-dump", "3", "11", "its process crashed by signal 11"),
        ("oom-kill", "2", "9", "memory ran out"),
        ("something-new", "0", "0", "its result is something-new"),
    ])
    func `a unit's result is told in words`(_ result: String, _ code: String, _ status: String, _ words: String) {
        let unit = UnitProperties(["Result": result, "ExecMainCode": code, "ExecMainStatus": status])
        #expect(JobFailure.reason(unit) == words)
    }

    @Test func `a unit without a fault of its own has no such words`() {
        #expect(JobFailure.reason(UnitProperties(["Result": "success"])) == nil)
        #expect(JobFailure.reason(UnitProperties([:])) == nil)
    }

    // MARK: Unit files

    /// A root with some of the directories that count.
    private func box() throws -> URL {
        let root = FileManager.default.temporaryDirectory.appending(path: "ide-init-\(UUID().uuidString)")
        for directory in ["usr/lib/systemd/system/a.service.d", "etc/systemd/system", "etc/containers/systemd", "opt"] {
            try FileManager.default.createDirectory(
                at: root.appending(path: directory), withIntermediateDirectories: true)
        }
        try FileManager.default.createSymbolicLink(atPath: root.path + "/lib", withDestinationPath: "usr/lib")
        for file in ["usr/lib/systemd/system/a.service", "opt/linked.service", "etc/fstab"] {
            try Data("old\n".utf8).write(to: root.appending(path: file))
        }
        try FileManager.default.createSymbolicLink(
            atPath: root.path + "/etc/systemd/system/linked.service", withDestinationPath: "/opt/linked.service")
        return root
    }

    @Test(arguments: [
        "usr/lib/systemd/system/a.service", "usr/lib/systemd/system/a.service.d/new.conf",
        "etc/systemd/system/new.service", "opt/linked.service", "etc/fstab", "etc/containers/systemd/new.container",
    ])
    func `what systemd makes units from is seen to change`(_ path: String) throws {
        let root = try box()
        defer { try? FileManager.default.removeItem(at: root) }
        let before = try UnitFiles.newestChange(under: Root(root.path))
        #expect(before > 0)
        #expect(try UnitFiles.newestChange(under: Root(root.path)) == before)
        // The kernel's file times move on with its ticks only.
        usleep(20_000)
        try Data("new\n".utf8).write(to: root.appending(path: path))
        #expect(try UnitFiles.newestChange(under: Root(root.path)) > before)
    }

    @Test func `other files don't count`() throws {
        let root = try box()
        defer { try? FileManager.default.removeItem(at: root) }
        let before = try UnitFiles.newestChange(under: Root(root.path))
        usleep(20_000)
        try Data("new\n".utf8).write(to: root.appending(path: "opt/other.service"))
        try Data("new\n".utf8).write(to: root.appending(path: "etc/hosts"))
        #expect(try UnitFiles.newestChange(under: Root(root.path)) == before)
    }
}
