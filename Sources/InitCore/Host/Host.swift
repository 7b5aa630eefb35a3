/// A host, seen and done to through one seam; tests replace single endpoints.
package struct Host: Sendable {
    package var probe: Probe
    package var perform: @Sendable (Step) async throws -> StepResult
    /// Neighbouring writes in one durable batch. Those before a failed one are in place, it and the later ones aren't.
    package var commit: @Sendable ([FileWrite]) async throws -> BatchResult
    package var pending: PendingStore
    /// Begins to fetch what `probe.resolve` will be asked for, and returns at once. A failure is kept until then and tried again.
    /// `again`: what is known of these is out of date.
    package var prefetch: @Sendable (_ references: [Reference], _ again: Bool) -> Void
    /// Asks once, for so many seconds at most. Nil: nothing runs here (another root), so there is nothing to wait for.
    package var check: (@Sendable (ReadinessCheck.Target, _ within: Double) async -> CheckAnswer)?
    /// Seconds. Ends early when the run is told to stop, or the task is cancelled.
    package var sleep: @Sendable (Double) async -> Void
    /// Why the run is to end now: a signal, its deadline.
    package var stopReason: @Sendable () -> Failure?
    /// Seconds since some fixed moment.
    package var clock: @Sendable () -> Double
    /// At the end of an apply, however it ended: does what was put off, once for all items.
    package var conclude: @Sendable () async throws -> Void = {}

    package init(
        probe: Probe,
        perform: @escaping @Sendable (Step) async throws -> StepResult,
        commit: @escaping @Sendable ([FileWrite]) async throws -> BatchResult,
        pending: PendingStore,
        prefetch: @escaping @Sendable (_ references: [Reference], _ again: Bool) -> Void,
        check: (@Sendable (ReadinessCheck.Target, _ within: Double) async -> CheckAnswer)?,
        sleep: @escaping @Sendable (Double) async -> Void,
        stopReason: @escaping @Sendable () -> Failure?,
        clock: @escaping @Sendable () -> Double
    ) {
        self.probe = probe
        self.perform = perform
        self.commit = commit
        self.pending = pending
        self.prefetch = prefetch
        self.check = check
        self.sleep = sleep
        self.stopReason = stopReason
        self.clock = clock
    }

    /// A command outside any document. One that can't be started is a result, not an error.
    @Sendable package func run(_ command: Command) async -> CommandResult {
        do {
            return try await perform(.run(command)).command ?? CommandResult(.notStarted("this host runs no commands"))
        } catch {
            return CommandResult(.notStarted(Failure(wrapping: error).message))
        }
    }
}

package struct BatchResult: Sendable, Equatable {
    /// Whether each write changed something; shorter than the batch when one failed.
    package var changed: [Bool]
    /// Of the write after the last one in `changed`.
    package var failure: Failure?

    package init(changed: [Bool], failure: Failure? = nil) {
        self.changed = changed
        self.failure = failure
    }
}

/// Reactions that are due, kept across a kill: written before the change that calls for them, cleared when all reactors have acted.
package struct PendingStore: Sendable {
    package var load: @Sendable () throws -> [DueReaction]
    /// Durable when it returns.
    package var save: @Sendable ([DueReaction]) throws -> Void

    package init(
        load: @escaping @Sendable () throws -> [DueReaction], save: @escaping @Sendable ([DueReaction]) throws -> Void
    ) {
        self.load = load
        self.save = save
    }
}
