// Standard output and error as they are: a terminal or not, coloured or not, with a line that says what is under way.

import Glibc
import InitCore
import InitLinux
import Synchronization

final class Terminal: Sendable {
    enum Stream: Int32, Sendable {
        case output = 1
        case errors = 2
    }

    private let isTerminal: [Bool]
    private let colours: Bool
    /// Whether the last line on standard error is a passing one.
    private let hasPassingLine = Mutex(false)

    init(environment: @Sendable (String) -> String?) {
        isTerminal = [isatty(1) == 1, isatty(2) == 1]
        // https://no-color.org
        colours = environment("NO_COLOR")?.isEmpty ?? true && environment("TERM") != "dumb"
    }

    func style(_ stream: Stream) -> TextStyle {
        colours && isTerminal[Int(stream.rawValue) - 1] ? .coloured : .plain
    }

    /// What the journal gets as entries with fields isn't printed into it as well.
    func printOutsideJournal(_ line: String, to stream: Stream = .output) {
        if !Journal.reads(stream.rawValue) { print(line, to: stream) }
    }

    func print(_ line: String, to stream: Stream = .output) { write(line + "\n", to: stream) }

    func write(_ text: String, to stream: Stream = .output) {
        hasPassingLine.withLock { passing in
            if passing { put("\r\u{1B}[K", 2) }
            passing = false
            put(text, stream.rawValue)
        }
    }

    /// A line that the next one replaces; only on a terminal.
    func pass(_ line: String) {
        guard isTerminal[1], colours else { return }
        hasPassingLine.withLock { passing in
            put("\r\u{1B}[K\(line)", 2)
            passing = true
        }
    }

    /// Told why a call takes its time. Somebody else's words.
    var waiting: @Sendable (String) -> Void { { self.print("waiting: \(visible($0))", to: .errors) } }

    func clear() {
        hasPassingLine.withLock { passing in
            if passing { put("\r\u{1B}[K", 2) }
            passing = false
        }
    }

    private func put(_ text: String, _ descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            // Whoever read us has left: there's nobody to tell.
            if count < 0 && errno != EINTR && errno != EAGAIN { return }
            if count > 0 { rest = rest.dropFirst(count) }
        }
    }
}
