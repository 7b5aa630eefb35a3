// What a document's `${…}` are filled in with on this machine.

import InitAWS
import InitCore

/// Who is asked for them.
enum FactFinding: Sendable {
    /// A check of the document alone.
    case nobody
    case plan(isOffline: Bool)
    case apply

    /// Nobody is asked for what the document doesn't name.
    func facts(for metadata: JSONValue, of origin: Origin, _ cloud: Cloud) async -> HostFacts {
        let needed = HostFacts.needed(in: metadata)
        guard !needed.isEmpty else { return .unasked }
        var isPlan = true
        switch self {
        case .nobody: return .unasked
        case .plan(isOffline: true):
            return HostFacts(Dictionary(uniqueKeysWithValues: needed.map { ($0, .unknown("--offline asks nobody")) }))
        case .plan: break
        case .apply: isPlan = false
        }
        var answers: [HostFacts.Name: HostFacts.Answer] = [:]
        if let source = origin.source {
            answers = [.stack: .value(source.stackName), .resource: .value(source.resource)]
        } else {
            let why = "the document comes from no stack"
            for name in [HostFacts.Name.stack, .resource] { answers[name] = isPlan ? .unknown(why) : .missing(why) }
        }
        if needed.contains(.region), let region = try? await cloud.region() { answers[.region] = .value(region) }
        let open = needed.filter { answers[$0] == nil }
        return HostFacts(answers.merging(await cloud.metadata.facts(open, isPlan: isPlan)) { $1 })
    }
}
