// A job of systemd's: asked for, waited for, and its end put into words.

import CSystemd
import Glibc
import InitCore

/// What was asked of systemd for one unit, and what came of it.
struct UnitJob: Sendable {
    enum End: Sendable, Equatable {
        /// systemd's word: done, failed, dependency, timeout, canceled, skipped …
        case result(String)
        /// It waits for the very unit that we run in: that unit last, the job's own first.
        case waitsForUs([String])
        /// The run is to stop; the job goes on.
        case stopped
        case tookTooLong
    }

    struct Outcome: Sendable {
        var end: End
        /// The unit's InvocationID before the job: a start that was really tried has another.
        var earlierInvocation: String
    }

    /// The manager's method: StartUnit, StopUnit, ReloadOrRestartUnit.
    let method: String
    let unit: String

    /// Some oneshot units work for hours; the run's own timeout is what usually ends the waiting.
    static let patience = 4 * 3600.0
    /// Seconds after which it is looked for what keeps a job waiting; and then again and again.
    private static let doubt = 1.0
    private static let nextDoubt = 5.0

    /// - Throws: `BusError` when systemd takes no such job.
    func run(on connection: BusConnection, stop: StopSwitch) throws -> Outcome {
        try connection.subscribe()
        let before = try UnitProperties(connection.properties(of: unit, ["Id", "Job", "InvocationID"]))
        let path = try connection.call(method) {
            try $0.append(unit)
            try $0.append("replace")
        }.path()
        let end = try wait(for: path, of: before["Id"], on: connection, stop: stop)
        // What we alone have queued wouldn't be expected to start when this run has long failed.
        if case .waitsForUs = end, !before.hasJob, let id = Self.number(of: path) {
            _ = try connection.call("CancelJob") { try $0.append(id) }
        }
        return Outcome(end: end, earlierInvocation: before["InvocationID"])
    }

    private static func number(of path: String) -> UInt32? { path.split(separator: "/").last.flatMap { UInt32($0) } }

    private func wait(for path: String, of id: String, on connection: BusConnection, stop: StopSwitch) throws -> End {
        let began = monotonicSeconds()
        var nextLook = began + Self.doubt
        while true {
            try connection.process()
            if let result = connection.ended[path] { return .result(result) }
            let now = monotonicSeconds()
            if stop.stopReason != nil { return .stopped }
            if now - began >= Self.patience { return .tookTooLong }
            if now >= nextLook {
                nextLook = now + Self.nextDoubt
                let queue = try JobQueue(connection)
                if queue.jobs[id] == nil {
                    // Its end may lie in what has arrived with the answer.
                    try connection.process()
                    return .result(try connection.ended[path] ?? presumedResult(on: connection))
                }
                if let chain = try queue.chain(from: id, on: connection) { return .waitsForUs(chain) }
            }
            try connection.wait(nextLook - now, or: stop.descriptor)
        }
    }

    /// Of a job whose end nobody told: what was asked for is there, or it isn't.
    private func presumedResult(on connection: BusConnection) throws -> String {
        let unit = try UnitProperties(connection.properties(of: unit, ["ActiveState"]))
        return unit.isActive == (method != "StopUnit") ? "done" : "unknown"
    }
}

/// The jobs that systemd has to do, by their units.
struct JobQueue {
    /// waiting or running.
    private(set) var jobs: [String: String] = [:]

    init(_ connection: BusConnection) throws {
        let list = try connection.call("ListJobs")
        try list.structures("usssoo") {
            _ = try list.number()
            let unit = try list.text()
            _ = try list.text()
            jobs[unit] = try list.text()
            _ = try list.path()
            _ = try list.path()
        }
    }

    /// How the unit's waiting job comes to wait for the unit that we run in, whose own start can't end before we do.
    /// By the units' After=, since only newer versions tell what a job waits for.
    func chain(from unit: String, on connection: BusConnection) throws -> [String]? {
        guard jobs[unit] == "waiting" else { return nil }
        let own: String
        do {
            let path = try connection.call("GetUnitByPID") { try $0.append(UInt32(getpid())) }.path()
            own =
                try connection.call(path, "org.freedesktop.DBus.Properties", "Get") {
                    try $0.append("org.freedesktop.systemd1.Unit")
                    try $0.append("Id")
                }.variant() ?? ""
        } catch is BusError {
            // No unit of this systemd's.
            return nil
        }
        guard jobs[own] != nil, own != unit else { return nil }
        var chains = [[unit]]
        var seen: Set<String> = [unit]
        while let chain = chains.first {
            chains.removeFirst()
            guard let last = chain.last else { continue }
            let after = try connection.properties(of: last, ["After"])["After"] ?? ""
            for next in after.split(separator: " ").map(String.init) where jobs[next] != nil {
                if next == own { return chain + [own] }
                if seen.insert(next).inserted { chains.append(chain + [next]) }
            }
        }
        return nil
    }
}
