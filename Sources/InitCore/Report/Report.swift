// What came of a run, as data. Views (text, JSON) render it; the exit code comes from it and nowhere else.

package struct Report: Sendable, Equatable {
    package enum Mode: String, Sendable {
        case plan
        case apply
    }

    package enum Outcome: String, Sendable {
        case unchanged
        /// Seen to differ; in a plan: would change.
        case changed
        /// Done, and the host can't tell whether it changed anything.
        case ran
        case skipped
        case failed
    }

    package struct Item: Sendable, Equatable {
        package var id: ResourceID
        package var outcome: Outcome
        package var change: Change?
        /// Why it was skipped, or what went wrong without being fatal.
        package var note: String?
        package var failure: Failure?
        /// Seconds.
        package var duration: Double
    }

    package var mode: Mode
    package var configSets: [String]
    package var items: [Item] = []
    /// What was waited for at the end, or would be.
    package var readiness: [CheckResult] = []
    package var warnings: [Diagnostic] = []
    /// A failure outside of any item.
    package var failure: Failure?
    package var duration = 0.0

    package init(mode: Mode, configSets: [String]) {
        self.mode = mode
        self.configSets = configSets
    }

    package func count(_ outcome: Outcome) -> Int { items.count { $0.outcome == outcome } }

    package var firstFailure: (subject: String?, failure: Failure)? {
        if let item = items.first(where: { $0.outcome == .failed }), let failure = item.failure {
            return ("\(item.id)", failure)
        }
        return failure.map { (nil, $0) } ?? readinessFailure.map { ($0, $1) }
    }

    package var hasChanges: Bool { items.contains { $0.outcome == .changed || $0.outcome == .ran } }
}

/// The process's exit codes, as documented in --help and the README.
package enum ExitCode: Int32, Sendable {
    case done = 0
    case failed = 1
    /// With `--detailed-exitcode`: a plan that has changes.
    case changes = 2
    case usage = 64
    case invalidDocument = 65
    /// Done, but the stack couldn't be told so.
    case untold = 69
    case locked = 75

    package init(_ kind: Failure.Kind) {
        switch kind {
        case .usage: self = .usage
        case .invalidDocument: self = .invalidDocument
        case .locked: self = .locked
        case .commandFailed, .timedOut, .stopped, .host, .unreadable, .network, .refused: self = .failed
        }
    }

    package init(_ report: Report, detailed: Bool = false) {
        if let (_, failure) = report.firstFailure {
            self = ExitCode(failure.kind)
        } else {
            self = detailed && report.mode == .plan && report.hasChanges ? .changes : .done
        }
    }
}
