// The end of a run: all checks side by side, each asked again until it passes or its time is up. The first that fails
// ends the waiting, since the stack is to hear of it at once.

struct ReadinessWait {
    let host: Host
    let mode: Report.Mode
    let events: @Sendable (Engine.Event) -> Void

    /// Seconds for which a check may be without hope on end: a failed unit may still be started by something.
    private static let patience = 10.0

    /// What is known of a check so far.
    private struct State {
        let check: ReadinessCheck
        var tries = 0
        var words: String?
        var hopelessSince: Double?
        var result: CheckResult?
    }

    private struct Answer: Sendable {
        let index: Int
        /// Nil: not asked any more.
        let answer: CheckAnswer?
    }

    /// - Parameter notReached: why nothing is waited for; nil: all is well.
    /// - Returns: one for each check, in their order.
    func results(_ checks: [ReadinessCheck], notReached: String?) async -> [CheckResult] {
        guard !checks.isEmpty else { return [] }
        events(.readinessStarted(checks))
        if let check = host.check, notReached == nil, mode == .apply { return await wait(for: checks, check) }
        let note = notReached ?? "nothing runs in another root"
        return checks.map { check in
            let result =
                mode == .plan && notReached == nil
                ? CheckResult(check, .planned) : CheckResult(check, .skipped, note: note)
            events(.checkFinished(result))
            return result
        }
    }

    private func wait(
        for checks: [ReadinessCheck], _ ask: @escaping @Sendable (ReadinessCheck.Target, Double) async -> CheckAnswer
    ) async -> [CheckResult] {
        var states = checks.map { State(check: $0) }
        let start = host.clock()
        await withTaskGroup(of: Answer.self) { [host] group in
            func tryAgain(_ index: Int, after seconds: Double) {
                let check = states[index].check
                group.addTask {
                    if seconds > 0 { await host.sleep(seconds) }
                    if Task.isCancelled || host.stopReason() != nil { return Answer(index: index, answer: nil) }
                    // The last try, at the very end, has a second.
                    let left = max(1, start + check.timeout - host.clock())
                    return Answer(index: index, answer: await ask(check.target, min(check.longestTry, left)))
                }
            }
            for index in states.indices { tryAgain(index, after: 0) }
            while let next = await group.next() {
                guard let answer = next.answer, host.stopReason() == nil || answer == .ready else { continue }
                let seconds = host.clock() - start
                let isNews = take(answer, after: seconds, &states[next.index])
                if let result = states[next.index].result {
                    events(.checkFinished(result))
                    if result.outcome == .failed { group.cancelAll() }
                } else {
                    let check = states[next.index].check
                    tryAgain(next.index, after: min(check.interval, max(0, check.timeout - seconds)))
                }
                if isNews { tellWaiting(states) }
            }
        }
        return finished(states, after: host.clock() - start)
    }

    /// - Returns: whether it is another answer than before.
    private func take(_ answer: CheckAnswer, after seconds: Double, _ state: inout State) -> Bool {
        let check = state.check
        state.tries += 1
        let before = state.words
        let (words, output): (String, String?)
        switch answer {
        case .ready:
            state.result = CheckResult(check, .ready, tries: state.tries, duration: seconds)
            return true
        case .notYet(let text, let printed):
            state.hopelessSince = nil
            (words, output) = (text, printed)
        case .wrong(let text, let printed):
            state.hopelessSince = state.hopelessSince ?? seconds
            (words, output) = (text, printed)
        }
        state.words = words
        let isHopeless = state.hopelessSince.map { seconds - $0 >= Self.patience } ?? false
        if isHopeless || seconds >= check.timeout {
            let tries = state.tries == 1 ? "1 try" : "\(state.tries) tries"
            let failure = Failure(
                isHopeless ? .host : .timedOut,
                "not ready after \(durationText(seconds)) and \(tries): \(check.target): \(words)", output: output)
            state.result = CheckResult(check, .failed, tries: state.tries, duration: seconds, failure: failure)
        }
        return words != before
    }

    private func tellWaiting(_ states: [State]) {
        let waiting = states.filter { $0.result == nil }.map { WaitingCheck(id: $0.check.id, answer: $0.words) }
        if !waiting.isEmpty { events(.waiting(waiting)) }
    }

    /// What is left was given up, for the reason that is known by now.
    private func finished(_ states: [State], after seconds: Double) -> [CheckResult] {
        let failed = states.compactMap(\.result).first { $0.outcome == .failed }
        return states.map { state in
            if let result = state.result { return result }
            let why =
                failed.map { "given up when \($0.check.id) failed" }
                ?? host.stopReason().map { "given up: \($0.message)" } ?? "given up"
            let last = state.words.map { "; its last answer: \($0)" } ?? ""
            let result = CheckResult(
                state.check, .skipped, tries: state.tries, duration: seconds, note: why + last)
            events(.checkFinished(result))
            return result
        }
    }
}

/// The units that a run has made sure of: those that are to run, and those it has restarted.
func implicitChecks(_ document: Document, _ report: Report) -> [ReadinessCheck] {
    var units: [(service: ServiceResource, isWanted: Bool)] = []
    let resources = document.sets.flatMap(\.configs).flatMap(\.resources)
    // What left itself out (no systemd here) has made sure of nothing.
    let skipped = Set(report.items.filter { $0.outcome == .skipped }.map(\.id))
    for resource in resources where resource is SkippedResource || !skipped.contains(resource.id) {
        guard let service = ((resource as? SkippedResource)?.original ?? resource).unit else { continue }
        let wasRestarted = report.items.contains {
            $0.id == service.id && $0.outcome == .changed && $0.change?.action == .restart
        }
        guard let isRunning = service.isRunning ?? (wasRestarted ? true : nil) else { continue }
        // The last config that names it has the last word.
        units.removeAll { $0.service.name == service.name }
        units.append((service, isRunning))
    }
    return units.filter(\.isWanted).map { service, _ in
        ReadinessCheck(
            ResourceID(config: service.id.config, section: Readiness.key, name: service.name),
            .unit(service.name, service.manager, wasStarted: true), timeout: Readiness.timeoutOfUnits,
            interval: Readiness.interval,
            isImplicit: true)
    }
}
