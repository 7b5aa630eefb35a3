// Services through their manager: systemd where it runs, whatever key the document uses, over its bus; systemctl by itself in
// another root and where systemd doesn't run; chkconfig, update-rc.d and service where there is none.

import Glibc
import InitCore
import Synchronization

struct Units: Sendable {
    let root: Root
    let runner: CommandRunner
    private let bus: BusUnits
    private let systemctl: Systemctl
    private let scripts: Scripts
    /// Whether systemd runs and what it is reached by, found out when it is first asked for.
    private let way = Way()

    private final class Way: Sendable {
        let found = Mutex<Found?>(nil)
    }

    private enum Found {
        case bus
        /// systemd runs and its bus can't be reached, for this reason.
        case systemctl(String)
        case notRunning
    }

    init(root: Root, runner: CommandRunner) {
        self.root = root
        self.runner = runner
        bus = BusUnits(stop: runner.stop)
        systemctl = Systemctl(runner: runner)
        scripts = Scripts(root: root, runner: runner)
    }

    private func find() async -> Found {
        if let found = way.found.withLock({ $0 }) { return found }
        var found = Found.notRunning
        if root.isHost, Self.isSystemdRunning {
            do {
                try await bus.open()
                found = .bus
            } catch {
                found = .systemctl(Failure(wrapping: error).message)
            }
        }
        way.found.withLock { $0 = found }
        return found
    }

    /// sd_booted(3); but in a chroot(8) that shows the host's /run it isn't our systemd.
    static var isSystemdRunning: Bool {
        guard access("/run/systemd/system", F_OK) == 0 else { return false }
        var own = stat()
        var first = stat()
        guard stat("/", &own) == 0, stat("/proc/1/root/", &first) == 0 else { return true }
        return own.st_dev == first.st_dev && own.st_ino == first.st_ino
    }

    // MARK: Asking

    func state(_ name: String, _ manager: ServiceManager) async throws -> UnitState {
        switch await find() {
        case .bus:
            let unit = unitName(name)
            do {
                return try await state(of: name, bus.properties(of: unit)) { try await bus.fileState(of: unit) }
            } catch let error as BusError {
                throw Failure(.host, "service \(name) can't be looked up: \(error.description)")
            }
        case .systemctl(let why):
            do {
                return try await state(of: name, systemctl.properties(of: name)) {
                    try await systemctl.fileState(of: name)
                }
            } catch let failure as Failure {
                // Who may not ask at all gets no answer this way either.
                throw Failure(.unreadable, "\(why); and \(failure.message)", output: failure.output)
            }
        case .notRunning:
            if manager == .systemd || !root.isHost { return try await offlineState(name) }
            return try await scripts.state(name)
        }
    }

    /// - Parameter fileState: asks what is on disk.
    private func state(
        of name: String, _ unit: UnitProperties, fileState: () async throws -> String
    ) async throws -> UnitState {
        // One whose unit is gone may run still.
        if !unit.isThere, unit["ActiveState"] != "active" { return try await ungeneratedState(name) }
        var enablement = unit.enablement
        if unit.isOfScript {
            // Its links are its own.
            enablement = UnitProperties.enablement(try await systemctl.fileState(of: unit["Id"]))
        } else if unit.isOutOfDate, unit.isThere {
            // What systemd has in memory is as old as the last daemon-reload.
            enablement = UnitProperties.enablement(try await fileState())
        }
        return UnitState(
            exists: true, enablement: enablement, isActive: unit.isActive, isStarting: unit.isStarting,
            isFailing: unit.isFailing, hasFailed: unit["ActiveState"] == "failed", isIdleOneshot: unit.isIdleOneshot,
            hasFinished: unit.hasFinished,
            words: "\(unit["ActiveState"]) (\(unit["SubState"]))")
    }

    /// No unit, but perhaps what the next daemon-reload generates one from: a SysV script, a Quadlet.
    private func ungeneratedState(_ name: String) async throws -> UnitState {
        let plain = Self.plain(name)
        if try hasScript(name) {
            let isEnabled = try await systemctl.fileState(of: name) == "enabled"
            return UnitState(exists: true, enablement: isEnabled ? .enabled : .disabled, isActive: false)
        }
        let isQuadlet = try FileProbe(root: root).status("/etc/containers/systemd/\(plain).container") != nil
        return UnitState(exists: isQuadlet, enablement: isQuadlet ? .fixed("generated") : .disabled, isActive: false)
    }

    private static func plain(_ name: String) -> String {
        name.hasSuffix(".service") ? String(name.dropLast(8)) : name
    }

    private func hasScript(_ name: String) throws -> Bool {
        try FileProbe(root: root).status("/etc/init.d/\(Self.plain(name))") != nil
    }

    /// Another root, or a host without a running systemd: units can be enabled, but nothing runs.
    private func offlineState(_ name: String) async throws -> UnitState {
        let state = try await systemctl.fileState(of: name)
        // On the host itself a start is tried, and systemctl tells why it can't be.
        let isActive: Bool? = root.isHost ? false : nil
        guard !state.isEmpty else { return UnitState(exists: false, enablement: .disabled, isActive: isActive) }
        return UnitState(exists: true, enablement: UnitProperties.enablement(state), isActive: isActive)
    }

    // MARK: Doing

    func perform(_ action: UnitAction) async throws -> StepResult {
        if action.verb == .restart, root.isHost, HupDaemon.isName(action.name), HupDaemon.reloadAncestor() {
            return StepResult(changed: true)
        }
        switch await find() {
        case .bus: return StepResult(changed: try await performOnBus(action))
        case .systemctl(let why):
            do {
                try await systemctl.perform(action)
            } catch var failure as Failure where failure.kind == .commandFailed {
                failure.message += "; by systemctl, since \(why)"
                throw failure
            }
        case .notRunning:
            if action.manager == .systemd || !root.isHost {
                try await systemctl.perform(action)
            } else {
                try await scripts.perform(action)
            }
        }
        return StepResult(changed: true)
    }

    /// What was put off until the run's end: one daemon-reload for the links of all units that were enabled.
    func conclude() async throws {
        do {
            try await bus.conclude()
        } catch let error as BusError {
            throw Failure(.host, "systemd can't read its units again (daemon-reload): \(error.description)")
        }
    }

    private func performOnBus(_ action: UnitAction) async throws -> Bool {
        let unit = unitName(action.name)
        do {
            let outcome: UnitJob.Outcome
            switch action.verb {
            case .enable, .disable:
                let properties = try await bus.properties(of: unit)
                if try properties.isOfScript || !properties.isThere && hasScript(action.name) {
                    // Its links are made by the distribution's own program, which systemctl knows.
                    try await systemctl.perform(action)
                    return true
                }
                return try await bus.setEnabled(action.verb == .enable, unit)
            case .start: outcome = try await bus.start(unit)
            case .stop: outcome = try await bus.stop(unit)
            case .restart: outcome = try await bus.reloadOrRestart(unit)
            }
            if outcome.end == .result("done") { return true }
            if outcome.end == .stopped, let reason = runner.stop.stopReason { throw reason }
            throw try await JobFailure(action: action, unit: unit, outcome: outcome, bus: bus, runner: runner).told()
        } catch let error as BusError {
            throw Failure(.commandFailed, "\(unit) can't be \(action.verb.done): \(error.description)")
        }
    }
}

extension UnitAction.Verb {
    var done: String {
        switch self {
        case .enable: "enabled"
        case .disable: "disabled"
        case .start: "started"
        case .stop: "stopped"
        case .restart: "restarted or reloaded"
        }
    }
}
