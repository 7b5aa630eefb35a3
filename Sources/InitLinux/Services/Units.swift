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
        let words = [
            "systemctl", "show", "--property=Id,LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload", "--",
            name,
        ]
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
        // One whose unit is gone may run still.
        if load == "not-found", active != "active" { return try await ungeneratedState(name) }
        var enablement = Self.enablement(String(properties["UnitFileState"] ?? ""))
        // What is shown is as old as the last daemon-reload; and a SysV script behind a generated unit has its own links.
        if properties["NeedDaemonReload"] == "yes" || enablement == .fixed("generated") {
            let state = try await ask(["systemctl", "is-enabled", "--", String(properties["Id"] ?? name[...])]).text
                .trimmingBlanks()
            if !state.isEmpty { enablement = Self.enablement(state) }
        }
        let isFailing = properties["SubState"]?.hasPrefix("auto-restart") ?? false
        return UnitState(
            exists: true, enablement: enablement, isActive: ["active", "reloading", "refreshing"].contains(active),
            isStarting: active == "activating" && !isFailing, isFailing: isFailing)
    }

    /// No unit, but perhaps what the next daemon-reload generates one from: a SysV script, a Quadlet.
    private func ungeneratedState(_ name: String) async throws -> UnitState {
        let plain = name.hasSuffix(".service") ? String(name.dropLast(8)) : name
        let files = FileProbe(root: root)
        if try files.status("/etc/init.d/\(plain)") != nil {
            let isEnabled = try await ask(["systemctl", "is-enabled", "--", name]).succeeded
            return UnitState(exists: true, enablement: isEnabled ? .enabled : .disabled, isActive: false)
        }
        let isQuadlet = try files.status("/etc/containers/systemd/\(plain).container") != nil
        return UnitState(exists: isQuadlet, enablement: isQuadlet ? .fixed("generated") : .disabled, isActive: false)
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
        // On the host itself a start is tried, and systemctl tells why it can't be.
        let isActive: Bool? = root.isHost ? false : nil
        guard !state.isEmpty, state != "not-found" else {
            return UnitState(exists: false, enablement: .disabled, isActive: isActive)
        }
        return UnitState(exists: true, enablement: Self.enablement(state), isActive: isActive)
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
        if action.verb == .restart, root.isHost, HupDaemon.isName(action.name), HupDaemon.reloadAncestor() {
            return StepResult(changed: true)
        }
        for words in try words(for: action) {
            var command = Command(words.joined(separator: " "), .arguments(words))
            // A job of systemd's goes on without its systemctl; and some starts never end.
            command.finishesOnStop = !isSystemdRunning || action.verb == .enable || action.verb == .disable
            let result = await runner.run(command)
            guard result.succeeded else {
                if let reason = runner.stop.stopReason { throw reason }
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
