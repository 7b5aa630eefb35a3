/// cfn-hup as a daemon: a pass at once, then one every interval, give or take half a minute, so that a fleet that was
/// started together doesn't ask together.
package struct HupLoop<Setup: Sendable>: Sendable {
    package enum Waking: Sendable {
        case elapsed
        /// SIGHUP
        case reload
        case stop
    }

    /// Seconds. Not before they have passed is said again that the daemon lives.
    private static var silence: Double { 300 }
    private static var spread: ClosedRange<Double> { -30...30 }

    /// What goes wrong in a pass is its own to tell.
    package var pass: @Sendable (Setup) async -> Void
    /// Nil: what was read isn't to be used, which has been told.
    package var reload: @Sendable () async -> Setup?
    /// Minutes.
    package var interval: @Sendable (Setup) -> Int
    /// So many seconds, or until something else is to be done.
    package var wait: @Sendable (Double) async -> Waking
    package var clock: @Sendable () -> Double
    package var random: @Sendable (ClosedRange<Double>) -> Double
    package var log: Log

    package init(
        pass: @escaping @Sendable (Setup) async -> Void, reload: @escaping @Sendable () async -> Setup?,
        interval: @escaping @Sendable (Setup) -> Int, wait: @escaping @Sendable (Double) async -> Waking,
        clock: @escaping @Sendable () -> Double, random: @escaping @Sendable (ClosedRange<Double>) -> Double,
        log: @escaping Log
    ) {
        self.pass = pass
        self.reload = reload
        self.interval = interval
        self.wait = wait
        self.clock = clock
        self.random = random
        self.log = log
    }

    /// Until it is told to stop.
    package func run(_ first: Setup) async {
        var setup = first
        var spoken = clock()
        while true {
            await pass(setup)
            let due = clock() + Double(interval(setup)) * 60 + random(Self.spread)
            waiting: while true {
                switch await wait(max(0, min(due, spoken + Self.silence) - clock())) {
                case .stop: return
                case .reload:
                    setup = await reload() ?? setup
                    break waiting
                case .elapsed: break
                }
                let now = clock()
                if now >= spoken + Self.silence {
                    log(.info, "cfn-hup processing is alive.")
                    spoken = now
                }
                if now >= due { break }
            }
        }
    }
}
