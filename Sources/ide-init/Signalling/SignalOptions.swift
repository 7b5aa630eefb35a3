// --signal of apply: whom to tell, found before anything else may go wrong.

import ArgumentParser
import InitAWS
import InitCore

struct SignalOptions: ParsableArguments {
    @Flag(help: "Tell the stack how it went: SUCCESS only if all is done, FAILURE as soon as anything is wrong.")
    var signal = false

    @Option(
        help: ArgumentHelp(
            "Tell this resource of the stack, as an Auto Scaling group that waits. (default: --resource)",
            valueName: "logical-id"))
    var signalResource: String?

    @Option(
        help: ArgumentHelp(
            "Tell this wait condition instead, with the reason: its URL, that in base64, or @FILE that holds it.",
            valueName: "url"))
    var signalURL: String?

    var isAsked: Bool { signal || signalResource != nil || signalURL != nil }

    /// - Parameter source: finds the stack that the document comes from, or this host.
    /// - Throws: `Failure` when there is nobody to tell.
    func target(_ source: () async throws -> Source) async throws -> SignalTarget {
        if let signalURL { return try SignalTarget(waitCondition: signalURL) }
        let source = try await source()
        return .resource(stack: source.stack, resource: signalResource ?? source.resource)
    }
}
