// The report as data, documented in packaging/docs/json.md. Fields are added, never renamed or removed.

package struct JSONView: Sendable {
    private let scrubber: Scrubber
    private let showsDiff: Bool

    package init(scrubber: Scrubber, showsDiff: Bool = false) {
        self.scrubber = scrubber
        self.showsDiff = showsDiff
    }

    package func text(_ report: Report) -> String { value(report).prettyText(indent: 2) }

    private func value(_ report: Report) -> JSONValue {
        var root = JSONObject([
            ("format", number(1)),
            ("mode", .string(report.mode.rawValue)),
            ("outcome", .string(outcome(report))),
            ("configSets", .array(report.configSets.map(string))),
            ("items", .array(report.items.map(value))),
            ("readiness", .array(report.readiness.map(value))),
            ("warnings", .array(report.warnings.map(value))),
            ("durationMs", milliseconds(report.duration)),
        ])
        var summary = JSONObject()
        for outcome in [Report.Outcome.changed, .ran, .unchanged, .skipped, .failed] {
            summary[outcome.rawValue] = number(report.count(outcome))
        }
        root["summary"] = .object(summary)
        if let (subject, failure) = report.firstFailure {
            var error = self.value(failure)
            error["item"] = subject.map(string) ?? .null
            root["error"] = .object(error)
        }
        return .object(root)
    }

    private func outcome(_ report: Report) -> String {
        if report.firstFailure != nil { return Report.Outcome.failed.rawValue }
        return report.hasChanges ? Report.Outcome.changed.rawValue : Report.Outcome.unchanged.rawValue
    }

    private func value(_ item: Report.Item) -> JSONValue {
        var object = JSONObject([
            ("config", string(item.id.config)),
            ("section", string(item.id.section)),
            ("name", string(item.id.name)),
            ("outcome", .string(item.outcome.rawValue)),
            ("durationMs", milliseconds(item.duration)),
        ])
        if let change = item.change {
            object["action"] = .string(change.action.rawValue)
            switch change.certainty {
            case .certain: break
            case .knownAfter(let what): object["knownAfter"] = string(what)
            case .unanswered(let why): object["unknown"] = string(why)
            }
            object["facts"] = .array(change.facts.map(value))
        }
        if let note = item.note { object["note"] = string(note) }
        if let failure = item.failure { object["error"] = .object(value(failure)) }
        return .object(object)
    }

    private func value(_ result: CheckResult) -> JSONValue {
        let check = result.check
        var object = JSONObject([
            ("config", string(check.id.config)),
            ("name", string(check.id.name)),
            ("target", string("\(check.target)")),
            ("implicit", .bool(check.isImplicit)),
            ("outcome", .string(result.outcome.rawValue)),
            ("timeoutMs", milliseconds(check.timeout)),
            ("tries", number(result.tries)),
            ("durationMs", milliseconds(result.duration)),
        ])
        if let note = result.note { object["note"] = string(note) }
        if let failure = result.failure { object["error"] = .object(value(failure)) }
        return .object(object)
    }

    private func value(_ fact: Fact) -> JSONValue {
        var object = JSONObject([
            ("name", string(fact.name)), ("before", value(fact.before)), ("after", value(fact.after)),
        ])
        if showsDiff, case .content(let new) = fact.after {
            var old: [UInt8]? = []
            if case .content(let bytes) = fact.before { old = bytes } else if fact.before != .absent { old = nil }
            if let old, let diff = unifiedDiff(from: old, to: new, oldName: "now", newName: "then") {
                object["diff"] = string(diff)
            }
        }
        return .object(object)
    }

    private func value(_ value: Fact.Value) -> JSONValue {
        switch value {
        case .absent: .null
        case .text(let text): string(text)
        case .content(let bytes): .object(JSONObject([("bytes", number(bytes.count))]))
        case .concealed: .object(JSONObject([("secret", .bool(true))]))
        case .unknown(let why): .object(JSONObject([("unknown", string(why))]))
        }
    }

    private func value(_ failure: Failure) -> JSONObject {
        var object = JSONObject([("kind", .string(failure.kind.rawValue)), ("message", string(failure.message))])
        if let output = failure.output { object["output"] = string(output) }
        return object
    }

    private func value(_ diagnostic: Diagnostic) -> JSONValue {
        .object(JSONObject([("path", string("\(diagnostic.path)")), ("message", string(diagnostic.message))]))
    }

    private func string(_ text: String) -> JSONValue { .string(scrubber.scrub(text)) }
    private func number(_ value: Int) -> JSONValue { .number(JSONNumber("\(value)")) }
    private func milliseconds(_ seconds: Double) -> JSONValue { number(Int((seconds * 1000).rounded())) }
}
