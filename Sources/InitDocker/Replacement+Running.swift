// Started, and seen to run.

import InitCore

extension Replacement {
    /// Seconds in which a health check must have said yes, beyond its own start period.
    private static let longestWait = 300.0

    private var mayEnd: Bool { ["no", "on-failure"].contains(wish.spec.restart.policy) }

    func run(_ current: FoundContainer) async throws {
        let state = current.state(isHalfReplaced: false)
        switch state.status {
        case .running where state.health != .unhealthy && !wish.isDoubted: break
        // It is no other's fault than its own: it has its chance to come to, or its last lines are told.
        case .running, .restarting: try await startAndWait(current.id)
        case .paused:
            try await engine.call(
                "POST", "\(DockerEngine.path(container: current.id))/unpause", accepting: [304, 409],
                failing: "container \(name) can't be woken")
        // It was brought for another reason than to do its work once more.
        case .exited where mayEnd && state.exitCode == 0: break
        case .created, .exited, .dead, .removing:
            // A removal that was broken off has taken its secrets first.
            _ = try await writeFiles()
            try await startAndWait(current.id)
        }
    }

    func startAndWait(_ id: String) async throws {
        try await engine.start(id, name)
        var waited = 0.0
        var pause = 0.25
        while true {
            guard let found = try await engine.found(id) else {
                throw Failure(.host, "container \(name) was removed by somebody while it was to start")
            }
            let state = found.state(isHalfReplaced: false)
            switch (state.status, state.health) {
            case (.running, .healthy?): return
            case (.running, .unhealthy?): throw await failure(id, "is unhealthy")
            case (.running, nil) where found.restarts > 0:
                throw await failure(id, "keeps ending and being restarted")
            case (.running, nil) where waited >= engine.settling: return
            case (.exited, _) where mayEnd && state.exitCode == 0: return
            case (.exited, _), (.dead, _):
                throw await failure(id, "ended at once: \(state.words) \(found.error)".trimmingBlanks())
            case (.restarting, _): throw await failure(id, "ends as soon as it is started, with \(state.exitCode)")
            default: break
            }
            guard waited < Self.longestWait + (wish.spec.health?.startPeriod ?? 0) else {
                throw await failure(id, "isn't healthy after \(Int(waited)) s")
            }
            if let reason = engine.stopReason() { throw reason }
            // Without a health check there is but one more thing to see: that it still runs.
            let rest = state.health == nil && state.status == .running ? engine.settling - waited : pause
            await engine.sleep(rest)
            waited += rest
            pause = min(1, pause * 1.5)
        }
    }

    private func failure(_ id: String, _ what: String) async -> Failure {
        Failure(.host, "container \(name) \(what)", output: await engine.lastLines(of: id))
    }
}

extension Failure {
    /// `network dev-1 not found`, and Docker 25's `could not find a network matching network mode dev-1: …`.
    var saysNetworkIsGone: Bool {
        let words = message.split(separator: " ")
        return message.contains("could not find a network")
            || zip(words, words.dropFirst(2)).contains { $0 == "network" && $1 == "not" }
                && message.contains("not found")
    }
}
