/// A child process as a value. What it may cost is bounded; what it prints is captured, bounded and scrubbed.
package struct Command: Sendable, Equatable {
    package enum Program: Sendable, Equatable {
        /// Run by `/bin/sh -c`.
        case shell(String)
        /// Executed as they are; the first is looked up in PATH.
        case arguments([String])

        package var text: String {
            switch self {
            case .shell(let text): text
            case .arguments(let words): words.map(shellQuoted).joined(separator: " ")
            }
        }
    }

    package enum Environment: Sendable, Equatable {
        /// Ours, less what is meant for us alone (NOTIFY_SOCKET), with these set beside.
        case inherited(setting: [String: String])
        /// These and nothing else: no PATH, no HOME.
        case only([String: Secret])
    }

    package var title: String
    package var program: Program
    package var environment: Environment
    /// With `~` and `~user` still in it; nil: ours.
    package var directory: String?
    /// Run as this user; nil: as ourselves.
    package var user: String?
    /// Seconds; nil: as long as it takes.
    package var timeout: Double?
    /// Exit codes that mean success.
    package var successCodes: Set<Int32> = [0]
    /// How often a failure is tried again.
    package var retries = 0
    /// A failure is reported but ends nothing.
    package var ignoresErrors = false
    /// A stop of the run waits for its end: a package manager that is cut off leaves its database broken.
    package var finishesOnStop = false
    /// Standard error is kept apart from output that is to be parsed.
    package var separatesErrors = false

    package init(
        _ title: String, _ program: Program, environment: Environment = .inherited(setting: [:]),
        directory: String? = nil,
        user: String? = nil, timeout: Double? = nil
    ) {
        self.title = title
        self.program = program
        self.environment = environment
        self.directory = directory
        self.user = user
        self.timeout = timeout
    }
}

/// How a child ended. A code other than 0 is a result, not an error.
package struct CommandResult: Sendable, Equatable {
    package enum Ending: Sendable, Equatable {
        case exited(Int32)
        case signalled(Int32)
        case timedOut(seconds: Double)
        /// It couldn't be started at all.
        case notStarted(String)
    }

    package var ending: Ending
    /// Standard output, and error with it unless the command keeps them apart; head and tail where it was too long to keep.
    package var output: [UInt8]
    package var errors: [UInt8]

    package init(_ ending: Ending, output: [UInt8] = [], errors: [UInt8] = []) {
        self.ending = ending
        self.output = output
        self.errors = errors
    }

    package var succeeded: Bool { succeeded(with: [0]) }

    package func succeeded(with codes: Set<Int32>) -> Bool {
        if case .exited(let code) = ending { codes.contains(code) } else { false }
    }

    package var text: String { String(decoding: output, as: UTF8.self) }

    package var endingText: String {
        switch ending {
        case .exited(let code): "exited with code \(code)"
        case .signalled(let signal): "was ended by signal \(signal)"
        case .timedOut(let seconds): "was stopped after its timeout of \(durationText(seconds))"
        case .notStarted(let why): "could not be started: \(why)"
        }
    }

    /// The last lines, for an error message.
    package func lastLines(_ count: Int = 10) -> String? {
        let lines = (text + String(decoding: errors, as: UTF8.self)).split(whereSeparator: \.isNewline).suffix(count)
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }
}

package func durationText(_ seconds: Double) -> String {
    if seconds < 1 { return "\(Int((seconds * 1000).rounded())) ms" }
    let tenths = Int((seconds * 10).rounded())
    if tenths < 600 { return tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s" }
    let whole = Int(seconds.rounded())
    return whole % 60 == 0 ? "\(whole / 60) min" : "\(whole / 60) min \(whole % 60) s"
}

/// One word as a POSIX shell reads it.
package func shellQuoted(_ word: String) -> String {
    let plain = word.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "%+,-./:=@_".utf8.contains(byte)
        }
    }
    if plain, !word.isEmpty { return word }
    return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
}
