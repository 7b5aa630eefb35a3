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

    init(mode: Report.Mode, document: DocumentOptions, options: RunOptions) {
        self.mode = mode
        self.document = document
        self.options = options
    }

    // MARK: Commands

    func perform() async -> Never {
        var runGuard: RunGuard?
        // A unit of Type=notify has an ExecStopPost for that, and its main process must be the one that is ready.
        if signalling != nil, NotifySocket() == nil {
            runGuard = await RunGuard.enter(stop) { await speakForChild($0) }
        }
        stop.watchSignals()
        if let timeout = options.timeout.flatMap(secondsIn) { stop.stop(after: timeout) }
        var signal: StackSignal?
        var name: String?
        do {
            let origin = await foundOrigin()
            name = try? origin.get().name
            if let signalling { signal = try await self.signal(signalling, origin) }
            if let signal {
                UntoldSignal.remember(signal.target, try? origin.get().source)
                tellStop(signal)
            }
            guard let report = try await run(try origin.get(), runGuard) else {
                terminal.print("ide-init: this instance has had its first boot; there is nothing to do", to: .errors)
                NotifySocket()?.send(["READY=1", "STATUS=nothing to do on a later boot"])
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
            } else {
                terminal.printOutsideJournal("ide-init: \(errorView.clean(failure.message))", to: .errors)
                let observer = RunObserver(
                    source: name ?? "an unknown place", configSets: document.names, items: 0, scrubber: scrubber,
                    notify: NotifySocket())
                observer.fail(failure)
            }
            await end(ExitCode(failure.kind), .failure(failure.reason), signal, runGuard)
        }
    }

    func validate() async {
        do {
            let origin = try await foundOrigin().get()
            let loaded = try await load(origin, cloud(origin.source, .planning))
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

    private func foundOrigin() async -> Result<Origin, any Error> {
        do {
            return .success(try await document.place.origin { cloud($0, .planning) })
        } catch {
            return .failure(error)
        }
    }

    private func load(_ origin: Origin, _ cloud: Cloud) async throws -> LoadedDocument {
        let loaded = try await document.load(origin, cloud, scrubber: scrubber)
        let diagnostics = loaded.document.diagnostics
        guard diagnostics.hasErrors else { return loaded }
        for diagnostic in diagnostics.items { terminal.print(errorView.line(diagnostic), to: .errors) }
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
        var loaded = try await load(origin, cloud)
        if isLaterBoot { loaded = loaded.forLaterBoot() }
        let composition = Composition(
            root: Root(options.root), terminal: terminal, stop: stop, cloud: cloud,
            isOffline: options.offline && mode == .plan, runGuard: runGuard)
        var run = Run(composition: composition, mode: mode)
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
        if boot != nil, report.firstFailure == nil { try await BootRecord.write(cloud) }
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
    private func signal(_ options: SignalOptions, _ origin: Result<Origin, any Error>) async throws -> StackSignal {
        let source = (try? origin.get())?.source
        let target = try await options.target {
            if let source = try origin.get().source { return source }
            // A file is applied on a machine that belongs to a stack all the same.
            return try await Source.ofTags(cloud(nil, .signalling), for: .signal)
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
            let signal = try await self.signal(signalling, foundOrigin())
            StackSignal.tellAdmin(how)
            try await signal.tell(.failure(how))
            terminal.print("ide-init: \(how); \(signal.target.text) was told", to: .errors)
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
                let (told, note) = try await signal.tell(verdict.scrubbed(scrubber))
                UntoldSignal.forget()
                if let note { terminal.print("ide-init: no signal was needed: \(errorView.clean(note))", to: .errors) }
                // The run was told to stop after its last item: the stack has heard of that first.
                if told != verdict, verdict == .success, code == .done { code = .failed }
            } catch {
                say(Failure(wrapping: error))
                if code == .done { code = .untold }
            }
        }
        runGuard?.settled()
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
