// One run at a time: flock on /run/ide-init/lock, released by the kernel whatever happens to us.

import Glibc
import InitCore

package final class RunLock: Sendable {
    private let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// - Parameter waits: until the other run ends (cfn-init), or not at all.
    /// - Throws: `Failure(.locked)` that tells who holds it; a run started by a command of the holder always fails,
    ///   since it would wait for itself.
    package static func acquire(root: Root, waits: Bool, stop: StopSwitch, note: (String) -> Void) async throws
        -> RunLock
    {
        let path = try root.resolve("/run/ide-init/lock")
        let descriptor: Int32
        do {
            var made: [String] = []
            let directory = try OpenDirectory(parent(of: path), made: &made)
            descriptor = openat(directory.descriptor, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0 else { throw systemFailure("the lock can't be opened", path) }
            // Who may open it may hold everybody up.
            fchmod(descriptor, 0o600)
        } catch let failure as Failure where failure.kind == .unreadable {
            throw Failure(.unreadable, "\(failure.message); changing a machine takes root: run it with sudo")
        }
        let lock = RunLock(descriptor: descriptor)
        var hasTold = false
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else { throw systemFailure("the lock can't be taken", path) }
            let holder = holder(of: descriptor)
            if let holder, isAncestor(holder) {
                throw Failure(
                    .locked,
                    "this run was started by a command of the run that holds the lock (process \(holder)), so it would wait for itself; "
                        + "list the configSet in that run instead")
            }
            let who = holder.map { "process \($0)" } ?? "another process"
            guard waits else {
                throw Failure(
                    .locked, "\(who) is running ide-init or cfn-init here; wait for its end, or see what it does")
            }
            if !hasTold { note("waiting for \(who), which holds the lock") }
            hasTold = true
            if let reason = stop.stopReason { throw reason }
            await stop.sleep(0.2)
        }
        ftruncate(descriptor, 0)
        let pid = Array("\(getpid())\n".utf8)
        pwrite(descriptor, pid, pid.count, 0)
        return lock
    }

    private static func holder(of descriptor: Int32) -> pid_t? {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return count > 0 ? pid_t(String(decoding: bytes[..<count], as: UTF8.self).trimmingBlanks()) : nil
    }

    static func isAncestor(_ process: pid_t) -> Bool {
        var current = getppid()
        while current > 1 {
            if current == process { return true }
            // "PID (NAME) STATE PPID …", where the name may hold anything.
            guard let text = try? FileProbe(root: Root()).read("/proc/\(current)/stat") else { return false }
            let fields = String(decoding: text, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
            guard fields.count > 1, let parent = pid_t(fields[1]) else { return false }
            current = parent
        }
        return false
    }
}
