// The watcher's loop: look, apply what has changed, wait. Never two applies at once: each takes the run's lock.

import Glibc
import InitAWS
import InitCore
import InitLinux

struct Watch: Sendable {
    let stack: StackOptions
    let configSets: [String]
    /// Seconds.
    let interval: Double

    private let terminal = Terminal(environment: Composition.environment)
    private let stop = StopSwitch()
    private let scrubber = Scrubber()
    private let manager = ServiceNotice()

    init(stack: StackOptions, configSets: [String], interval: Double) {
        self.stack = stack
        self.configSets = configSets
        self.interval = interval
    }

    /// What a look has found out so far.
    private struct Memory {
        /// The metadata that failed last.
        var failed: JSONValue?
        var schedule: WatchSchedule
    }

    /// Until SIGTERM.
    /// - Throws: `Failure` when there is nothing to watch.
    func run() async throws {
        let hangUp = HangUp()
        stop.watchSignals(hangUp: hangUp)
        var source = try await self.source()
        var memory = Memory(schedule: WatchSchedule(interval: interval))
        let heartbeat = manager.beat()
        defer { heartbeat?.cancel() }
        manager.ready("watching \(source.text)")
        while stop.stopReason == nil {
            await look(&memory, source)
            await stop.sleep(memory.schedule.pause(random: Double.random(in: 0...1)), or: hangUp)
            guard hangUp.take() else { continue }
            manager.reloading()
            // The record may name another stack by now.
            if let new = try? await self.source() { source = new }
            memory.schedule.succeeded()
            manager.ready("watching \(source.text)")
        }
        manager.stopping()
    }

    private func source() async throws -> Source {
        var found = try stack.sourceAsBefore ?? Source.recorded()
        if found == nil { found = try await Source.ofTags(cloud(stack.cloud.settings()), for: .document("watch")) }
        guard var source = found else { throw Failure(.usage, "there is no stack to watch") }
        if !configSets.isEmpty { source.configSets = configSets }
        return source
    }

    private func cloud(_ settings: CloudSettings) -> Cloud {
        Cloud(
            settings, environment: Composition.environment, patience: .watching, stop: stop,
            waiting: terminal.waiting, learned: { [scrubber] in scrubber.add($0) })
    }

    // MARK: One look

    private func look(_ memory: inout Memory, _ source: Source) async {
        do {
            let cloud = cloud(stack.cloud.settings(source))
            let detail = try await cloud.cloudFormation().describe(source)
            // Half way through an update nobody knows whether it stays.
            guard !detail.status.hasSuffix("_IN_PROGRESS") else {
                return manager.tell("\(source.text) is in \(detail.status); waiting for its end")
            }
            guard let metadata = detail.metadata, metadata.isTruthy else {
                throw Failure(.invalidDocument, "\(source.text) has no Metadata")
            }
            let facts = await FactFinding.apply.facts(for: metadata, of: .stack(source), cloud)
            let loaded = LoadedDocument(
                metadata, of: .stack(source), facts: facts, configSets: source.configSets,
                compatible: source.isCompatible,
                scrubber: scrubber)
            guard try !source.applied().isInForce(loaded.document) else {
                memory.failed = nil
                memory.schedule.succeeded()
                return manager.tell("up to date with \(source.text)")
            }
            if memory.failed == metadata, monotonicSeconds() < memory.schedule.notBefore { return }
            try await apply(loaded, source, cloud, &memory)
        } catch {
            guard stop.stopReason == nil else { return }
            say(Failure(wrapping: error))
        }
    }

    private func apply(
        _ loaded: LoadedDocument, _ source: Source, _ cloud: Cloud, _ memory: inout Memory
    ) async throws {
        let metadata = loaded.document.metadata
        do {
            let view = RunView(terminal, .apply, scrubber: scrubber)
            view.warn(loaded.document)
            if let mistake = loaded.document.diagnostics.errors.first {
                throw Failure(.invalidDocument, "nothing was changed: \(mistake.line)")
            }
            let composition = Composition(terminal: terminal, stop: stop, cloud: cloud)
            var run = Run(composition: composition, mode: .apply)
            run.waitsForLock = true
            run.settlesReadiness = false
            run.sparesCommands = true
            let report = try await run.perform(loaded, source: source, events: view.show)
            view.show(report)
            if let text = report.failureText {
                hasFailed(metadata, &memory)
                manager.tell("failed, trying again later: \(visibleLine(scrubber.scrub(text)))")
            } else {
                memory.failed = nil
                memory.schedule.succeeded()
                manager.tell("up to date with \(source.text)")
            }
        } catch {
            hasFailed(metadata, &memory)
            throw error
        }
    }

    /// The same metadata isn't tried at each look; new metadata is tried at once.
    private func hasFailed(_ metadata: JSONValue, _ memory: inout Memory) {
        if memory.failed != metadata { memory.schedule.succeeded() }
        memory.failed = metadata
        memory.schedule.failed(now: monotonicSeconds())
    }

    private func say(_ failure: Failure) {
        let text = scrubber.scrub(failure.reason)
        manager.tell("failed, trying again later: \(visibleLine(text))")
        for line in text.split(separator: "\n") { terminal.print("ide-init: \(visible(String(line)))", to: .errors) }
    }
}
