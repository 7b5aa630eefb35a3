import InitCore
import Synchronization
import Testing

@testable import InitCore

// A day of the daemon's in a moment: its clock goes on only while it waits.
@Suite struct HupLoopTests {
    private final class Day: Sendable {
        let now = Mutex(1000.0)
        let passes = Mutex<[String]>([])
        let lines = Mutex<[Double]>([])
        /// What interrupts the waiting, when.
        let events: [(at: Double, waking: HupLoop<Setup>.Waking)]
        let next = Mutex(0)

        init(_ events: [(at: Double, waking: HupLoop<Setup>.Waking)]) { self.events = events }

        func wait(_ seconds: Double) -> HupLoop<Setup>.Waking {
            now.withLock { now in
                next.withLock { next in
                    if next < events.count, events[next].at <= now + seconds {
                        now = max(now, events[next].at)
                        next += 1
                        return events[next - 1].waking
                    }
                    now += seconds
                    return .elapsed
                }
            }
        }
    }

    private struct Setup: Sendable {
        let name: String
        let minutes: Int
    }

    private func run(_ day: Day, minutes: Int, spread: Double = 0, lasting: Double = 0, reloaded: Setup? = nil) async {
        let loop = HupLoop<Setup>(
            pass: { setup in
                let now = day.now.withLock { now in
                    defer { now += lasting }
                    return now
                }
                day.passes.withLock { $0.append("\(setup.name) \(Int(now))") }
            },
            reload: { reloaded }, interval: \.minutes, wait: { day.wait($0) }, clock: { day.now.withLock { $0 } },
            random: { min(max($0.lowerBound, spread), $0.upperBound) },
            log: { _, _ in day.lines.withLock { $0.append(day.now.withLock { $0 }) } })
        await loop.run(Setup(name: "first", minutes: minutes))
    }

    @Test(
        "The first pass comes at once, the next ones after the interval, give or take at most half a minute",
        arguments: [
            (0.0, ["first 1000", "first 1900", "first 2800"]), (20.0, ["first 1000", "first 1920", "first 2840"]),
            (500.0, ["first 1000", "first 1930", "first 2860"]), (-500.0, ["first 1000", "first 1870", "first 2740"]),
        ])
    func intervals(spread: Double, passes: [String]) async {
        let day = Day([(at: 3000, waking: .stop)])
        await run(day, minutes: 15, spread: spread)
        #expect(day.passes.withLock { $0 } == passes)
    }

    @Test("It says every five minutes that it lives, and not more often with a shorter interval", arguments: [15, 1])
    func alive(minutes: Int) async {
        let day = Day([(at: 2250, waking: .stop)])
        await run(day, minutes: minutes)
        #expect(day.lines.withLock { $0 } == [1300, 1600, 1900, 2200])
    }

    @Test("The interval counts from the end of a pass")
    func longPasses() async {
        let day = Day([(at: 3000, waking: .stop)])
        await run(day, minutes: 10, lasting: 300)
        #expect(day.passes.withLock { $0 } == ["first 1000", "first 1900", "first 2800"])
    }

    @Test("A reload takes what was read, and looks at once; what can't be read changes nothing")
    func reload() async {
        let good = Day([(at: 1100, waking: .reload), (at: 1200, waking: .stop)])
        await run(good, minutes: 15, reloaded: Setup(name: "second", minutes: 1))
        #expect(good.passes.withLock { $0 } == ["first 1000", "second 1100", "second 1160"])
        let bad = Day([(at: 1100, waking: .reload), (at: 1200, waking: .stop)])
        await run(bad, minutes: 15)
        #expect(bad.passes.withLock { $0 } == ["first 1000", "first 1100"])
    }
}
