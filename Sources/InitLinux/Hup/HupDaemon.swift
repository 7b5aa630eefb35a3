// The one daemon that this program may be, and what a run that its action started has to know of it.

import Glibc
import InitCore

package enum HupDaemon {
    package static let pidFile = "/var/run/cfn-hup.pid"

    static func isName(_ service: String) -> Bool { service == "cfn-hup" || service == "cfn-hup.service" }

    /// A restart of the cfn-hup whose action we are would end us before we are done; the next start would run the action
    /// again, and so on for ever. It is told to read its files again, which is all that a restart is for.
    /// - Returns: false if our cfn-hup isn't among those that started us.
    static func reloadAncestor() -> Bool {
        guard let text = try? FileProbe(root: Root()).read(pidFile),
            let process = pid_t(String(decoding: text, as: UTF8.self).trimmingBlanks()), RunLock.isAncestor(process)
        else { return false }
        var (its, ours) = (stat(), stat())
        // The original, and one of ours before an upgrade, end at a SIGHUP.
        guard stat("/proc/\(process)/exe", &its) == 0, stat("/proc/self/exe", &ours) == 0,
            its.st_ino == ours.st_ino, its.st_dev == ours.st_dev
        else { return false }
        return kill(process, SIGHUP) == 0
    }
}
