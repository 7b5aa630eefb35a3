// What `ide-init status` reads: while the run lasts in /run, when it is over where a reboot leaves it, too.

import Glibc
import InitCore
import InitLinux

enum StatusFile {
    private static let current = "/run/ide-init/status.json"
    private static let last = "/var/lib/ide-init/status.json"

    /// A status that can't be written is no reason to fail a run.
    static func write(_ status: RunStatus, _ scrubber: Scrubber) {
        let bytes = Array(scrubber.scrub(status.json.prettyText(indent: 2)).utf8)
        try? writePublicly(bytes, to: current)
        if status.state != .running { try? writePublicly(bytes, to: last) }
    }

    /// How the current or the last run stands; nil: there was none.
    static func read() -> RunStatus? {
        for path in [current, last] {
            guard let bytes = try? stateFile(at: path, root: Root()),
                let value = try? JSONParser.parse(bytes, name: path).value, var status = RunStatus(value)
            else { continue }
            if status.state == .running, processStart(pid_t(status.process)) != status.processStart {
                status.markBrokenOff()
            }
            return status
        }
        return nil
    }

    /// In clock ticks since the boot, as /proc tells it: with the process's number it names one process for ever.
    static func processStart(_ process: pid_t) -> String? {
        guard let text = try? stateFile(at: "/proc/\(process)/stat", root: Root()) else { return nil }
        // "PID (NAME) STATE PPID …", where the name may hold anything; the 22nd field.
        let fields = String(decoding: text, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
        return fields.count > 19 ? String(fields[19]) : nil
    }
}
