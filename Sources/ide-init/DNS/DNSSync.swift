// The records of the last run's document, with the machine's address of today.

import Glibc
import InitAWS
import InitCore
import InitLinux

struct DNSSync: Sendable {
    let file: String?
    /// Empty: those of the last run.
    let configSets: [String]
    let cloud: CloudOptions
    let isBoot: Bool

    private let terminal = Terminal(environment: Composition.environment)
    private let stop = StopSwitch()
    private let scrubber = Scrubber()

    init(file: String?, configSets: [String], cloud: CloudOptions, isBoot: Bool) {
        self.file = file
        self.configSets = configSets
        self.cloud = cloud
        self.isBoot = isBoot
    }

    func perform() async -> Never {
        stop.watchSignals()
        if isBoot { stop.stop(after: DNSUnit.bootBudget, limit: "a boot's ") }
        do {
            guard let kept = try document() else {
                say("no document is kept here, as the last one came from a file; name it: ide-init dns sync FILE")
                exit((isBoot ? ExitCode.done : .usage).rawValue)
            }
            let cloud = cloud(kept.origin.source)
            if isBoot, let owner = kept.origin.source?.machine, await !owner.isSame(as: .ofThisMachine(cloud)) {
                let whose = owner.instance.map { ", \($0)" } ?? ""
                say(
                    "the names here are another machine's\(whose), of which this one is a copy, and stay with it; to have them lead here: sudo ide-init apply"
                )
                exit(ExitCode.done.rawValue)
            }
            let report = try await run(kept, cloud)
            if let (_, failure) = report.firstFailure, let reason = report.failureText, Journal.reads(STDERR_FILENO) {
                tellJournal(reason, failure.kind)
            }
            exit(ExitCode(report, detailed: false).rawValue)
        } catch let failure as Failure where failure.kind == .locked && isBoot {
            say("\(failure.message); that run sees to the records")
            exit(ExitCode.done.rawValue)
        } catch {
            let failure = Failure(wrapping: error)
            guard Journal.reads(STDERR_FILENO) else { end(failure, terminal) }
            tellJournal(failure.reason, failure.kind)
            exit(ExitCode(failure.kind).rawValue)
        }
    }

    /// As an error: the unit stands whatever comes of this, or nothing would be taken away when the machine is switched off.
    private func tellJournal(_ reason: String, _ kind: Failure.Kind) {
        // Somebody wants it so: the machine is being switched off.
        guard kind != .stopped else { return say(reason) }
        let text = "\(reason); to try again: sudo ide-init dns sync"
        Journal.send(JournalView(scrubber: scrubber).failure(text))
    }

    private struct Kept {
        let metadata: JSONValue
        let origin: Origin
        let duplicates: [JSONParser.DuplicateKey]
    }

    /// Nil: there is none.
    private func document() throws -> Kept? {
        if let file {
            let parsed = try JSONParser.parse(Composition.read(file), name: file)
            return Kept(metadata: parsed.value, origin: .file(file), duplicates: parsed.duplicates)
        }
        guard let source = try Source.recorded(),
            let bytes = try stateFile(at: Source.documentPath, root: Root())
        else { return nil }
        let parsed = try JSONParser.parse(bytes, name: Source.documentPath)
        return Kept(metadata: parsed.value, origin: .stack(source), duplicates: parsed.duplicates)
    }

    private func cloud(_ source: Source?) -> Cloud {
        var patience = Patience.applying()
        // Who doesn't answer is named before the boot's time is over.
        if isBoot { patience.total = min(patience.total, DNSUnit.bootBudget * 0.8) }
        return Cloud(
            cloud.settings(source), environment: Composition.environment, patience: patience, stop: stop,
            waiting: terminal.waiting, learned: { [scrubber] in scrubber.add($0) })
    }

    private func run(_ kept: Kept, _ cloud: Cloud) async throws -> Report {
        let source = kept.origin.source
        let metadata = Document.recordsOnly(in: kept.metadata)
        let loaded = LoadedDocument(
            metadata, of: kept.origin, facts: await FactFinding.apply.facts(for: metadata, of: kept.origin, cloud),
            configSets: configSets.isEmpty ? source?.configSets ?? [] : configSets,
            compatible: source?.isCompatible ?? false, duplicates: kept.duplicates, scrubber: scrubber
        ).recordsOnly
        let view = RunView(terminal, .apply, scrubber: scrubber)
        view.warn(loaded.document)
        let errors = loaded.document.diagnostics.errors
        for error in errors { terminal.print(visible(error.line), to: .errors) }
        guard errors.isEmpty else {
            throw Failure(.invalidDocument, "\(loaded.name) can't be applied as it stands; nothing was changed")
        }
        if loaded.document.isEmpty { say("\(loaded.name) wishes for no records") }
        let composition = Composition(terminal: terminal, stop: stop, cloud: cloud)
        var run = Run(composition: composition, mode: .apply, notify: nil)
        run.waitsForLock = !isBoot
        run.waitsForUnits = false
        run.settlesReadiness = false
        run.isObserved = false
        let report = try await run.perform(loaded, events: view.show)
        view.show(report)
        return report
    }

    private func say(_ text: String) { terminal.print("ide-init: \(visible(text))", to: .errors) }
}
