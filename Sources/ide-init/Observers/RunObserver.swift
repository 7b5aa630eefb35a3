// Everybody who is told of an apply beside the one who started it: `ide-init status`, the service manager, the journal.

import Glibc
import InitCore
import InitLinux
import Synchronization

final class RunObserver: Sendable {
    /// Seconds between two looks at what is new: who asks wants to know what takes long.
    private static let pace = 0.25

    private let status: Mutex<RunStatus>
    private let scrubber: Scrubber
    private let notify: NotifySocket?
    private let settlesReadiness: Bool
    private let journal: JournalView?
    private let ticking = Mutex<Task<Void, Never>?>(nil)
    /// Held while somebody is told: nothing about the way comes after the end.
    private let isOver = Mutex(false)

    /// - Parameters:
    ///   - source: for people: where the document comes from.
    ///   - items: how many there are.
    ///   - notify: nil: no manager asks.
    ///   - settlesReadiness: whether the service is ready when the run is done, and has failed with it.
    init(
        source: String, configSets: [String], items: Int, scrubber: Scrubber, notify: NotifySocket?,
        settlesReadiness: Bool = true
    ) {
        status = Mutex(
            RunStatus(
                source: source, configSets: configSets, items: items, started: secondsSince1970(),
                process: Int(getpid()), processStart: StatusFile.identity(of: getpid()) ?? ""))
        self.scrubber = scrubber
        self.notify = notify
        self.settlesReadiness = settlesReadiness
        journal = Journal.isThere ? JournalView(scrubber: scrubber) : nil
    }

    convenience init(_ loaded: LoadedDocument, notify: NotifySocket?, settlesReadiness: Bool) {
        self.init(
            source: loaded.name, configSets: loaded.document.sets.map(\.name),
            items: loaded.document.sets.flatMap(\.configs).map(\.resources.count).reduce(0, +),
            scrubber: loaded.scrubber, notify: notify, settlesReadiness: settlesReadiness)
    }

    // MARK: One run

    func begin() {
        let status = status.withLock { $0 }
        if let journal { Journal.send(journal.start(status.source, configSets: status.configSets)) }
        StatusFile.begin(status, scrubber)
        let task = Task { await keepTelling() }
        ticking.withLock { $0 = task }
    }

    func record(_ event: Engine.Event) {
        status.withLock { $0.record(event, now: secondsSince1970()) }
        if let journal, let entry = journal.entry(event) { Journal.send(entry) }
    }

    func end(_ report: Report) {
        if let journal {
            // An item's own failure has its entry.
            if let failure = report.failure { Journal.send(journal.failure(failure.reason)) }
            Journal.send(journal.end(report))
        }
        finish(report.failureText, report.firstFailure?.failure.kind)
    }

    /// The run never began.
    func fail(_ failure: Failure) {
        if let journal { Journal.send(journal.failure(failure.reason)) }
        finish(failure.reason, failure.kind)
    }

    private func finish(_ reason: String?, _ kind: Failure.Kind?) {
        ticking.withLock { $0?.cancel() }
        let status = status.withLock { status in
            status.end(failure: reason.map(scrubber.scrub), now: secondsSince1970())
            return status
        }
        isOver.withLock { isOver in
            isOver = true
            StatusFile.end(status, scrubber)
            guard settlesReadiness else { return }
            if let kind, let reason {
                notify?.fail(scrubber.scrub(reason), kind)
            } else {
                notify?.send(["READY=1", "STATUS=\(status.line)"])
            }
        }
    }

    // MARK: While it lasts

    private func keepTelling() async {
        var told: RunStatus?
        while !Task.isCancelled {
            let now = status.withLock { $0 }
            if now != told {
                isOver.withLock { isOver in
                    guard !isOver else { return }
                    StatusFile.write(now, scrubber)
                    notify?.send(["STATUS=\(visibleLine(scrubber.scrub(now.line)))"])
                }
                told = now
            }
            try? await Task.sleep(for: .seconds(Self.pace))
        }
    }
}
