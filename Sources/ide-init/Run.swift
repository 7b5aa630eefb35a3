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
    var timeout: Double?
    /// Whether another run is waited for.
    var waitsForLock = false

    /// - Parameters:
    ///   - observe: wraps the host, for those who keep a log.
    ///   - events: told of each step of the engine.
    /// - Throws: `Failure(.locked)`, or another that kept the run from starting.
    func perform(
        _ document: Document, scrubber: Scrubber, observe: (Host) -> Host = { $0 },
        events: @escaping @Sendable (Engine.Event) -> Void
    ) async throws -> Report {
        let stop = composition.stop
        var lock: RunLock?
        stop.watchSignals()
        if mode == .apply {
            lock = try await RunLock.acquire(root: composition.root, waits: waitsForLock, stop: stop) { note in
                composition.terminal.print(note, to: .errors)
            }
        }
        if let timeout { stop.stop(after: timeout) }
        let host = observe(composition.host(mode: mode, runsTests: runsTests, scrubber: scrubber))
        let report = await Engine(host: host, mode: mode, events: events).run(document, only: only)
        return withExtendedLifetime(lock) { report }
    }
}

/// A document and the net for its secrets.
struct LoadedDocument: Sendable {
    let document: Document
    let redaction: Redaction
    let scrubber: Scrubber

    init(_ bytes: [UInt8], name: String, configSets: [String], compatible: Bool, strict: Bool = false) throws {
        let parsed = try JSONParser.parse(bytes, name: name)
        document = Document(
            parsed.value, configSets: configSets, compatible: compatible, strict: strict, duplicates: parsed.duplicates)
        redaction = Redaction(parsed.value)
        scrubber = Scrubber(
            redaction.secrets + document.sets.flatMap(\.configs).flatMap(\.resources).flatMap(\.secrets))
    }
}
