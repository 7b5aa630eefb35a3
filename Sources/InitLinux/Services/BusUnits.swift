// Units through systemd's bus: asked with one call, changed by its own methods, their jobs waited for.

import Glibc
import InitCore
import Synchronization

final class BusUnits: Sendable {
    /// What of the unit files systemd needn't be told before the end of the run.
    private struct Reloading {
        /// Seconds since 1970: changes up to then are our own links, which no start has to wait for.
        var excused = 0.0
        /// Whether a reload is owed for them.
        var isOwed = false
    }

    /// Seconds: a reload runs all generators, and some of them are slow.
    private static let reloadTimeout = 180.0

    let bus = Bus()
    private let stop: StopSwitch
    private let reloading = Mutex(Reloading())

    init(stop: StopSwitch) { self.stop = stop }

    /// - Throws: `Failure(.unreadable)` when there's no way to systemd.
    func open() async throws { try await bus.use { _ in } }

    // MARK: Asking

    func properties(of unit: String) async throws -> UnitProperties {
        try await bus.use { connection in
            var values = try connection.properties(of: unit, UnitProperties.asked)
            // Whether one that is inactive has run is all that is wanted of its service.
            if values["ActiveState"] == "inactive", values["LoadState"] == "loaded", unit.hasSuffix(".service") {
                values.merge(
                    try connection.properties(of: unit, interface: "Service", UnitProperties.askedOfService)
                ) { $1 }
            }
            return UnitProperties(values)
        }
    }

    /// As it is on disk, whatever systemd has in memory.
    func fileState(of unit: String) async throws -> String {
        try await bus.use { try $0.call("GetUnitFileState") { try $0.append(unit) }.text() }
    }

    /// What only a failure is explained by: needs, and how its process ended.
    func details(of unit: String) async throws -> UnitProperties {
        let wanted = ["Result", "ExecMainCode", "ExecMainStatus"]
        return try await bus.use { connection in
            var values = try connection.properties(
                of: unit, UnitProperties.asked.union(["Requires", "Requisite", "BindsTo"]))
            // Each type of unit has an interface of its own, and some have no result.
            let type = unit.split(separator: ".").last ?? ""
            let interface = type.prefix(1).uppercased() + type.dropFirst()
            if ["Service", "Socket", "Mount", "Timer", "Path", "Automount", "Swap", "Scope"].contains(interface) {
                values.merge(try connection.properties(of: unit, interface: interface, Set(wanted))) { $1 }
            }
            return UnitProperties(values)
        }
    }

    // MARK: Links

    /// - Returns: whether anything has changed.
    func setEnabled(_ isEnabled: Bool, _ unit: String) async throws -> Bool {
        try await bus.use { [self] connection in
            let isClean = try !isDue(connection)
            let reply = try connection.call(isEnabled ? "EnableUnitFiles" : "DisableUnitFiles", timeout: 90) {
                try $0.append([unit])
                // Not only until the next boot.
                try $0.append(false)
                // Nobody else's link is replaced.
                if isEnabled { try $0.append(false) }
            }
            // Whether it has an [Install] part; one without never gets here.
            if isEnabled { _ = try reply.flag() }
            var places: [String] = []
            try reply.structures("sss") {
                _ = try reply.text()
                places.append(try reply.text())
                _ = try reply.text()
            }
            guard !places.isEmpty else { return false }
            // A link below a target's wants changes no start but that target's.
            let isHarmless = places.allSatisfy {
                $0.split(separator: "/").dropLast().last?.hasSuffix(".target.wants") ?? false
            }
            let newest = isClean && isHarmless ? try UnitFiles.newestChange() : 0
            reloading.withLock {
                $0.isOwed = true
                $0.excused = max($0.excused, newest)
            }
            return true
        }
    }

    // MARK: daemon-reload

    /// Whether unit files have changed since systemd read them, but for links that may wait.
    private func isDue(_ connection: BusConnection) throws -> Bool {
        guard let text = try connection.property("UnitsLoadTimestamp"), let loaded = Double(text),
            let monotonicText = try connection.property("UnitsLoadTimestampMonotonic"),
            let monotonic = Double(monotonicText)
        else { return true }
        // A clock that was set back since would make changes look older than they are.
        let byThisClock = realSeconds() - (monotonicSeconds() - monotonic / 1e6)
        let known = min(loaded / 1e6, byThisClock + 0.001)
        return try UnitFiles.newestChange() > max(known, reloading.withLock(\.excused))
    }

    private func reload(_ connection: BusConnection) throws {
        _ = try connection.call("Reload", timeout: Self.reloadTimeout)
        reloading.withLock { $0.isOwed = false }
    }

    /// What was put off until the run's end.
    func conclude() async throws {
        guard reloading.withLock(\.isOwed) else { return }
        try await bus.use { [self] in try reload($0) }
    }

    // MARK: Jobs

    func start(_ unit: String) async throws -> UnitJob.Outcome { try await run("StartUnit", unit) }
    func stop(_ unit: String) async throws -> UnitJob.Outcome { try await run("StopUnit", unit) }
    func reloadOrRestart(_ unit: String) async throws -> UnitJob.Outcome { try await run("ReloadOrRestartUnit", unit) }

    private func run(_ method: String, _ unit: String) async throws -> UnitJob.Outcome {
        try await bus.use { [self] connection in
            if method != "StopUnit" {
                let unit = try UnitProperties(connection.properties(of: unit, ["NeedDaemonReload"]))
                // Newer versions call every unit out of date as soon as one was enabled.
                let isOutOfDate = unit.isOutOfDate && !reloading.withLock(\.isOwed)
                if try isOutOfDate || isDue(connection) { try reload(connection) }
            }
            return try UnitJob(method: method, unit: unit).run(on: connection, stop: stop)
        }
    }
}

func realSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
