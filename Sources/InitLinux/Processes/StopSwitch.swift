// Tells the run to end: thrown by SIGTERM, SIGINT, SIGHUP or the deadline, seen by whatever waits.

import CLinux
import Glibc
package import InitCore
import Synchronization

package final class StopSwitch: Sendable {
    private let reason = Mutex<Failure?>(nil)
    /// A pipe: its read end is readable from the moment that the switch is thrown.
    private let ends: (read: Int32, write: Int32)

    package init() {
        var ends: [Int32] = [-1, -1]
        linuxPipe(&ends)
        self.ends = (ends[0], ends[1])
    }

    deinit {
        close(ends.read)
        close(ends.write)
    }

    package var stopReason: Failure? { reason.withLock { $0 } }

    /// Readable from the moment it is thrown.
    var descriptor: Int32 { ends.read }

    package func stop(_ failure: Failure) {
        let isFirst = reason.withLock { reason in
            defer { if reason == nil { reason = failure } }
            return reason == nil
        }
        if isFirst { write(ends.write, [1], 1) }
    }

    /// Throws it when one of the signals arrives. A second one of the same kind ends the process at once.
    /// - Parameter hangUp: told of each SIGHUP, which then throws nothing.
    package func watchSignals(hangUp: HangUp? = nil) {
        var pipe: [Int32] = [-1, -1]
        let signals = hangUp == nil ? [SIGTERM, SIGINT, SIGHUP] : [SIGTERM, SIGINT]
        guard linuxPipe(&pipe) == 0, linuxCatchSignals(pipe[1], signals, Int32(signals.count), 1) == 0,
            hangUp == nil || linuxCatchSignals(pipe[1], [SIGHUP], 1, 0) == 0
        else { return }
        let descriptor = pipe[0]
        onThread { [self] in
            var signal: UInt8 = 0
            while true {
                let count = read(descriptor, &signal, 1)
                if count < 0, errno == EINTR { continue }
                guard count == 1 else { return }
                if let hangUp, Int32(signal) == SIGHUP {
                    hangUp.arrive()
                    continue
                }
                let name = [SIGTERM: "SIGTERM", SIGINT: "SIGINT", SIGHUP: "SIGHUP"][Int32(signal)] ?? "a signal"
                stop(Failure(.stopped, "stopped by \(name)"))
            }
        }
    }

    /// Throws it after so many seconds.
    /// - Parameter limit: whose it is, for the message.
    package func stop(after seconds: Double, limit: String = "its --timeout of ") {
        Task {
            try? await Task.sleep(for: .seconds(seconds))
            stop(Failure(.timedOut, "the run took longer than \(limit)\(durationText(seconds))"))
        }
    }

    /// Waits until it is thrown.
    package func thrown() async -> Failure {
        await blocking {
            while true {
                if let reason = self.stopReason { return reason }
                var descriptors = [pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)]
                poll(&descriptors, 1, -1)
            }
        }
    }

    /// Waits so long, or until it is thrown, the task is cancelled, or a SIGHUP arrives where that is asked for.
    package func sleep(_ seconds: Double, or hangUp: HangUp? = nil) async {
        let cancellation = HangUp()
        await withTaskCancellationHandler {
            await blocking {
                let sources = [self.descriptor, cancellation.descriptor, hangUp?.descriptor]
                var descriptors = sources.compactMap { $0 }.map {
                    pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
                }
                poll(&descriptors, nfds_t(descriptors.count), Int32(seconds * 1000))
            }
        } onCancel: {
            cancellation.arrive()
        }
    }
}

/// SIGHUP as a daemon takes it: read the configuration again.
package final class HangUp: Sendable {
    private let ends: (read: Int32, write: Int32)

    package init() {
        var ends: [Int32] = [-1, -1]
        linuxPipe(&ends)
        for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        self.ends = (ends[0], ends[1])
    }

    deinit {
        close(ends.read)
        close(ends.write)
    }

    /// Readable while one is to be heeded.
    var descriptor: Int32 { ends.read }

    package func arrive() { write(ends.write, [1], 1) }

    /// Whether one has arrived since it was last asked.
    package func take() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 64)
        var hasArrived = false
        while read(ends.read, &bytes, bytes.count) > 0 { hasArrived = true }
        return hasArrived
    }
}

/// Runs blocking work on a thread of its own, so that it doesn't hold up the few threads that tasks share.
func blocking<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
        onThread { continuation.resume(returning: body()) }
    }
}

func onThread(_ body: @escaping @Sendable () -> Void) {
    final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, 256 << 10)
    let work = Unmanaged.passRetained(Work(body)).toOpaque()
    var thread = pthread_t()
    let code = pthread_create(
        &thread, &attributes,
        { argument in
            if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body() }
            return nil
        }, work)
    pthread_attr_destroy(&attributes)
    // Without a thread to spare the caller's has to do.
    if code != 0 { Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body() }
}
