// Services through their manager's own commands: systemctl where systemd runs, whatever key the document uses;
// chkconfig, update-rc.d and service where it doesn't.

import Glibc
import InitCore

struct Units: Sendable {
    let root: Root
    let runner: CommandRunner

    /// sd_booted(3)
    private var isSystemdRunning: Bool { root.isHost && access("/run/systemd/system", F_OK) == 0 }

    // MARK: Asking

    func state(_ name: String, _ manager: ServiceManager) async throws -> UnitState {
        if isSystemdRunning { return try await systemdState(name) }
        if manager == .systemd || !root.isHost { return try await offlineState(name) }
        return try await scriptState(name)
    }

    private func systemdState(_ name: String) async throws -> UnitState {
        let words = ["systemctl", "show", "--property=LoadState,ActiveState,UnitFileState", "--", name]
        let result = try await ask(words)
        var properties: [Substring: Substring] = [:]
        for line in result.text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { properties[parts[0]] = parts[1] }
        }
        guard result.succeeded, let load = properties["LoadState"] else {
            throw Failure(.host, "systemctl show \(name) \(result.endingText)", output: result.lastLines())
        }
        let active = properties["ActiveState"] ?? ""
        var enablement = Self.enablement(String(properties["UnitFileState"] ?? ""))
        // A SysV script behind a generated unit has its own links, which only is-enabled looks at.
        if enablement == .fixed("generated") {
            enablement = try await ask(["systemctl", "is-enabled", "--", name]).succeeded ? .enabled : .disabled
        }
        return UnitState(
            exists: load != "not-found", enablement: enablement,
            isActive: active == "active" || active == "reloading" || active == "activating")
    }

    private static func enablement(_ state: String) -> UnitState.Enablement {
        switch state {
        case "enabled": .enabled
        case "disabled", "linked", "linked-runtime", "enabled-runtime", "": .disabled
        case "masked", "masked-runtime": .masked
        default: .fixed(state)
        }
    }

    /// Another root, or a host without a running systemd: units can be enabled, but nothing runs.
    private func offlineState(_ name: String) async throws -> UnitState {
        let result = try await ask(["systemctl", "is-enabled", "--", name])
        if case .notStarted(let why) = result.ending {
            throw Failure(.unreadable, "service \(name) can't be looked up: \(why); is systemd installed here?")
        }
        let state = result.text.trimmingBlanks()
        guard !state.isEmpty, state != "not-found" else {
            return UnitState(exists: false, enablement: .disabled, isActive: nil)
        }
        return UnitState(exists: true, enablement: Self.enablement(state), isActive: nil)
    }

    private func scriptState(_ name: String) async throws -> UnitState {
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
        let status = try await ask(try service(name, "status"))
        return UnitState(exists: true, enablement: isEnabled ? .enabled : .disabled, isActive: status.succeeded)
    }

    private func ask(_ words: [String]) async throws -> CommandResult {
        var command = Command(
            words.joined(separator: " "), .arguments(words), environment: .inherited(setting: ["LC_ALL": "C"]))
        command.separatesErrors = true
        return await runner.run(command)
    }

    // MARK: Doing

    func perform(_ action: UnitAction) async throws -> StepResult {
        for words in try words(for: action) {
            var command = Command(words.joined(separator: " "), .arguments(words))
            command.finishesOnStop = true
            let result = await runner.run(command)
            guard result.succeeded else {
                let logs = isSystemdRunning ? "; its own lines: journalctl -u \(action.name)" : ""
                throw Failure(
                    .commandFailed, "\(command.title) \(result.endingText)\(logs)", output: result.lastLines())
            }
        }
        return StepResult(changed: true)
    }

    private func words(for action: UnitAction) throws -> [[String]] {
        let name = action.name
        if isSystemdRunning || action.manager == .systemd || !root.isHost {
            switch action.verb {
            case .enable, .disable: return [["systemctl", action.verb.rawValue, "--", name]]
            case .start, .stop:
                return [["systemctl", "daemon-reload"], ["systemctl", action.verb.rawValue, "--", name]]
            case .restart: return [["systemctl", "daemon-reload"], ["systemctl", "reload-or-restart", "--", name]]
            }
        }
        switch action.verb {
        case .enable, .disable:
            if access("/sbin/chkconfig", X_OK) == 0 {
                return [["/sbin/chkconfig", name, action.verb == .enable ? "on" : "off"]]
            }
            // It has no links to turn round before its defaults are there.
            return (action.verb == .enable ? [["/usr/sbin/update-rc.d", name, "defaults"]] : [])
                + [["/usr/sbin/update-rc.d", name, action.verb.rawValue]]
        case .start, .stop, .restart: return [try service(name, action.verb.rawValue)]
        }
    }

    private func service(_ name: String, _ verb: String) throws -> [String] {
        for program in ["/sbin/service", "/usr/sbin/service"] where access(program, X_OK) == 0 {
            return [program, name, verb]
        }
        return ["/etc/init.d/\(name)", verb]
    }
}
