/// What came of one thing that a run waited for.
package struct CheckResult: Sendable, Equatable {
    package enum Outcome: String, Sendable {
        /// In a plan: would be waited for.
        case planned
        case ready
        case failed
        /// Not reached, or given up.
        case skipped
    }

    package let check: ReadinessCheck
    package let outcome: Outcome
    package let tries: Int
    /// Seconds.
    package let duration: Double
    /// Why it was skipped, with its last answer.
    package let note: String?
    package let failure: Failure?

    package init(
        _ check: ReadinessCheck, _ outcome: Outcome, tries: Int = 0, duration: Double = 0, note: String? = nil,
        failure: Failure? = nil
    ) {
        self.check = check
        self.outcome = outcome
        self.tries = tries
        self.duration = duration
        self.note = note
        self.failure = failure
    }
}

/// One that is still waited for.
package struct WaitingCheck: Sendable, Equatable {
    package let id: ResourceID
    /// The last one; nil: none yet. Not scrubbed.
    package let answer: String?

    package init(id: ResourceID, answer: String?) {
        self.id = id
        self.answer = answer
    }
}

extension [WaitingCheck] {
    /// Characters: the whole is told when it counts.
    private static let longestAnswer = 100

    /// For a line that shows what is under way.
    package var text: String {
        guard let first = first(where: { $0.answer != nil }) ?? first else { return "" }
        let others = count == 1 ? "" : " (and \(count - 1) more)"
        return "waiting for \(first.id)" + (first.answer.map { ": \($0.prefix(Self.longestAnswer))" } ?? "") + others
    }
}

extension Report {
    /// The first check that failed, told with the others that aren't ready either.
    var readinessFailure: (subject: String, failure: Failure)? {
        guard let failed = readiness.first(where: { $0.outcome == .failed }), var failure = failed.failure else {
            return nil
        }
        let others = readiness.filter { $0.check.id != failed.check.id && $0.outcome != .ready }.map(\.check.id.name)
        if !others.isEmpty {
            let most = 5
            let more = others.count > most ? " and \(others.count - most) more" : ""
            failure.message += "; not ready either: \(others.prefix(most).joined(separator: ", "))\(more)"
        }
        return ("\(failed.check.id)", failure)
    }
}
