// One run, from the first resource to the last: each is planned, carried out, recorded.

extension Engine {
    /// One run's state.
    struct Run {
        let engine: Engine
        var report: Report
        var ledger = Ledger()
        var reactions: Reactions
        var batch = WriteBatch()
        var prefetching: Prefetching
        let probe: Probe
        let start: Double

        init(engine: Engine, document: Document) {
            self.engine = engine
            report = Report(mode: engine.mode, configSets: document.sets.map(\.name))
            report.warnings = document.diagnostics.warnings
            reactions = Reactions(document, store: engine.host.pending)
            prefetching = Prefetching(host: engine.host, mode: engine.mode)
            probe = engine.host.probe.resolving(in: engine.mode)
            start = engine.host.clock()
        }

        /// A list fetched, an install, another list …: more often than this it doesn't get better.
        private static let mostRounds = 4

        var host: Host { engine.host }

        /// Nil while all is well.
        var failed: ResourceID?
        var hasFailed: Bool { failed != nil || report.failure != nil }
        var notReached: String? { hasFailed ? "not reached: \(failed.map { "\($0)" } ?? "the run") failed" : nil }

        mutating func all(_ document: Document, only: ResourceFilter?) async {
            do {
                ledger = Ledger(due: try reactions.load())
            } catch {
                report.failure = Failure(wrapping: error)
            }
            if !hasFailed { prefetching.begin(document.sets.flatMap(\.configs).flatMap { $0.chosen(only) }) }
            for set in document.sets {
                if !hasFailed { engine.events(.setStarted(set.name)) }
                for config in set.configs {
                    if !hasFailed { engine.events(.configStarted(config.name)) }
                    prefetching.beginConfig()
                    if only == nil { for sweep in config.sweeps { await self.sweep(sweep) } }
                    await take(config.chosen(only))
                    await flush()
                    ledger.endConfig(config.name)
                }
            }
            if only == nil { await lastSweeps(document) }
            await conclude()
            await settleReadiness(document, only)
            report.duration = host.clock() - start
        }

        private mutating func settleReadiness(_ document: Document, _ only: ResourceFilter?) async {
            let units = engine.waitsForUnits && host.check != nil ? implicitChecks(document, report) : []
            let checks = (document.readiness ?? units).filter { only?.includes($0.id) ?? true }
            let wait = ReadinessWait(host: host, mode: engine.mode, events: engine.events)
            report.readiness = await wait.results(checks, notReached: notReached)
            if report.firstFailure == nil, report.readiness.contains(where: { $0.outcome == .skipped }) {
                report.failure = host.stopReason()
            }
        }

        private mutating func conclude() async {
            guard engine.mode == .apply else { return }
            do {
                try await host.conclude()
            } catch {
                // What failed first is what is told.
                if !hasFailed { report.failure = Failure(wrapping: error) }
            }
        }

        mutating func take(_ resources: [any Resource]) async {
            var rest = resources[...]
            while let next = rest.first {
                if !hasFailed { prefetching.take(rest) }
                let neighbours = rest.prefix { $0.runsSideBySide && type(of: $0) == type(of: next) }
                if neighbours.count > 1 {
                    await takeSideBySide(Array(neighbours))
                } else {
                    await take(next)
                }
                rest = rest.dropFirst(max(1, neighbours.count))
            }
        }

        /// A config may run several times; what is no longer listed goes once, when none of them needs it any more.
        private mutating func lastSweeps(_ document: Document) async {
            var seen: Set<String> = []
            for config in document.sets.flatMap(\.configs) where seen.insert(config.name).inserted {
                for sweep in config.lastSweeps { await self.sweep(sweep) }
            }
        }

        /// What isn't there to be removed isn't worth a word.
        private mutating func sweep(_ resource: any Resource) async {
            guard !hasFailed, host.stopReason() == nil else { return }
            do {
                guard try await plan(resource) != .unchanged || !ledger.due(resource).isEmpty else { return }
            } catch {
                // Told by the second look.
            }
            await take(resource)
        }

        /// Plans one resource and does what it asks for, or puts it into the batch.
        mutating func take(_ resource: any Resource) async {
            if !batch.accepts(resource) { await flush() }
            if let notReached { return finish(resource.id, .skipped, note: notReached, began: host.clock()) }
            if let reason = host.stopReason() { report.failure = reason }
            let began = host.clock()
            engine.events(.itemStarted(resource.id))
            do {
                try await settle(resource, began: began)
            } catch {
                // What precedes it in the batch isn't its fault.
                await flush()
                let skipped = notReached
                finish(
                    resource.id, skipped == nil ? .failed : .skipped, note: skipped,
                    failure: skipped == nil ? Failure(wrapping: error) : nil, began: began)
            }
        }

