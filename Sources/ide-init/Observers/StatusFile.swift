// What `ide-init status` reads: while the run lasts in /run, when it is over where a reboot leaves it, too.

import Glibc
import InitCore
import InitLinux
import Synchronization

final class StatusFile: Sendable {
    static let current = "/run/ide-init/status.json"
    static let last = "/var/lib/ide-init/status.json"

    private struct Recorded {
        var status: RunStatus
        var isStale = true
    }

    private let recorded: Mutex<Recorded>
    private let scrubber: Scrubber

    init(_ loaded: LoadedDocument) {
        scrubber = loaded.scrubber
        recorded = Mutex(
            Recorded(
                status: RunStatus(
                    source: loaded.name, configSets: loaded.document.sets.map(\.name),
                    items: loaded.document.sets.flatMap(\.configs).map(\.resources.count).reduce(0, +),
                    started: secondsSince1970(), process: Int(getpid()), processStart: processStart(getpid()) ?? "")))
    }

    func record(_ event: Engine.Event) {
        recorded.withLock { recorded in
            recorded.status.record(event, now: secondsSince1970())
            recorded.isStale = true
        }
    }

    /// Writes what is new, four times a second: who asks wants to know what takes long.
    func keepCurrent() -> Task<Void, Never> {
        Task {
            while !Task.isCancelled {
                write(to: Self.current)
                try? await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    func end(_ failure: String?) {
        recorded.withLock { $0.status.end(failure: failure.map(scrubber.scrub), now: secondsSince1970()) }
        for path in [Self.current, Self.last] {
            recorded.withLock { $0.isStale = true }
            write(to: path)
        }
    }

    /// A status that can't be written is no reason to fail a run.
    private func write(to path: String) {
        let text = recorded.withLock { recorded -> String? in
            guard recorded.isStale else { return nil }
            recorded.isStale = false
            return recorded.status.json.prettyText(indent: 2)
        }
        if let text { try? writePublicly(Array(scrubber.scrub(text).utf8), to: path) }
    }

    /// How the current or the last run stands; nil: there was none.
    static func read() -> RunStatus? {
        for path in [current, last] {
            guard let bytes = try? stateFile(at: path, root: Root()),
                let value = try? JSONParser.parse(bytes, name: path).value,
                var status = RunStatus(value)
            else { continue }
            if status.state == .running, processStart(pid_t(status.process)) != status.processStart {
                status.markBrokenOff()
            }
            return status
        }
        return nil
    }
}

/// In clock ticks since the boot, as /proc tells it: with the process's number it names one process for ever.
private func processStart(_ process: pid_t) -> String? {
    guard let text = try? stateFile(at: "/proc/\(process)/stat", root: Root()) else { return nil }
    // "PID (NAME) STATE PPID …", where the name may hold anything; the 22nd field.
    let fields = String(decoding: text, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
    return fields.count > 19 ? String(fields[19]) : nil
}
