// systemd's bus, opened when it is first needed and again where it broke off. All that goes over it is done on one
// thread of its own, one piece after the other: a connection isn't safe to share.

import InitCore
import Synchronization

final class Bus: Sendable {
    private let thread = Mutex<WorkThread?>(nil)
    /// Only ever touched on that thread; the lock is for the compiler.
    private let connection = Mutex<BusConnection?>(nil)

    /// - Parameter body: may be run twice, where systemd goes away under it: a new version of itself takes over
    ///   (daemon-reexec), with all its jobs.
    /// - Throws: `BusError`; `Failure(.unreadable)` when there's no way to systemd.
    func use<Result: Sendable>(_ body: @escaping @Sendable (BusConnection) throws -> Result) async throws -> Result {
        let thread = thread.withLock { thread in
            let running = thread ?? WorkThread()
            thread = running
            return running
        }
        return try await thread.run { [self] in
            Swift.Result<Result, any Error> {
                try self.connection.withLock { connection in
                    for isLast in [false, true] {
                        let open = try connection ?? BusConnection.open()
                        connection = open
                        do {
                            return try body(open)
                        } catch let error as BusError {
                            if open.isOpen { throw error }
                            connection = nil
                            if isLast { throw error }
                        }
                    }
                    throw BusError(name: "", text: "systemd's bus can't be kept open")
                }
            }
        }.get()
    }
}
