// plan, apply and validate, as a person or a boot calls them: find the document, run it, show it, tell the stack.

import Glibc
import InitAWS
import InitCore
import InitLinux

struct DocumentRun: Sendable {
    let mode: Report.Mode
    let document: DocumentOptions
    let options: RunOptions
    /// Nil: no stack is to be told.
    var signalling: SignalOptions?
    /// Nil: a person asks for it, or user-data.
    var boot: BootMode?

    private let terminal = Terminal(environment: Composition.environment)
    private let stop = StopSwitch()
    private let scrubber = Scrubber()
    private let notify = NotifySocket()

    init(mode: Report.Mode, document: DocumentOptions, options: RunOptions) {
        self.mode = mode
        self.document = document
        self.options = options
    }

    // MARK: Commands

    func perform() async -> Never {
        var runGuard: RunGuard?
        // A unit of Type=notify has an ExecStopPost for that, and its main process must be the one that is ready.
        if signalling != nil, notify == nil {
            runGuard = await RunGuard.enter(stop) { await speakForChild($0) }
        }
        stop.watchSignals()
        if mode == .apply { notify?.askForPatience(stop) }
        if let timeout = options.timeout.flatMap(secondsIn) { stop.stop(after: timeout) }
        var signal: StackSignal?
        var name: String?
        do {
            let origin = await foundOrigin(mode == .plan ? "plan" : "apply")
            name = try? origin.get().name
            if let signalling { signal = try await self.signal(signalling, origin) }
            if let signal {
                if runGuard == nil {
                    UntoldSignal.remember(signal.target, url: signalling?.signalURL, try? origin.get().source)
                }
                tellStop(signal)
            }
            guard let report = try await run(try origin.get(), runGuard) else {
                terminal.print("ide-init: this instance has had its first boot; there is nothing to do", to: .errors)
                notify?.send(["READY=1", "STATUS=nothing to do on a later boot"])
                UntoldSignal.forget()
                runGuard?.settled()
                exit(ExitCode.done.rawValue)
            }
            await end(ExitCode(report, detailed: options.detailedExitcode), report.verdict, signal, runGuard)
        } catch {
            let failure = Failure(wrapping: error)
            terminal.clear()
            // Wrong use is the caller's, and whoever holds the lock has a status of its own.
            if mode == .plan || failure.kind == .usage || failure.kind == .locked {
                say(failure)
                if mode == .apply { notify?.fail(scrubber.scrub(failure.reason), failure.kind) }
            } else {
                terminal.printOutsideJournal("ide-init: \(errorView.clean(failure.message))", to: .errors)
                let observer = RunObserver(
                    source: name ?? "an unknown place", configSets: document.names, items: 0, scrubber: scrubber,
                    notify: notify)
                observer.fail(failure)
            }
            await end(ExitCode(failure.kind), .failure(failure.reason), signal, runGuard)
        }
    }

    func validate() async {
        do {
            let origin = try await foundOrigin("validate").get()
            let loaded = try await load(origin, cloud(origin.source, .planning), .nobody)
            for warning in loaded.document.diagnostics.warnings { terminal.print(errorView.line(warning), to: .errors) }
            let count = loaded.document.sets.flatMap(\.configs).map(\.resources.count).reduce(0, +)
            terminal.print(
                "valid: \(count) \(count == 1 ? "item" : "items") in \(loaded.document.sets.map(\.name).joined(separator: ", "))"
            )
        } catch {
            let failure = Failure(wrapping: error)
            say(failure)
            exit(ExitCode(failure.kind).rawValue)
        }
    }

    // MARK: The document

    private func foundOrigin(_ command: String, heedsStop: Bool = true) async -> Result<Origin, any Error> {
        do {
            return .success(
                try await document.place.origin(command) { cloud($0, .planning, heedsStop: heedsStop) })
        } catch {
            return .failure(error)
        }
    }

    private func load(_ origin: Origin, _ cloud: Cloud, _ finding: FactFinding) async throws -> LoadedDocument {
        let loaded = try await document.load(origin, cloud, finding, scrubber: scrubber)
        let diagnostics = loaded.document.diagnostics
        guard diagnostics.hasErrors else { return loaded }
        for diagnostic in diagnostics.items {
            let line = errorView.line(diagnostic)
            // An apply's own entry holds the errors.
            if mode == .apply, diagnostic.severity == .error {
                terminal.printOutsideJournal(line, to: .errors)
            } else {
                terminal.print(line, to: .errors)
            }
        }
        let count = diagnostics.errors.count
        throw Failure(
            .invalidDocument,
            "\(count == 1 ? "one mistake" : "\(count) mistakes") in \(loaded.name); nothing was changed",
            output: diagnostics.errors.map(\.line).joined(separator: "\n"))
    }

    private func cloud(_ source: Source?, _ patience: Patience) -> Cloud {
        cloud(document.place.stack.cloud.settings(source), patience)
    }

    private func cloud(_ settings: CloudSettings, _ patience: Patience, heedsStop: Bool = true) -> Cloud {
        Cloud(
            settings, environment: Composition.environment, patience: patience, stop: heedsStop ? stop : nil,
            waiting: terminal.waiting,
            learned: { [scrubber] in scrubber.add($0) })
    }

