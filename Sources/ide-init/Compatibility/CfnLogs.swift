// /var/log/cfn-init.log and cfn-init-cmd.log, with the marker lines that people's scripts look for. Without secrets.

import Glibc
import InitCore
import Synchronization

final class CfnLogs: Sendable {
    enum Level: String {
        case debug = "DEBUG"
        case info = "INFO"
        case warning = "WARNING"
        case error = "ERROR"
    }

    private let mainLog: RotatingLog?
    private let commandLog: RotatingLog?
    private let isVerbose: Bool
    private let scrubber: Scrubber
    private let terminal: Terminal

    init(isVerbose: Bool, scrubber: Scrubber, terminal: Terminal) {
        mainLog = RotatingLog("/var/log/cfn-init.log")
        commandLog = RotatingLog("/var/log/cfn-init-cmd.log")
        self.isVerbose = isVerbose
        self.scrubber = scrubber
        self.terminal = terminal
        if mainLog == nil {
            terminal.print("The log /var/log/cfn-init.log can't be opened; logging to standard error", to: .errors)
        }
    }

    static func centred(_ text: String) -> String {
        let rest = max(0, 60 - text.count)
        return String(repeating: "-", count: rest / 2) + text + String(repeating: "-", count: rest - rest / 2)
    }

    func main(_ level: Level, _ text: String) {
        if level == .debug, !isVerbose { return }
        let lines = scrubber.scrub(text).split(separator: "\n", omittingEmptySubsequences: false)
        let entry = lines.enumerated().map { $0 == 0 ? "\(timestamp()) [\(level.rawValue)] \($1)\n" : "\($1)\n" }
            .joined()
        if let mainLog { mainLog.append(entry) } else { terminal.write(entry, to: .errors) }
    }

    private func command(_ level: Level, _ text: String) {
        let head = "\(timestamp()) P\(getpid()) [\(level.rawValue)] "
        let lines = scrubber.scrub(text).split(separator: "\n", omittingEmptySubsequences: false)
        commandLog?.append(lines.map { head + $0 + "\n" }.joined())
    }

    /// The engine's events in the original's words.
    func record(_ event: Engine.Event) {
        switch event {
        case .setStarted(let name):
            main(.info, "Running configSet \(name)")
            command(.info, String(repeating: "*", count: 60))
            command(.info, "ConfigSet \(name)")
        case .configStarted(let name):
            main(.info, "Running config \(name)")
            command(.info, String(repeating: "+", count: 60))
            command(.info, "Config \(name)")
        case .itemStarted: break
        case .itemFinished(let item): record(item)
        }
    }

    private func record(_ item: Report.Item) {
        let note = item.note.map { ": \($0)" } ?? ""
        switch item.outcome {
        case .unchanged: main(.debug, "\(item.id) is right already")
        case .changed: main(.info, "\(item.id) changed\(note)")
        case .ran:
            main(
                .info,
                item.id.section == "commands" ? "Command \(item.id.name) succeeded\(note)" : "\(item.id) ran\(note)")
        case .skipped: main(.info, "\(item.id) skipped\(note)")
        case .failed:
            if item.id.section == "commands" { main(.error, "Command \(item.id.name) failed") }
        }
    }

    /// The host, with each command's transcript going to the command log.
    func observing(_ host: Host) -> Host {
        var observed = host
        observed.perform = { [self] step in
            let result = try await host.perform(step)
            if case .run(let command) = step, let ending = result.command { record(command, ending) }
            return result
        }
        observed.probe.test = { [self] command in
            let result = try await host.probe.test(command)
            if let result {
                record(command, result)
                if case .exited(let code) = result.ending, code != 0 { main(.info, "Test failed with code \(code)") }
            }
            return result
        }
        return observed
    }

    private func record(_ run: Command, _ result: CommandResult) {
        command(.info, String(repeating: "=", count: 60))
        command(.info, run.title)
        let text = (result.text + String(decoding: result.errors, as: UTF8.self)).trimmingBlanks()
        if !text.isEmpty {
            command(.info, Self.centred("Command Output"))
            command(
                .info,
                text.split(separator: "\n", omittingEmptySubsequences: false).map { "\t\($0)" }.joined(separator: "\n"))
            command(.info, String(repeating: "-", count: 60))
            main(.debug, "\(run.title) output: \(text)")
        }
        switch result.ending {
        case .exited(0): command(.info, "Completed successfully.")
        case .exited(let code): command(.error, "Exited with error code \(code)")
        default: command(.error, result.endingText)
        }
    }

    /// Local time with milliseconds behind a comma, as Python's logging.
    private func timestamp() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        localtime_r(&now.tv_sec, &parts)
        func digits(_ value: some BinaryInteger, _ count: Int) -> String {
            let text = String(Int(value))
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        let day = "\(parts.tm_year + 1900)-\(digits(parts.tm_mon + 1, 2))-\(digits(parts.tm_mday, 2))"
        let time = "\(digits(parts.tm_hour, 2)):\(digits(parts.tm_min, 2)):\(digits(parts.tm_sec, 2))"
        return "\(day) \(time),\(digits(now.tv_nsec / 1_000_000, 3))"
    }
}

/// A log of at most 5 MiB, with five old ones beside it (`.1` … `.5`); readable by root alone, as output may hold anything.
private final class RotatingLog: Sendable {
    private static let mostBytes = 5 << 20

    private let path: String
    private let descriptor: Mutex<Int32>

    init?(_ path: String) {
        self.path = path
        let opened = Self.open(path)
        guard opened >= 0 else { return nil }
        descriptor = Mutex(opened)
    }

    private static func open(_ path: String) -> Int32 {
        let opened = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        var info = stat()
        // Others may read an older one if they could; nobody else writes to it.
        if opened >= 0, fstat(opened, &info) == 0, info.st_mode & 0o022 != 0 { fchmod(opened, info.st_mode & 0o755) }
        return opened
    }

    func append(_ entry: String) {
        descriptor.withLock { descriptor in
            var info = stat()
            if fstat(descriptor, &info) == 0, info.st_size >= Self.mostBytes {
                for number in (1..<5).reversed() { rename("\(path).\(number)", "\(path).\(number + 1)") }
                rename(path, "\(path).1")
                close(descriptor)
                descriptor = Self.open(path)
            }
            let bytes = Array(entry.utf8)
            _ = write(descriptor, bytes, bytes.count)
        }
    }
}
