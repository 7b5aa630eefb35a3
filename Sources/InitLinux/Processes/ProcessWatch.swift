// Waits for one process while reading what it prints, and ends it when its time is up or the run is to stop.

import Glibc
import InitCore
import SystemPackage

struct ProcessWatch: Sendable {
    enum Verdict: Sendable {
        case ended
        case timedOut
    }

    /// Between asking a process group to end (SIGTERM) and ending it (SIGKILL).
    private static let grace = 5.0

    let process: pid_t
    /// A pidfd; negative before Linux 5.4.
    let descriptor: Int32
    let pipes: [OutputPipe]
    let stop: StopSwitch
    let command: Command

    func wait() -> Verdict {
        let start = now()
        var deadline = command.timeout.map { start + $0 }
        var verdict = Verdict.ended
        var isEnding = false
        while !hasExited {
            if !isEnding, stop.stopReason != nil, !command.finishesOnStop {
                isEnding = true
                end(SIGTERM, &deadline)
            }
            if let limit = deadline, now() >= limit {
                if !isEnding { verdict = .timedOut }
                end(isEnding ? SIGKILL : SIGTERM, &deadline)
                isEnding = true
            }
            waitForNews(until: deadline, heedsStop: !isEnding && !command.finishesOnStop)
            for pipe in pipes { pipe.drain() }
        }
        for pipe in pipes { pipe.drain() }
        return verdict
    }

    private var hasExited: Bool {
        var info = siginfo_t()
        return waitid(P_PID, id_t(process), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_signo == SIGCHLD
    }

    private func end(_ signal: Int32, _ deadline: inout Double?) {
        kill(-process, signal)
        deadline = now() + Self.grace
    }

    private func waitForNews(until deadline: Double?, heedsStop: Bool) {
        var descriptors = pipes.filter(\.isOpen).map {
            pollfd(fd: $0.readEnd.rawValue, events: Int16(POLLIN), revents: 0)
        }
        if descriptor >= 0 { descriptors.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)) }
        if heedsStop { descriptors.append(pollfd(fd: stop.descriptor, events: Int16(POLLIN), revents: 0)) }
        // Without a pidfd its end is looked for every few milliseconds.
        var milliseconds: Int32 = descriptor >= 0 ? -1 : 10
        if let deadline {
            let left = Int32(max(0, min(deadline - now(), 1e6)) * 1000) + 1
            milliseconds = milliseconds < 0 ? left : min(milliseconds, left)
        }
        poll(&descriptors, nfds_t(descriptors.count), milliseconds)
    }

    private func now() -> Double { monotonicSeconds() }
}

package func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