    // MARK: The run

    /// - Returns: nil: this boot has nothing to do.
    private func run(_ origin: Origin, _ runGuard: RunGuard?) async throws -> Report? {
        let cloud = cloud(origin.source, mode == .apply ? .applying() : .planning)
        let isLaterBoot = boot == nil ? false : try await BootRecord.isLaterBoot(cloud)
        if isLaterBoot, boot == .first { return nil }
        if mode == .apply { notify?.send(["STATUS=reading \(visible(origin.name))"]) }
        var loaded = try await load(origin, cloud, mode == .apply ? .apply : .plan(isOffline: options.offline))
        if isLaterBoot { loaded = loaded.forLaterBoot() }
        let composition = Composition(
            root: Root(options.root), terminal: terminal, stop: stop, cloud: cloud,
            isOffline: options.offline && mode == .plan, runGuard: runGuard)
        var run = Run(composition: composition, mode: mode, notify: notify)
        run.isPartial = isLaterBoot
        if boot != nil { run.conclude = { try await BootRecord.write(cloud) } }
        run.runsTests = options.runTests
        // A boot has nobody to try again after the other run.
        run.waitsForLock = signalling != nil
        if let only = options.only {
            let filter = ResourceFilter(only)
            let items = loaded.document.sets.flatMap(\.configs).flatMap(\.resources).map(\.id)
            let checks = (loaded.document.readiness ?? []).map(\.id)
            guard (items + checks).contains(where: filter.includes) else {
                throw Failure(.usage, "--only \(only): the chosen configSets hold no such item")
            }
            run.only = filter
        }
        let view = RunView(
            terminal, mode, showsDiff: options.diff, isJSON: document.json, scrubber: scrubber)
        view.warn(loaded.document)
        let report = try await run.perform(
            loaded, source: options.root == "/" ? document.recordable(origin.source) : nil, events: view.show)
        view.show(report)
        return report
    }

    private var errorView: TextView {
        TextView(mode: mode, style: terminal.style(.errors), scrubber: scrubber)
    }

    private func say(_ failure: Failure) {
        terminal.print("ide-init: \(errorView.clean(failure.message))", to: .errors)
    }

    // MARK: The stack

    /// - Throws: `Failure` when there is nobody to tell.
    private func signal(
        _ options: SignalOptions, _ origin: Result<Origin, any Error>, heedsStop: Bool = true
    ) async throws -> StackSignal {
        let source = (try? origin.get())?.source
        let target = try await options.target {
            if let source = try origin.get().source { return source }
            // A file is applied on a machine that belongs to a stack all the same.
            return try await Source.ofTags(
                cloud(document.place.stack.cloud.settings(), .signalling, heedsStop: heedsStop), for: .signal)
        }
        // Its calls go on when the run is told to stop: that is what they tell.
        return StackSignal(
            target, cloud(document.place.stack.cloud.settings(source), .signalling, heedsStop: false))
    }

    /// FAILURE goes out the moment the run is told to stop, while its last command may still need time to end.
    private func tellStop(_ signal: StackSignal) {
        Task {
            let reason = await stop.thrown()
            _ = try? await signal.tell(.failure(reason.reason))
        }
    }

    /// In the first process, when the one that did the work is gone without a word.
    private func speakForChild(_ how: String) async {
        guard let signalling else { return }
        do {
            let signal = try await self.signal(signalling, foundOrigin("apply", heedsStop: false), heedsStop: false)
            StackSignal.tellAdmin(how)
            let outcome = try await signal.tell(.failure(how))
            UntoldSignal.forget()
            terminal.print("ide-init: \(how); \(signal.text(outcome))", to: .errors)
        } catch {
            terminal.print(
                "ide-init: \(how), and the stack couldn't be told: \(Failure(wrapping: error).message)", to: .errors)
        }
    }

    private func end(_ code: ExitCode, _ verdict: Verdict, _ signal: StackSignal?, _ runGuard: RunGuard?) async -> Never
    {
        var code = code
        if let signal {
            if case .failure(let reason) = verdict { StackSignal.tellConsole(scrubber.scrub(reason)) }
            do {
                let outcome = try await signal.tell(verdict.scrubbed(scrubber))
                UntoldSignal.forget()
                terminal.print("ide-init: \(signal.text(outcome))", to: .errors)
                // The run was told to stop after its last item: the stack has heard of that first.
                if outcome.verdict != verdict, verdict == .success, code == .done { code = .failed }
            } catch {
                say(Failure(wrapping: error))
                if code == .done { code = .untold }
            }
        }
        // Whoever was told to stop before it knew whom to tell leaves that to the first process.
        if signal != nil || stop.stopReason == nil { runGuard?.settled() }
        exit(code.rawValue)
    }
}

extension Report {
    var verdict: Verdict { failureText.map(Verdict.failure) ?? .success }

    /// The item, what went wrong with it, and what was printed last.
    var failureText: String? {
        firstFailure.map { subject, failure in (subject.map { "\($0): " } ?? "") + failure.reason }
    }
}

extension Failure {
    /// What went wrong with what was printed last.
    var reason: String { message + (output.map { "\n\($0)" } ?? "") }
}
