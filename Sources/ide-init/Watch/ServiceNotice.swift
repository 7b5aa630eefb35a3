// What a service that stays tells its manager (sd_notify(3)): ready, reloading, alive.

import Glibc
import InitLinux

struct ServiceNotice: Sendable {
    private let socket = NotifySocket()

    func ready(_ status: String) { socket?.send(["READY=1", "STATUS=\(status)"]) }
    func tell(_ status: String) { socket?.send(["STATUS=\(status)"]) }
    func stopping() { socket?.send(["STOPPING=1"]) }

    /// With the moment, by which Type=notify-reload tells this reload from an earlier one.
    func reloading() {
        socket?.send(["RELOADING=1", "MONOTONIC_USEC=\(Int(monotonicSeconds() * 1e6))"])
    }

    /// Twice in the time that the manager allows; nil: it doesn't ask for it.
    func beat() -> Task<Void, Never>? {
        guard let socket, let text = getenv("WATCHDOG_USEC").map({ String(cString: $0) }),
            let microseconds = Double(text),
            getenv("WATCHDOG_PID").map({ pid_t(String(cString: $0)) == getpid() }) ?? true
        else { return nil }
        return Task {
            while !Task.isCancelled {
                socket.send(["WATCHDOG=1"])
                try? await Task.sleep(for: .microseconds(microseconds / 2))
            }
        }
    }
}
