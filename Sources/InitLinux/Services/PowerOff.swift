// Why units are being stopped: systemd puts the target that it makes for into the same queue.

import InitCore

package enum PowerOff {
    /// Targets after which this machine doesn't come back by itself. A kexec is a restart.
    private static let targets = ["poweroff.target", "halt.target"]

    /// Whether the machine is being switched off, as opposed to restarted, or to a unit that is stopped by itself.
    /// - Throws: `Failure` when systemd can't be asked.
    package static func isQueued(_ stop: StopSwitch) async throws -> Bool {
        guard Units.isSystemdRunning else { return false }
        let units = BusUnits(stop: stop)
        for target in targets {
            do {
                if try await units.properties(of: target).hasJob { return true }
            } catch let error as BusError {
                throw Failure(.host, "systemd doesn't tell whether \(target) is queued: \(error.description)")
            }
        }
        return false
    }
}
