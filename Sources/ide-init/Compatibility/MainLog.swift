// The cfn-* commands' logs in the original's form: `2026-01-31 12:00:00,123 [INFO] text`, without secrets.

import InitCore
import InitLinux

/// A command's main log; standard error where it can't be opened.
final class MainLog: Sendable {
    private let file: RotatingLog?
    private let least: LogLevel
    private let scrubber: Scrubber
    private let terminal: Terminal

    /// - Parameter least: what is below it isn't written.
    init(_ path: String, least: LogLevel, scrubber: Scrubber, terminal: Terminal) {
        file = RotatingLog(path)
        self.least = least
        self.scrubber = scrubber
        self.terminal = terminal
        if file == nil { terminal.print("The log \(path) can't be opened; logging to standard error", to: .errors) }
    }

    var isFile: Bool { file != nil }

    func write(_ level: LogLevel, _ text: String) {
        guard level >= least else { return }
        let lines = scrubber.scrub(text).split(separator: "\n", omittingEmptySubsequences: false)
        let head = "\(RotatingLog.timestamp()) [\(level.rawValue)] "
        let entry = lines.enumerated().map { $0 == 0 ? head + $1 + "\n" : $1 + "\n" }.joined()
        if let file { file.append(entry) } else { terminal.write(entry, to: .errors) }
    }
}
