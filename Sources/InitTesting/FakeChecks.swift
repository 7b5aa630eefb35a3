// What a run waits for on the fake host: answered as the fixture says; a unit by its state unless the fixture says more.
// The clock moves when all sleep, to the moment at which the first of them is to wake, and by nothing else.

import InitCore
import Synchronization

/// How a check goes: so many tries aren't answered well, then one is.
struct FakeCheck: Sendable {
    var failures = 0
    var answer = "not yet"
    /// As one that can't get better.
    var isWrong = false
    var output: String?

    init(_ node: JSONNode, _ diagnostics: inout Diagnostics) {
        _ = node.map(&diagnostics)
        node.checkKeys(["failures", "answer", "wrong", "output"], &diagnostics)
        failures = node.given("failures")?.whole(&diagnostics, 0...1_000_000) ?? 0
        answer = node.given("answer")?.text(&diagnostics) ?? answer
        isWrong = node.given("wrong")?.flag(&diagnostics) ?? false
        output = node.given("output")?.text(&diagnostics)
    }
}

extension FakeHost {
    func check(_ target: ReadinessCheck.Target) -> CheckAnswer {
        let text = "\(target)"
        return inside.withLock { inside in
            guard let way = world.checks[text] else {
                if case .unit(let name, _, let wasStarted) = target {
                    return CheckAnswer(inside.state.unitState(name), of: name, wasStarted: wasStarted)
                }
                unplanned("not planned for in this fixture: the check \u{201C}\(text)\u{201D}")
                return .wrong("not planned for in this fixture")
            }
            inside.attempts[text, default: 0] += 1
            let isReady = inside.attempts[text, default: 0] > way.failures
            inside.isReady[text] = isReady
            if isReady { return .ready }
            return way.isWrong ? .wrong(way.answer, output: way.output) : .notYet(way.answer, output: way.output)
        }
    }

    func sleep(_ seconds: Double) async {
        let (ticket, wake) = inside.withLock { inside in
            inside.sleeps += 1
            inside.sleepers[inside.sleeps] = inside.now + seconds
            return (inside.sleeps, inside.now + seconds)
        }
        defer { inside.withLock { _ = $0.sleepers.removeValue(forKey: ticket) } }
        // A check that isn't asked any more never sleeps: nobody waits for it longer than this.
        var patience = 100
        while !Task.isCancelled {
            let isFirst = inside.withLock { inside in
                !inside.sleepers.contains { ($0.value, $0.key) < (wake, ticket) }
            }
            if isFirst {
                if allSleep || patience == 0 { break }
                patience -= 1
            }
            try? await Task.sleep(for: .microseconds(200))
        }
        if Task.isCancelled { return }
        inside.withLock { $0.now = max($0.now, wake) }
    }

    /// Whether each check has been asked, and those that aren't ready wait for their next try.
    private var allSleep: Bool {
        inside.withLock { inside in
            inside.isReady.count >= world.checks.count && inside.sleepers.count >= inside.isReady.count { !$0.value }
        }
    }
}

extension FakeState {
    func unitState(_ name: String) -> UnitState {
        guard let unit = units[name] else {
            return UnitState(exists: false, enablement: .disabled, isActive: false)
        }
        return UnitState(exists: true, enablement: unit.enablement, isActive: unit.isActive)
    }
}
