// What a run waits for on the fake host: answered as the fixture says; a unit by its state unless the fixture says more.
// The clock moves with each sleep and by nothing else.

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
                if case .unit(let name, _) = target { return CheckAnswer(inside.state.unitState(name), of: name) }
                unplanned("not planned for in this fixture: the check \u{201C}\(text)\u{201D}")
                return .wrong("not planned for in this fixture")
            }
            inside.attempts[text, default: 0] += 1
            guard inside.attempts[text, default: 0] <= way.failures else { return .ready }
            return way.isWrong ? .wrong(way.answer, output: way.output) : .notYet(way.answer, output: way.output)
        }
    }

    func sleep(_ seconds: Double) { inside.withLock { $0.now += seconds } }
}

extension FakeState {
    func unitState(_ name: String) -> UnitState {
        guard let unit = units[name] else {
            return UnitState(exists: false, enablement: .disabled, isActive: false)
        }
        return UnitState(exists: true, enablement: unit.enablement, isActive: unit.isActive)
    }
}
