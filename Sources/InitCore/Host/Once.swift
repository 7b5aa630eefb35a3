import Synchronization

/// A value that many want and the first one makes. A failure isn't kept: the next one tries again.
package final class Once<Value: Sendable>: Sendable {
    private let task = Mutex<Task<Value, any Error>?>(nil)

    package init() {}

    package func value(_ make: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let current = task.withLock { task in
            let current = task ?? Task { try await make() }
            task = current
            return current
        }
        do {
            return try await current.value
        } catch {
            task.withLock { if $0 == current { $0 = nil } }
            throw error
        }
    }
}
