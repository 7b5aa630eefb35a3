// A daemon's pid file, locked as long as it runs. The lock goes with the open file, also to a child that inherits it.

package import Glibc
import InitCore

package final class PidFile: Sendable {
    package let descriptor: Int32
    private let path: String

    private init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    /// - Parameters:
    ///   - program: its name; one of that name that keeps no lock (the original) is found by the pid in the file.
    ///   - patience: seconds to wait for another's end; a restart needs some.
    /// - Throws: `Failure(.locked)` that names the other process.
    package static func acquire(_ path: String, program: String, patience: Double, stop: StopSwitch) async throws
        -> PidFile
    {
        let deadline = monotonicSeconds() + patience
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0 else { throw systemFailure("can't be opened; is this root?", path) }
            let file = PidFile(descriptor: descriptor, path: path)
            let isLocked = flock(descriptor, LOCK_EX | LOCK_NB) == 0
            // Its last owner may have removed it in between.
            if isLocked, !file.isInPlace { continue }
            let other = file.process
            if isLocked, other.map({ !isRunning($0, program) }) ?? true {
                // Who may open it may hold everybody up.
                fchmod(descriptor, 0o600)
                return file
            }
            if let reason = stop.stopReason { throw reason }
            guard monotonicSeconds() < deadline else {
                let who = other.map { "process \($0)" } ?? "another process"
                throw Failure(
                    .locked,
                    "\(program) runs already (\(who), \(path)); stop that one first, or send it SIGHUP to have it read its configuration again"
                )
            }
            await stop.sleep(0.1)
        }
    }

    /// The one that a parent locked and handed over; nil: what the descriptor is isn't this file.
    package static func inherited(_ descriptor: Int32, path: String) -> PidFile? {
        var info = stat()
        var wanted = stat()
        guard fstat(descriptor, &info) == 0, lstat(path, &wanted) == 0, info.st_ino == wanted.st_ino,
            info.st_dev == wanted.st_dev, fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0,
            flock(descriptor, LOCK_EX | LOCK_NB) == 0
        else { return nil }
        return PidFile(descriptor: descriptor, path: path)
    }

    package func write(_ process: pid_t) {
        let text = Array("\(process)\n".utf8)
        ftruncate(descriptor, 0)
        pwrite(descriptor, text, text.count, 0)
    }

    package func remove() { if isInPlace { unlink(path) } }

    private var isInPlace: Bool {
        var info = stat()
        var wanted = stat()
        return fstat(descriptor, &info) == 0 && lstat(path, &wanted) == 0 && info.st_ino == wanted.st_ino
            && info.st_dev == wanted.st_dev
    }

    private var process: pid_t? {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return count > 0 ? pid_t(String(decoding: bytes[..<count], as: UTF8.self).trimmingBlanks()) : nil
    }

    private static func isRunning(_ process: pid_t, _ program: String) -> Bool {
        guard process > 0, process != getpid(),
            let line = try? FileProbe(root: Root()).read("/proc/\(process)/cmdline")
        else { return false }
        // An interpreter comes first.
        return line.split(separator: 0).prefix(3).contains {
            String(decoding: $0, as: UTF8.self).split(separator: "/").last.map(String.init) == program
        }
    }
}
