import TestSupport
import Testing

/// One stand-in for all suites that are `serialized` below `StandInTests`.
enum SharedStandIn {
    private static let started = Result<StandIn, any Error> { try StandIn() }
    /// As new.
    static func fresh() async throws -> StandIn {
        let standIn = try started.get()
        try await standIn.set("reset", "{}")
        return standIn
    }
}

/// They share one server, so one runs at a time.
@Suite(.serialized) struct StandInTests {}
