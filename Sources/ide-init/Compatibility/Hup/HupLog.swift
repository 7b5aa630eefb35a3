// /var/log/cfn-hup.log. What needs somebody's attention goes to standard error too: under systemd that is the journal.

import InitCore
import Synchronization

final class HupLog: Sendable {
    private static let path = "/var/log/cfn-hup.log"

    private let scrubber: Scrubber
    private let terminal: Terminal
    private let main: Mutex<MainLog>

    init(isVerbose: Bool, scrubber: Scrubber, terminal: Terminal) {
        self.scrubber = scrubber
        self.terminal = terminal
        main = Mutex(Self.open(isVerbose, scrubber, terminal))
    }

    private static func open(_ isVerbose: Bool, _ scrubber: Scrubber, _ terminal: Terminal) -> MainLog {
        MainLog(path, least: isVerbose ? .debug : .info, scrubber: scrubber, terminal: terminal)
    }

    /// Also after somebody has moved the file away.
    func reopen(isVerbose: Bool) {
        let opened = Self.open(isVerbose, scrubber, terminal)
        main.withLock { $0 = opened }
    }

    func write(_ level: LogLevel, _ text: String) {
        let log = main.withLock { $0 }
        log.write(level, text)
        guard level >= .warning, log.isFile else { return }
        for line in scrubber.scrub("cfn-hup: \(text)").split(separator: "\n") {
            terminal.print(visible(String(line)), to: .errors)
        }
    }
}
