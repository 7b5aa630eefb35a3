// The records that this machine has made, taken away before it is switched off: a name must not lead to whoever gets its address.

import Glibc
import InitAWS
import InitCore
import InitLinux

struct DNSRemoval: Sendable {
    let cloud: CloudOptions
    let onlyAtPoweroff: Bool

    private let terminal = Terminal(environment: Composition.environment)
    private let stop = StopSwitch()

    /// Seconds: a machine that is switched off isn't held up longer.
    private static let budget = 20.0
    /// Seconds of these for another run to end.
    private static let patienceForLock = 5.0

    init(cloud: CloudOptions, onlyAtPoweroff: Bool) {
        self.cloud = cloud
        self.onlyAtPoweroff = onlyAtPoweroff
    }

    func perform() async -> Never {
        stop.watchSignals()
        stop.stop(after: Self.budget, limit: "the ")
        do {
            if onlyAtPoweroff, try await !PowerOff.isQueued(stop) {
                say("the machine isn't being switched off; the records stay")
                exit(ExitCode.done.rawValue)
            }
            try await remove()
            exit(ExitCode.done.rawValue)
        } catch {
            end(error, terminal)
        }
    }

    private func remove() async throws {
        let lock = try await lock()
        let source = try Source.recorded()
        let cloud = Cloud(
            cloud.settings(source), environment: Composition.environment, patience: .leaving, stop: stop,
            waiting: terminal.waiting)
        let host = Composition(terminal: terminal, stop: stop, cloud: cloud)
            .host(mode: .apply, runsTests: false, scrubber: Scrubber())
        let withdrawals = try ZoneWithdrawal.all(host.probe)
        if withdrawals.isEmpty { say("no records were made from here") }
        let failures = await withTaskGroup(of: Failure?.self) { group in
            for withdrawal in withdrawals {
                group.addTask {
                    do {
                        let change = try await withdrawal.plan(host.probe)
                        for step in change.steps { _ = try await host.perform(step) }
                        for fact in change.facts {
                            if case .text(let text) = fact.after { say("\(fact.name): \(text)") }
                            if fact.after == .absent { terminal.print("- \(visible(fact.name))") }
                        }
                        return nil
                    } catch {
                        return Failure(wrapping: error)
                    }
                }
            }
            return await group.reduce(into: [Failure]()) { if let failure = $1 { $0.append(failure) } }
        }
        try withExtendedLifetime(lock) {
            for failure in failures.dropFirst() { say(failure.message) }
            if let failure = failures.first { throw failure }
        }
    }

    /// Nil: another run is still at work, and the machine won't wait for it.
    private func lock() async throws -> RunLock? {
        let patience = StopSwitch()
        patience.stop(after: Self.patienceForLock)
        do {
            return try await RunLock.acquire(root: Root(), waits: true, stop: patience, note: { say($0) })
        } catch let failure as Failure where failure.kind == .timedOut || failure.kind == .stopped {
            guard onlyAtPoweroff else {
                throw Failure(.locked, "another run is at work here; wait for its end, or see what it does")
            }
            say("the other run isn't over yet; going on beside it")
            return nil
        }
    }

    private func say(_ text: String) { terminal.print("ide-init: \(visible(text))", to: .errors) }
}

extension Patience {
    /// Soon the machine is gone.
    static let leaving = Patience(total: 15, settling: 0)
}
