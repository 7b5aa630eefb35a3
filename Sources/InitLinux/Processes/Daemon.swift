// How a program becomes a daemon, or finds that it is one: whoever was started by init stays where it is.

import CLinux
import Glibc
import InitCore

package enum Daemon {
    /// Says to the copy that it is the one in the background, and which descriptor its pid file has.
    private static let mark = "IDE_INIT_DETACHED"
    private static let inheritedDescriptor: Int32 = 3

    /// Whether init, or a container's first process, waits for this very process.
    package static var isSupervised: Bool { getppid() == 1 || getpid() == 1 || getenv("NOTIFY_SOCKET") != nil }

    /// The pid file of a process that `detach` started; nil in any other.
    package static func inheritedPidFile(_ path: String) -> PidFile? {
        guard getenv(mark) != nil else { return nil }
        unsetenv(mark)
        return PidFile.inherited(inheritedDescriptor, path: path)
    }

    /// Starts this program anew in a session of its own, with nothing open but /dev/null and the pid file; a fork alone would
    /// leave the runtime's threads behind.
    /// - Throws: `Failure`.
    package static func detach(_ words: [String], pidFile: PidFile) throws {
        setenv(mark, "1", 1)
        defer { unsetenv(mark) }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        defer { for argument in arguments { free(argument) } }
        arguments.append(nil)
        let process = linuxStartDetached(&arguments, pidFile.descriptor, inheritedDescriptor)
        guard process > 0 else { throw systemFailure("the daemon can't be started", "/proc/self/exe") }
        pidFile.write(process)
    }

    /// The systemd unit that this process belongs to, by /proc/self/cgroup.
    static func unit(in cgroups: String) -> String? {
        for line in cgroups.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, fields[1].isEmpty || fields[1] == "name=systemd",
                let name = fields[2].split(separator: "/").last, name.hasSuffix(".service")
            else { continue }
            return String(name)
        }
        return nil
    }

    /// Whether systemd waits for this process to go to the background (`Type=forking`).
    package static func isExpectedToFork() async -> Bool {
        guard getppid() == 1, access("/run/systemd/system", F_OK) == 0,
            let cgroups = try? FileProbe(root: Root()).read("/proc/self/cgroup"),
            let unit = unit(in: String(decoding: cgroups, as: UTF8.self))
        else { return false }
        let type = try? await Bus().use { try $0.properties(of: unit, interface: "Service", ["Type"])["Type"] }
        return type == "forking"
    }
}
