// Parameters, secrets and objects on the fake host: what a fixture says they hold, fetched in batches as the real ones are.

import InitCore
import Synchronization

/// What a reference stands for.
package struct FakeReference: Sendable, Equatable {
    var value: [UInt8]?
    /// Why there is none.
    var missing: String?
    /// In a dry run nobody answers in time.
    var isUnanswered = false
    /// So many requests fail before one is answered.
    var failures = 0

    init(_ node: JSONNode, _ diagnostics: inout Diagnostics) {
        if case .string(let text) = node.value {
            value = Array(text.utf8)
            return
        }
        _ = node.map(&diagnostics)
        node.checkKeys(["value", "missing", "unanswered", "failures"], &diagnostics)
        value = node.given("value")?.text(&diagnostics).map { Array($0.utf8) }
        missing = node.given("missing")?.text(&diagnostics)
        isUnanswered = node.given("unanswered")?.flag(&diagnostics) ?? false
        failures = node.given("failures")?.whole(&diagnostics, 0...100) ?? 0
    }
}

/// What one run has fetched so far.
struct FakeFetches: Sendable {
    /// As a scenario's references.txt tells them.
    var lines: [String] = []
    var known: [Reference: Result<Secret?, Failure>] = [:]
    var attempts: [Reference: Int] = [:]
}

extension FakeHost {
    /// What the last run asked for, a line for each request, in order.
    package var fetches: String { inside.withLock { $0.fetches.lines.map { $0 + "\n" }.joined() } }

    func prefetch(_ references: [Reference], again: Bool, performing: Bool) {
        inside.withLock { inside in
            let list = references.map(String.init(describing:)).joined(separator: ", ")
            inside.fetches.lines.append("\(again ? "again" : "ahead"): \(list)")
            for reference in references { fetch(reference, performing, &inside) }
        }
    }

    /// What was fetched ahead, or if that failed, asked for once more.
    func resolve(_ reference: Reference, performing: Bool) throws -> Secret? {
        try inside.withLock { inside in
            if case .success(let value)? = inside.fetches.known[reference] { return value }
            inside.fetches.lines.append("late: \(reference)")
            fetch(reference, performing, &inside)
            return try inside.fetches.known[reference]?.get()
        }
    }

    private func fetch(_ reference: Reference, _ performing: Bool, _ inside: inout Inside) {
        inside.fetches.known[reference] = Result { () throws(Failure) in
            guard let found = inside.state.references[reference] else {
                unplanned("the reference \(reference)")
                throw Failure(.host, "not planned for in this fixture")
            }
            if found.isUnanswered, !performing { return nil }
            inside.fetches.attempts[reference, default: 0] += 1
            if inside.fetches.attempts[reference, default: 0] <= found.failures {
                throw Failure(.network, "the service is throttling")
            }
            guard let value = found.value else { throw Failure(.network, found.missing ?? "there is no such thing") }
            return Secret(value)
        }
    }
}

extension FakeWorld {
    /// All that references stand for, now or after a command: secret in every test.
    package var referencedValues: [String] {
        let later = commands.values.flatMap(\.self).compactMap { $0.effect?.given("references") }
        var ignored = Diagnostics()
        let references =
            Array(state.references.values)
            + later.flatMap(\.members).map { FakeReference($0.node, &ignored) }
        return references.compactMap { $0.value.map { String(decoding: $0, as: UTF8.self) } }
    }

    package var hasReferences: Bool { !state.references.isEmpty }
}
