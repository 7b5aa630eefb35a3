// The loop: plan a resource, do it or don't, record it, go on. Resource by resource, since a later one may depend
// on what an earlier one made. A dry run and an apply differ in one line: see `carryOut`.

package struct Engine: Sendable {
    package enum Event: Sendable {
        case setStarted(String)
        case configStarted(String)
        case itemStarted(ResourceID)
        case itemFinished(Report.Item)
        /// After the last item, where there is anything to wait for.
        case readinessStarted([ReadinessCheck])
        /// Another answer than before came; the checks that are still waited for.
        case waiting([WaitingCheck])
        case checkFinished(CheckResult)
    }

    let host: Host
    let mode: Report.Mode
    let waitsForUnits: Bool
    let events: @Sendable (Event) -> Void

    /// - Parameter waitsForUnits: where no config says what to wait for: whether the units that it made sure of are awaited.
    package init(
        host: Host, mode: Report.Mode, waitsForUnits: Bool = true,
        events: @escaping @Sendable (Event) -> Void = { _ in }
    ) {
        self.host = host
        self.mode = mode
        self.waitsForUnits = waitsForUnits
        self.events = events
    }

    /// Runs the document's chosen sets to their end or to the first failure, after which the rest is skipped.
    package func run(_ document: Document, only: ResourceFilter? = nil) async -> Report {
        var run = Run(engine: self, document: document)
        await run.all(document, only: only)
        return run.report
    }
}

extension Failure {
    package init(wrapping error: any Error) {
        self = error as? Failure ?? Failure(.host, "\(error)")
    }
}

/// `--only SECTION/NAME`: one item, or with `SECTION` alone all of a section.
package struct ResourceFilter: Sendable {
    private let section: String
    private let name: String?

    package init(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        section = String(parts[0])
        name = parts.count > 1 ? String(parts[1]) : nil
    }

    package func includes(_ id: ResourceID) -> Bool {
        // A file's name begins with the slash that also divides: files//etc/motd and files/etc/motd both mean it.
        id.section == section && (name == nil || id.name == name || id.name == "/" + (name ?? ""))
    }
}