        private mutating func settle(_ resource: any Resource, began: Double) async throws {
            if let reason = report.failure { throw reason }
            var done: Change?
            var note: String?
            var rounds = 0
            while true {
                switch try await plan(resource) {
                case .unchanged:
                    try acted(resource)
                    return finish(
                        resource.id, done == nil ? .unchanged : .changed, change: done, note: note, began: began)
                case .noted(let note):
                    try acted(resource)
                    return finish(
                        resource.id, done == nil ? .unchanged : .changed, change: done, note: note, began: began)
                case .skip(let why):
                    // Where it comes after a change, it is about the rest of the item.
                    return finish(
                        resource.id, done == nil ? .skipped : .changed, change: done, note: why, began: began)
                case .change(let change):
                    if engine.mode == .apply, let write = batch.write(of: resource, change) {
                        return batch.append(
                            resource.id, change, write, began: began, position: report.items.count)
                    }
                    // What precedes it in the document is done before it.
                    await flush()
                    if let (_, failure) = report.firstFailure { throw failure }
                    rounds += 1
                    if change == done || rounds > Self.mostRounds {
                        let seen = "its commands ended without an error, and yet the host looks as before"
                        guard !change.mustShow else { throw Failure(.host, seen) }
                        try acted(resource)
                        return finish(resource.id, .ran, change: change, note: seen, began: began)
                    }
                    let outcome: Report.Outcome
                    if engine.mode == .apply { try reactions.announce(change.marks) }
                    (outcome, note) = try await carryOut(change)
                    record(resource.id, change, outcome)
                    if change.plansAgain, engine.mode == .apply {
                        done = change
                        continue
                    }
                    try acted(resource)
                    return finish(resource.id, outcome, change: change, note: note, began: began)
                }
            }
        }

        func plan(_ resource: any Resource) async throws -> Plan {
            do {
                return try await resource.plan(Planning(probe: probe, ledger: ledger))
            } catch let failure as Failure where failure.kind == .unreadable {
                return .change(Change(.update, steps: [], certainty: .unanswered(failure.message)))
            }
        }

        /// The one branch between a dry run and an apply.
        func carryOut(_ change: Change) async throws -> (Report.Outcome, note: String?) {
            guard engine.mode == .apply else { return (change.action == .run ? .ran : .changed, nil) }
            if case .unanswered(let why) = change.certainty { throw Failure(.unreadable, why) }
            var changed = false
            var note: String?
            for step in change.steps {
                let result = try await host.performRetrying(step)
                changed = changed || result.changed
                if case .run(let command) = step, let ending = result.command,
                    !ending.succeeded(with: command.successCodes)
                {
                    note = "\(command.title) \(ending.endingText), which is ignored"
                }
            }
            return (change.action == .run ? .ran : changed ? .changed : .unchanged, note)
        }

        mutating func acted(_ resource: any Resource) throws {
            ledger.acted(resource)
            if engine.mode == .apply { try reactions.acted(resource) }
        }

        mutating func record(_ id: ResourceID, _ change: Change, _ outcome: Report.Outcome) {
            guard outcome != .unchanged else { return }
            prefetching.record(id, outcome)
            ledger.record(id, change, happened: engine.mode == .apply)
        }

        mutating func flush() async {
            guard !batch.isEmpty else { return }
            let entries = batch.take()
            var result = BatchResult(changed: [])
            do {
                try reactions.announce(entries.flatMap(\.change.marks))
                result = try await host.commit(entries.map(\.write))
            } catch {
                result.failure = Failure(wrapping: error)
            }
            for (index, entry) in entries.enumerated() {
                if index < result.changed.count {
                    let outcome: Report.Outcome = result.changed[index] ? .changed : .unchanged
                    record(entry.id, entry.change, outcome)
                    finish(entry.id, outcome, change: entry.change, began: entry.began, position: entry.position)
                } else if index == result.changed.count, let failure = result.failure {
                    finish(
                        entry.id, .failed, change: entry.change, failure: failure, began: entry.began,
                        position: entry.position)
                } else {
                    finish(
                        entry.id, .skipped, note: notReached, began: entry.began,
                        position: entry.position)
                }
            }
        }

        mutating func finish(
            _ id: ResourceID, _ outcome: Report.Outcome, change: Change? = nil, note: String? = nil,
            failure: Failure? = nil, began: Double, position: Int? = nil
        ) {
            let item = Report.Item(
                id: id, outcome: outcome, change: change, note: note, failure: failure, duration: host.clock() - began)
            if outcome == .failed, failed == nil { failed = id }
            report.items.insert(item, at: position ?? report.items.count)
            engine.events(.itemFinished(item))
        }
    }
}

extension Host {
    /// Performs a step; a command that fails is tried again as often as it says, and then is a failure unless it ignores errors.
    fileprivate func performRetrying(_ step: Step) async throws -> StepResult {
        guard case .run(let command) = step else { return try await perform(step) }
        var attempt = 0
        while true {
            if let reason = stopReason() { throw reason }
            let result = try await perform(step)
            guard let ending = result.command, !ending.succeeded(with: command.successCodes) else { return result }
            if let reason = stopReason() { throw reason }
            if case .notStarted(let why) = ending.ending {
                throw Failure(.commandFailed, "\(command.title) could not be started: \(why)")
            }
            if attempt < command.retries {
                attempt += 1
                await sleep(min(30, Double(1 << min(attempt - 1, 5))))
                continue
            }
            if command.ignoresErrors { return result }
            if case .timedOut = ending.ending {
                throw Failure(.timedOut, "\(command.title) \(ending.endingText)", output: ending.lastLines())
            }
            let tried = attempt > 0 ? " (tried \(attempt + 1) times)" : ""
            throw Failure(.commandFailed, "\(command.title) \(ending.endingText)\(tried)", output: ending.lastLines())
        }
    }
}

extension Document.Config {
    /// A run of single items removes nothing.
    fileprivate func chosen(_ only: ResourceFilter?) -> [any Resource] {
        guard let only else { return resources }
        return resources.filter { only.includes($0.id) }.map { resource in
            guard var own = resource as? any SweepingResource else { return resource }
            own.scope = nil
            return own
        }
    }
}
