// /var/log/cfn-init.log and cfn-init-cmd.log, with the marker lines that people's scripts look for. Without secrets.

import Glibc
import InitCore
import InitLinux

final class CfnLogs: Sendable {
    private let mainLog: MainLog
    private let commandLog: RotatingLog?
    private let scrubber: Scrubber

    init(isVerbose: Bool, scrubber: Scrubber, terminal: Terminal) {
        mainLog = MainLog(
            "/var/log/cfn-init.log", least: isVerbose ? .debug : .info, scrubber: scrubber, terminal: terminal)
        commandLog = RotatingLog("/var/log/cfn-init-cmd.log")
        self.scrubber = scrubber
    }

    static func centred(_ text: String) -> String {
        let rest = max(0, 60 - text.count)
        return String(repeating: "-", count: rest / 2) + text + String(repeating: "-", count: rest - rest / 2)
    }

    func main(_ level: LogLevel, _ text: String) { mainLog.write(level, text) }

    private func command(_ level: LogLevel, _ text: String) {
        let head = "\(RotatingLog.timestamp()) P\(getpid()) [\(level.rawValue)] "
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
        case .itemStarted, .waiting: break
        case .itemFinished(let item): record(item)
        case .readinessStarted(let checks):
            main(.info, "Waiting for \(checks.map { "\($0.target)" }.joined(separator: ", "))")
        case .checkFinished(let result): record(result)
        }
    }

    private func record(_ result: CheckResult) {
        switch result.outcome {
        case .ready: main(.info, "\(result.check.id) is ready after \(durationText(result.duration))")
        case .failed: main(.error, "\(result.check.id): \(result.failure?.message ?? "")")
        case .skipped, .planned:
            main(.info, "\(result.check.id) \(result.outcome)\(result.note.map { ": \($0)" } ?? "")")
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
}
