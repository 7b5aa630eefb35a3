/// What went wrong at run time: what was found, at what, and what to do next. Mistakes in the document are `Diagnostic`s.
package struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
    /// Decides the exit code, and whether trying again may help.
    package enum Kind: String, Sendable {
        case usage
        case invalidDocument
        case locked
        /// A child process ended with a code other than 0, or by a signal.
        case commandFailed
        case timedOut
        /// The run was told to stop (SIGTERM, SIGINT).
        case stopped
        /// A file, account, package … isn't as the document needs it.
        case host
        /// The host didn't let itself be asked: a plan calls the answer unknown, an apply fails.
        case unreadable
        /// Somebody else's server said no, or nothing.
        case network
        /// An archive or a download that isn't what it should be, or wants out of its directory.
        case refused
    }

    package var kind: Kind
    package var message: String
    /// The last lines of a child's output, scrubbed.
    package var output: String?

    package init(_ kind: Kind, _ message: String, output: String? = nil) {
        self.kind = kind
        self.message = message
        self.output = output
    }

    package var description: String { message }
}
