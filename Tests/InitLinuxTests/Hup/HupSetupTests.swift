import Foundation
import InitCore
import Testing

@testable import InitLinux

@Suite struct HupSetupTests {
    let box: HupBox

    init() throws { box = try HupBox() }

    private func write(_ name: String, _ text: String) throws {
        let file = URL(fileURLWithPath: "\(box.path)/etc/cfn/\(name)")
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    private func hook(_ name: String, _ action: String) -> String {
        "[\(name)]\ntriggers=post.update\npath=Resources.X.Metadata\naction=\(action)\n"
    }

    private func load() throws -> HupSetup { try HupSetup(directory: "/etc/cfn", root: Root(box.path)) }

    private func message() -> String? {
        do {
            _ = try load()
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test("hooks.conf comes first, then every regular file of hooks.d by its name")
    func order() throws {
        try write("cfn-hup.conf", "[main]\nstack=s\n")
        try write("hooks.conf", hook("first", "1"))
        try write("hooks.d/b.conf", hook("second", "old"))
        try write("hooks.d/b.conf.bak", "[second]\naction=new\n")
        try write("hooks.d/c", hook("third", "3"))
        try FileManager.default.createDirectory(
            atPath: "\(box.path)/etc/cfn/hooks.d/d", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: "\(box.path)/etc/cfn/hooks.d/e", withDestinationPath: "/etc/cfn/linked")
        try write("linked", hook("fourth", "4"))
        let setup = try load()
        #expect(setup.hooks.map(\.name) == ["first", "second", "third", "fourth"])
        #expect(setup.hooks.map(\.action) == ["1", "new", "3", "4"])
        #expect(setup.configuration.stack == "s")
    }

    @Test("What is missing or wrong is told with its file")
    func mistakes() throws {
        #expect(message() == "there is no /etc/cfn/cfn-hup.conf; write one with [main], stack=NAME and region=REGION")
        try write("cfn-hup.conf", "[main]\nregion=r\n")
        #expect(message() == "/etc/cfn/cfn-hup.conf: no stack is named; write stack=NAME below [main]")
        try write("cfn-hup.conf", "[main]\nstack=s\nrest\n")
        #expect(message() == "/etc/cfn/cfn-hup.conf:3: “rest” is no line of the form key=value")
        try write("cfn-hup.conf", "[main]\nstack=s\n")
        #expect(message() == "there are no hooks: neither /etc/cfn/hooks.conf nor a file in /etc/cfn/hooks.d")
        try write("hooks.d/a", "[x]\npath=Resources.X\n")
        #expect(
            message()
                == "there is no usable hook in /etc/cfn/hooks.d/a: the hook x is left out: it has no triggers and no action"
        )
        try Data([0x5B, 0xFF, 0x5D]).write(to: URL(fileURLWithPath: "\(box.path)/etc/cfn/hooks.d/.a.swp"))
        #expect(message()?.hasPrefix("/etc/cfn/hooks.d/.a.swp isn't text in UTF-8") == true)
    }

    @Test(
        "The unit of a process is the service of its cgroup",
        arguments: [
            ("0::/system.slice/cfn-hup.service\n", "cfn-hup.service"),
            ("12:pids:/x\n1:name=systemd:/system.slice/cfn-hup.service\n0::/\n", "cfn-hup.service"),
            ("0::/user.slice/user-0.slice/session-1.scope", nil), ("0::/", nil), ("", nil),
            ("4:memory:/system.slice/other.service", nil),
        ])
    func units(cgroups: String, unit: String?) { #expect(Daemon.unit(in: cgroups) == unit) }
}
