// What `ide-init status` reads: while the run lasts in /run, and where a reboot leaves it how it began and how it ended.

import Glibc
import InitCore
import InitLinux

enum StatusFile {
    private static let current = "/run/ide-init/status.json"
    private static let last = "/var/lib/ide-init/status.json"

    // A status that can't be written is no reason to fail a run.

    static func begin(_ status: RunStatus, _ scrubber: Scrubber) { put(status, scrubber, [current, last]) }

    static func write(_ status: RunStatus, _ scrubber: Scrubber) { put(status, scrubber, [current]) }

    static func end(_ status: RunStatus, _ scrubber: Scrubber) {
        // One that never began says nothing over one that is at work.
        if let other = read(), other.state == .running, other.processStart != status.processStart { return }
        put(status, scrubber, [current, last])
    }

    private static func put(_ status: RunStatus, _ scrubber: Scrubber, _ paths: [String]) {
        let bytes = Array(scrubber.scrub(status.json.prettyText(indent: 2)).utf8)
        for path in paths { try? writePublicly(bytes, to: path) }
    }

    /// How the current or the last run stands; nil: there was none.
    static func read() -> RunStatus? {
        for path in [current, last] {
            guard let bytes = try? stateFile(at: path, root: Root()),
                let value = try? JSONParser.parse(bytes, name: path).value, var status = RunStatus(value)
            else { continue }
            if status.state == .running, identity(of: pid_t(status.process)) != status.processStart {
                status.markBrokenOff()
            }
            return status
        }
        return nil
    }

    /// The boot and the clock tick in which a process began: with its number they name it for ever.
    static func identity(of process: pid_t) -> String? {
        guard let text = try? stateFile(at: "/proc/\(process)/stat", root: Root()),
            let boot = try? stateFile(at: "/proc/sys/kernel/random/boot_id", root: Root())
        else { return nil }
        // "PID (NAME) STATE PPID …", where the name may hold anything; the 22nd field.
        let fields = String(decoding: text, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
        return fields.count > 19 ? "\(String(decoding: boot, as: UTF8.self).trimmingBlanks()) \(fields[19])" : nil
    }
}
