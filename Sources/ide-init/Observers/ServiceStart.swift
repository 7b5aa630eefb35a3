// What the service manager hears of a start beside its steps: to be patient, and why it failed.

import Glibc
import InitCore
import InitLinux

extension NotifySocket {
    /// Seconds for which the manager is asked to be patient, and after which it is asked again.
    private static let patience = (length: 60.0, renewal: 15.0)

    /// From now until the process ends, or is told to: from the first look for the metadata to the last call for the signal.
    func askForPatience(_ stop: StopSwitch) {
        let request = "EXTEND_TIMEOUT_USEC=\(Int(Self.patience.length * 1e6))"
        send([request])
        Task {
            while true {
                await stop.sleep(Self.patience.renewal)
                guard stop.stopReason == nil else { return }
                send([request])
            }
        }
    }

    /// - Parameter reason: scrubbed.
    func fail(_ reason: String, _ kind: Failure.Kind) {
        send([
            "STOPPING=1", "STATUS=failed: \(visibleLine(reason))", "ERRNO=\(kind.errorNumber)",
            "EXIT_STATUS=\(ExitCode(kind).rawValue)",
        ])
    }
}

extension Failure.Kind {
    /// The nearest of errno(3).
    fileprivate var errorNumber: Int32 {
        switch self {
        case .usage, .invalidDocument: EINVAL
        case .locked: EBUSY
        case .timedOut: ETIMEDOUT
        case .stopped: EINTR
        case .unreadable: EACCES
        case .network: EHOSTUNREACH
        case .refused: EPROTO
        case .commandFailed, .host: EIO
        }
    }
}
