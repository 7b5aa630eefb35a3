// SysV scripts on a host without systemd: chkconfig or update-rc.d, and service.

import Glibc
import InitCore

struct Scripts: Sendable {
    let root: Root
    let runner: CommandRunner

    func state(_ name: String) async throws -> UnitState {
        let files = FileProbe(root: root)
        guard try files.status("/etc/init.d/\(name)") != nil else {
            return UnitState(exists: false, enablement: .disabled, isActive: false)
        }
        var isEnabled = false
        for level in ["3", "5"] {
            for directory in ["/etc/rc\(level).d", "/etc/rc.d/rc\(level).d"] {
                isEnabled =
                    try isEnabled || files.names(directory).contains { $0.hasPrefix("S") && $0.dropFirst(3) == name }
            }
        }
        let words = service(name, "status")
        var command = Command(
            words.joined(separator: " "), .arguments(words), environment: .inherited(setting: ["LC_ALL": "C"]))
        command.separatesErrors = true
        let isActive = await runner.run(command).succeeded
        return UnitState(exists: true, enablement: isEnabled ? .enabled : .disabled, isActive: isActive)
    }

    func perform(_ action: UnitAction) async throws {
        for words in words(for: action) { try await runner.runOrThrow(words, finishesOnStop: true) }
    }

    private func words(for action: UnitAction) -> [[String]] {
        let name = action.name
        switch action.verb {
        case .enable, .disable:
            if access("/sbin/chkconfig", X_OK) == 0 {
                return [["/sbin/chkconfig", name, action.verb == .enable ? "on" : "off"]]
            }
            // It has no links to turn round before its defaults are there.
            return (action.verb == .enable ? [["/usr/sbin/update-rc.d", name, "defaults"]] : [])
                + [["/usr/sbin/update-rc.d", name, action.verb.rawValue]]
        case .start, .stop, .restart: return [service(name, action.verb.rawValue)]
        }
    }

    private func service(_ name: String, _ verb: String) -> [String] {
        for program in ["/sbin/service", "/usr/sbin/service"] where access(program, X_OK) == 0 {
            return [program, name, verb]
        }
        return ["/etc/init.d/\(name)", verb]
    }
}
