// Hosted zones of the fake host: a batch of changes is done whole or refused, as the real ones do.

import InitCore
import Synchronization

package struct FakeZone: Sendable, Equatable {
    var name: DNSName
    var sets: [DNSRecordSet] = []
    /// In a dry run nobody answers in time.
    var isUnanswered = false

    /// `"records": {"www.example.com A": ["60", "192.0.2.1"]}`: seconds, then values.
    init(_ node: JSONNode, _ diagnostics: inout Diagnostics) {
        _ = node.map(&diagnostics)
        node.checkKeys(["name", "records", "unanswered"], &diagnostics)
        name = DNSName(told: node.given("name")?.text(&diagnostics) ?? "")
        isUnanswered = node.given("unanswered")?.flag(&diagnostics) ?? false
        for (label, node) in node.given("records")?.map(&diagnostics) ?? [] {
            let words = label.split(separator: " ")
            let texts = node.texts(&diagnostics)
            guard words.count == 2, let ttl = texts.first.flatMap({ Int($0) }) else {
                diagnostics.error(node.path, "NAME TYPE and a list of seconds and values is wanted")
                continue
            }
            let set = DNSRecordSet(
                DNSName(told: String(words[0])), String(words[1]), ttl: ttl, values: Array(texts.dropFirst()))
            sets.append(set)
        }
    }

    var json: JSONValue {
        let sorted = sets.sorted { ($0.name.sortKey, $0.type) < ($1.name.sortKey, $1.type) }
        let records = sorted.map { set in
            (
                "\(set.name) \(set.type)",
                JSONValue.array(["\(set.ttl)"].map(JSONValue.string) + set.values.map(JSONValue.string))
            )
        }
        return .object(JSONObject([("name", .string("\(name)")), ("records", .object(JSONObject(records)))]))
    }

    private func find(_ set: DNSRecordSet) -> Int? { sets.firstIndex { $0.name == set.name && $0.type == set.type } }

    /// - Throws: `Failure`, with nothing done.
    mutating func change(_ batch: [DNSChange.Edit]) throws {
        let before = sets
        for edit in batch {
            let place = find(edit.set)
            switch edit.action {
            case .create where place == nil: sets.append(edit.set)
            case .delete where place.map({ sets[$0] == edit.set }) ?? false: sets.removeAll { $0 == edit.set }
            default:
                sets = before
                throw Failure(
                    .refused, "\(edit.action.rawValue) \(edit.set.name) \(edit.set.type) doesn't fit what is there")
            }
        }
    }
}

extension FakeHost {
    package static let instance = "i-0123456789abcdef0"

    func zones(performing: Bool) -> DNSProbe {
        DNSProbe(
            listing: { zone, _ in
                guard let found = self.state.zones[zone] else {
                    return .missing(Failure(.network, "hosted zone \(zone): NoSuchHostedZone"))
                }
                if found.isUnanswered, !performing { return .unasked }
                return .listed(ZoneListing(zone: found.name, sets: found.sets))
            },
            instance: { Self.instance })
    }

    /// - Returns: what came of it.
    func change(_ change: DNSChange, _ inside: inout Inside) throws -> StepResult {
        for batch in change.batches {
            guard inside.state.zones[change.zone] != nil else { return try refuse("the hosted zone \(change.zone)") }
            try inside.state.zones[change.zone]?.change(batch)
        }
        return StepResult(changed: true)
    }
}
