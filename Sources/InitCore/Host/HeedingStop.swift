/// Ends the work when the run is told to stop, even while whoever is asked is silent.
/// - Parameter stopReason: why the run is to end now, which is then thrown.
package func heeding<Result: Sendable>(
    _ stopReason: @escaping @Sendable () -> Failure?, _ work: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask { try await work() }
        group.addTask {
            while true {
                if let reason = stopReason() { throw reason }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        defer { group.cancelAll() }
        guard let result = try await group.next() else { throw CancellationError() }
        return result
    }
}
