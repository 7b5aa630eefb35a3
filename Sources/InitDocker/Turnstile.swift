import Synchronization

/// Lets so many pass at once, the others one after the other in the order of their coming.
final class Turnstile: Sendable {
    private struct Inside {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let inside: Mutex<Inside>

    init(_ most: Int) { inside = Mutex(Inside(free: most)) }

    func pass<Result>(_ body: () async throws -> Result) async rethrows -> Result {
        await enter()
        defer { leave() }
        return try await body()
    }

    private func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = inside.withLock { inside in
                guard inside.free > 0 else {
                    inside.waiting.append(continuation)
                    return false
                }
                inside.free -= 1
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    private func leave() {
        let next: CheckedContinuation<Void, Never>? = inside.withLock { inside in
            guard inside.waiting.isEmpty else { return inside.waiting.removeFirst() }
            inside.free += 1
            return nil
        }
        next?.resume()
    }
}
