// A run that is killed can't say so. So it may be two processes: a small one that waits, and its child that does the work.
// Whichever of them dies, the other one learns of it and can still speak.

import Glibc
import InitCore

/// The child's end of the line between the two.
package final class RunGuard: Sendable {
    static let variable = "IDE_INIT_GUARD"
    /// The child's end, whatever else is open.
    private static let childDescriptor: Int32 = 3

    private let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    /// Starts the same command line again as a child, in which this returns. The first process waits for the child's end
    /// and ends with its exit code. Where no child can be made this returns nil, and the run goes on unguarded.
    /// - Parameters:
    ///   - stop: thrown in the child when the first process is told to stop, or is killed.
    ///   - orphaned: called in the first process when the child ended without having settled things; the words say how.
    package static func enter(_ stop: StopSwitch, orphaned: @escaping @Sendable (String) async -> Void) async
        -> RunGuard?
    {
        if let text = getenv(variable) {
            let descriptor = Int32(String(cString: text)) ?? childDescriptor
            // Not for the commands that we run.
            unsetenv(variable)
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            let link = RunGuard(descriptor: descriptor)
            link.listen(stop)
            return link
        }
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { return nil }
        guard let child = spawn(ends[1]) else {
            for end in ends { close(end) }
            return nil
        }
        close(ends[1])
        stop.watchSignals()
        let (ours, status) = (ends[0], stop)
        var ending = await blocking { GuardWatch(child: child, descriptor: ours, stop: status).wait() }
        if let how = ending.orphaned {
            for group in ending.groups { kill(-group, SIGTERM) }
            await orphaned(how)
            for group in ending.groups { kill(-group, SIGKILL) }
            ending.code = ending.code == 0 ? 1 : ending.code
        }
        exit(ending.code)
    }

    private static func spawn(_ descriptor: Int32) -> pid_t? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if descriptor == childDescriptor {
            _ = fcntl(descriptor, F_SETFD, 0)
        } else {
            posix_spawn_file_actions_adddup2(&actions, descriptor, childDescriptor)
        }
        setenv(variable, "\(childDescriptor)", 1)
        defer { unsetenv(variable) }
        var words = CommandLine.arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process = pid_t()
        // By its name, which ps(1) shows; the link leads to us even where the file has been replaced.
        let named = (try? FileProbe(root: Root()).linkTarget("/proc/self/exe")) ?? ""
        for program in [named, "/proc/self/exe"] {
            if posix_spawn(&process, program, &actions, nil, &words, environ) == 0 { return process }
        }
        return nil
    }

    // MARK: What the child says

    /// Nothing is left to be said for it, whatever becomes of it now.
    package func settled() { send("settled") }

    /// A command of the run: it goes when the run is killed.
    func began(_ group: pid_t) { send("began \(group)") }
    func ended(_ group: pid_t) { send("ended \(group)") }

    private func send(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// What the first process says is why to stop; the end of the line says that it is gone.
    private func listen(_ stop: StopSwitch) {
        onThread { [descriptor] in
            let why =
                readSome(descriptor).map { $0.trimmingBlanks() } ?? "the process that watches over this run was killed"
            stop.stop(Failure(.stopped, why))
        }
    }
}

/// The first process, while the child works.
private struct GuardWatch {
    struct Ending: Sendable {
        var code: Int32
        /// How the child ended without having settled things; nil: it had.
        var orphaned: String?
        /// What it was running then.
        var groups: Set<pid_t>
    }

    let child: pid_t
    let descriptor: Int32
    let stop: StopSwitch

    func wait() -> Ending {
        var isSettled = false
        var groups: Set<pid_t> = []
        var rest = ""
        var hasTold = false
        while true {
            var descriptors = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: hasTold ? -1 : stop.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            poll(&descriptors, 2, -1)
            if descriptors[1].revents != 0, let reason = stop.stopReason {
                // By the line and not by a signal: it may have got the same one from whoever sent ours.
                let bytes = Array("\(reason.message)\n".utf8)
                _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
                hasTold = true
            }
            guard descriptors[0].revents != 0 else { continue }
            guard let text = readSome(descriptor) else { break }
            var lines = (rest + text).split(separator: "\n", omittingEmptySubsequences: false)
            rest = String(lines.removeLast())
            for line in lines {
                let words = line.split(separator: " ")
                switch (words.first, words.dropFirst().first.flatMap { pid_t($0) }) {
                case ("settled", _): isSettled = true
                case ("began", let group?): groups.insert(group)
                case ("ended", let group?): groups.remove(group)
                default: break
                }
            }
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        let code = signal == 0 ? (status >> 8) & 0xFF : 1
        let how = signal == 0 ? "the run ended with code \(code) and told nobody why" : Self.death(signal)
        return Ending(code: code, orphaned: isSettled || signal == 0 && code == 0 ? nil : how, groups: groups)
    }

    private static func death(_ signal: Int32) -> String {
        signal == SIGKILL
            ? "the run was killed (SIGKILL: by somebody, or by the kernel for want of memory, which dmesg tells)"
            : "the run was killed by signal \(signal)"
    }
}

/// Nil at the end of the line.
private func readSome(_ descriptor: Int32) -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }
}
