// Everybody who is told of an apply beside the one who started it: `ide-init status`, the service manager, the journal.

import Glibc
import InitCore
import InitLinux
import Synchronization

final class RunObserver: Sendable {
    /// Seconds between two looks at what is new: who asks wants to know what takes long.
    private static let pace = 0.25
    /// Seconds for which the service manager is asked to be patient, and after which it is asked again.
    private static let patience = (length: 60.0, renewal: 15.0)

    private let status: Mutex<RunStatus>
    private let scrubber: Scrubber
    private let notify: NotifySocket?
    private let journal: JournalView?
    private let ticking = Mutex<Task<Void, Never>?>(nil)

    /// - Parameters:
    ///   - source: for people: where the document comes from.
    ///   - items: how many there are.
    ///   - notify: nil: whether the service is ready isn't this run's to say.
    init(source: String, configSets: [String], items: Int, scrubber: Scrubber, notify: NotifySocket?) {
        status = Mutex(
            RunStatus(
                source: source, configSets: configSets, items: items, started: secondsSince1970(),
                process: Int(getpid()), processStart: StatusFile.processStart(getpid()) ?? ""))
        self.scrubber = scrubber
        self.notify = notify
        journal = Journal.isThere ? JournalView(scrubber: scrubber) : nil
    }

    convenience init(_ loaded: LoadedDocument, notify: NotifySocket?) {
        self.init(
            source: loaded.name, configSets: loaded.document.sets.map(\.name),
            items: loaded.document.sets.flatMap(\.configs).map(\.resources.count).reduce(0, +),
            scrubber: loaded.scrubber, notify: notify)
    }

    // MARK: One run

    func begin() {
        if let journal {
            let status = status.withLock { $0 }
            Journal.send(journal.start(status.source, configSets: status.configSets))
        }
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
        StatusFile.write(status, scrubber)
        guard let notify else { return }
        guard let kind, let reason else { return notify.send(["READY=1", "STATUS=\(status.line)"]) }
        notify.send([
            "STOPPING=1", "STATUS=failed: \(visible(scrubber.scrub(reason)))", "ERRNO=\(kind.errorNumber)",
            "EXIT_STATUS=\(ExitCode(kind).rawValue)",
        ])
    }

    // MARK: While it lasts

    private func keepTelling() async {
        var told: RunStatus?
        var extended = -Double.infinity
        while !Task.isCancelled {
            let now = status.withLock { $0 }
            if now != told {
                StatusFile.write(now, scrubber)
                notify?.send(["STATUS=\(visible(scrubber.scrub(now.line)))"])
                told = now
            }
            if notify != nil, monotonicSeconds() - extended > Self.patience.renewal {
                extended = monotonicSeconds()
                notify?.send(["EXTEND_TIMEOUT_USEC=\(Int(Self.patience.length * 1e6))"])
            }
            try? await Task.sleep(for: .seconds(Self.pace))
        }
    }
}

extension Failure.Kind {
    /// The nearest of errno(3), for a service manager.
    fileprivate var errorNumber: Int32 {
        switch self {
        case .usage, .invalidDocument: EINVAL
        case .locked: EBUSY
        case .timedOut: ETIMEDOUT
        case .stopped: EINTR
        case .unreadable: EACCES
        case .network: EHOSTUNREACH
        case .refused: EPROTO
        case .commandFailed, .host: EIO
        }
    }
}
