// One run, plan or apply, whoever asked for it: document, lock, engine, report. The personalities differ in what
// they print and in their exit codes, not in what is done.

import Glibc
import InitCore
import InitLinux

struct Run: Sendable {
    let composition: Composition
    var mode: Report.Mode
    var runsTests = false
    var only: ResourceFilter?
    /// Whether another run is waited for.
    var waitsForLock = false
    /// Who is told when all is ready; nil: that isn't this run's to say.
    var notify = NotifySocket()
    /// Whether a service is ready, or has failed, with this run.
    var settlesReadiness = true
    /// Where no config says what to wait for: whether the units that the run made sure of are awaited.
    var waitsForUnits = true
    /// Whether commands that have run as they stand there are left out where they say nothing about when they are needed.
    var sparesCommands = false
    /// Whether parts of the document were left out.
    var isPartial = false
    /// Whether the status and the journal tell of it as of the machine's run.
    var isObserved = true
    /// Done after all else, and before anybody hears that all is well.
    var conclude: @Sendable () async throws -> Void = {}

    /// - Parameters:
    ///   - source: where the document came from, if from a stack; an apply keeps it.
    ///   - observe: wraps the host, for those who keep a log.
    ///   - events: told of each step of the engine.
    /// - Throws: `Failure(.locked)`, or another that kept the run from starting.
    func perform(
        _ loaded: LoadedDocument, source: Source? = nil, observe: (Host) -> Host = { $0 },
        events: @escaping @Sendable (Engine.Event) -> Void
    ) async throws -> Report {
        var loaded = loaded
        let stop = composition.stop
        var lock: RunLock?
        if mode == .apply {
            lock = try await RunLock.acquire(root: composition.root, waits: waitsForLock, stop: stop) { note in
                composition.terminal.print(note, to: .errors)
                notify?.send(["STATUS=\(note)"])
            }
        }
        var applied: AppliedMetadata?
        if mode == .apply, var source {
            // Also where the record named it: a boot makes the records of the document that was applied last.
            source.machine =
                Document.wishesForRecords(loaded.document.metadata) ? await .ofThisMachine(composition.cloud) : nil
            try source.record(loaded.storable)
            let record = try source.applied()
            if sparesCommands { loaded = loaded.sparingCommands(in: record) }
            applied = record
        }
        let host = observe(composition.host(mode: mode, runsTests: runsTests, scrubber: loaded.scrubber))
        let observer =
            mode == .apply && composition.root.isHost && isObserved
            ? RunObserver(loaded, notify: notify, settlesReadiness: settlesReadiness) : nil
        observer?.begin()
        var report = await Engine(host: host, mode: mode, waitsForUnits: waitsForUnits) { event in
            observer?.record(event)
            events(event)
        }.run(loaded.document, only: only)
        do {
            if var applied {
                applied.record(report, of: loaded.document, isWhole: only == nil && !isPartial)
                try writePrivately(
                    Array(applied.json.prettyText(indent: 2).utf8), to: Source.appliedPath, root: composition.root)
            }
            if report.firstFailure == nil { try await conclude() }
        } catch {
            report.failure = report.failure ?? Failure(wrapping: error)
        }
        observer?.end(report)
        return withExtendedLifetime(lock) { report }
    }
}

/// A document and the net for its secrets.
struct LoadedDocument: Sendable {
    /// For people: where it came from.
    let name: String
    private(set) var document: Document
    let redaction: Redaction
    let scrubber: Scrubber

    /// - Parameter scrubber: gets to know the document's secrets.
    init(
        _ metadata: JSONValue, of origin: Origin, facts: HostFacts = .unasked, configSets: [String], compatible: Bool,
        strict: Bool = false,
        duplicates: [JSONParser.DuplicateKey] = [], scrubber: Scrubber
    ) {
        name = origin.name
        document = Document(
            metadata, owner: origin.owner, facts: facts, configSets: configSets, compatible: compatible, strict: strict,
            duplicates: duplicates)
        redaction = Redaction(metadata)
        self.scrubber = scrubber
        for secret in redaction.secrets + document.sets.flatMap(\.configs).flatMap(\.resources).flatMap(\.secrets) {
            scrubber.add(secret)
        }
    }

    /// The same without commands that nobody wants a second time.
    func sparingCommands(in applied: AppliedMetadata) -> LoadedDocument {
        var copy = self
        copy.document = document.sparingCommands(in: applied)
        return copy
    }

    /// The same for a boot of a machine that has been brought about before.
    func forLaterBoot() -> LoadedDocument {
        var copy = self
        copy.document = document.forLaterBoot()
        return copy
    }

    /// The same without what isn't a record.
    var recordsOnly: LoadedDocument {
        var copy = self
        copy.document = document.recordsOnly
        return copy
    }

    /// What may be kept of it on this host.
    var storable: [UInt8] { Array(scrubber.scrub(redaction.metadata.prettyText()).utf8) }
}
