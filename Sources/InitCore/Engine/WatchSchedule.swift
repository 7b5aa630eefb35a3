/// When a watcher looks again. All in seconds.
package struct WatchSchedule: Sendable, Equatable {
    /// A failing document isn't tried more seldom than this.
    private static let longestWait = 3600.0

    package let interval: Double
    /// In a row.
    package private(set) var failures = 0
    /// Before it the document that failed isn't applied again.
    package private(set) var notBefore = 0.0

    package init(interval: Double) { self.interval = interval }

    /// Until the next look: a tenth more or less, so that a fleet that was started together doesn't ask together.
    package func pause(random: Double) -> Double { interval * (0.9 + 0.2 * random) }

    package mutating func succeeded() { (failures, notBefore) = (0, 0) }

    /// Each failure of the same document doubles the time to the next attempt.
    package mutating func failed(now: Double) {
        failures += 1
        notBefore = now + min(Self.longestWait, interval * Double(1 << min(failures, 20)))
    }
}
