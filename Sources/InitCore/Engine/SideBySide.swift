// Neighbours that don't depend on each other: planned side by side, then carried out side by side, told in the document's order.

extension Engine.Run {
    mutating func takeSideBySide(_ resources: [any Resource]) async {
        await flush()
        if report.failure == nil, !hasFailed, let reason = host.stopReason() { report.failure = reason }
        if let notReached {
            for resource in resources { finish(resource.id, .skipped, note: notReached, began: host.clock()) }
            return
        }
        let run = self
        let most = resources.first?.mostSideBySide ?? 1
        let plans = await Self.sideBySide(resources, most) { resource in
            await run.attempt { try await run.plan(resource) }
        }
        let changes = plans.map { if case .success(.change(let change))? = $0 { change } else { Change?.none } }
        let hasBadPlan = plans.contains { if case .failure? = $0 { true } else { false } }
        var unannounced: (any Error)?
        do {
            // Nothing is done beside a bad plan, so nobody is to react to it later.
            if engine.mode == .apply, !hasBadPlan {
                try reactions.announce(changes.compactMap { $0 }.flatMap(\.marks))
            }
        } catch {
            unannounced = error
        }
        let mayGoOn = unannounced == nil && !hasBadPlan
        let done = await Self.sideBySide(Array(zip(resources, changes)), most) { resource, change in
            await run.attempt { () async throws -> Done? in
                guard let change, mayGoOn else { return nil }
                run.engine.events(.itemStarted(resource.id))
                let began = run.host.clock()
                let (outcome, note) = try await run.carryOut(change)
                return Done(outcome: outcome, note: note, began: began)
            }
        }
        for (index, resource) in resources.enumerated() {
            // It is one item's failure: the first that would have changed something.
            let failure = changes[index] == nil ? nil : unannounced
            if failure != nil { unannounced = nil }
            settle(resource, plans[index], failure.map { .failure($0) } ?? done[index])
        }
    }

    private struct Done: Sendable {
        let outcome: Report.Outcome
        let note: String?
        let began: Double
    }

    /// Tells how one of them went; what it did counts, whatever became of its neighbours. Nil: not begun.
    private mutating func settle(
        _ resource: any Resource, _ plan: Result<Plan, any Error>?, _ done: Result<Done?, any Error>?
    ) {
        let now = host.clock()
        let notReached = notReached ?? "not reached: another item failed"
        var change: Change?
        do {
            switch try plan?.get() {
            case .unchanged?:
                try acted(resource)
                finish(resource.id, .unchanged, began: now)
            case .noted(let note)?:
                try acted(resource)
                finish(resource.id, .unchanged, note: note, began: now)
            case .skip(let why)?: finish(resource.id, .skipped, note: why, began: now)
            case nil: finish(resource.id, .skipped, note: notReached, began: now)
            case .change(let wished)?:
                change = wished
                guard let done = try done?.get() else {
                    return finish(resource.id, .skipped, note: notReached, began: now)
                }
                record(resource.id, wished, done.outcome)
                try acted(resource)
                finish(resource.id, done.outcome, change: wished, note: done.note, began: done.began)
            }
        } catch {
            finish(resource.id, .failed, change: change, failure: Failure(wrapping: error), began: now)
        }
    }

    private func attempt<Value>(_ body: () async throws -> Value) async -> Result<Value, any Error> {
        do {
            if let reason = host.stopReason() { throw reason }
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }

    /// In the order of the items; nil: not begun, since another had failed.
    private static func sideBySide<Item: Sendable, Value: Sendable>(
        _ items: [Item], _ mostAtOnce: Int, _ body: @escaping @Sendable (Item) async -> Result<Value, any Error>
    ) async -> [Result<Value, any Error>?] {
        await withTaskGroup(of: (Int, Result<Value, any Error>).self) { group in
            var results = [Result<Value, any Error>?](repeating: nil, count: items.count)
            var next = 0
            var goesOn = true
            func begin() {
                guard goesOn, next < items.count else { return }
                let (index, item) = (next, items[next])
                group.addTask { (index, await body(item)) }
                next += 1
            }
            for _ in 0..<min(mostAtOnce, items.count) { begin() }
            for await (index, value) in group {
                results[index] = value
                if case .failure = value { goesOn = false }
                begin()
            }
            return results
        }
    }
}
