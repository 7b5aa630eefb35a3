// A run as its caller sees it: lines as it goes and a summary, or JSON at the end.

import InitCore

struct RunView: Sendable {
    private let terminal: Terminal
    private let view: TextView
    private let errorView: TextView
    /// Nil: lines.
    private let json: JSONView?

    init(_ terminal: Terminal, _ mode: Report.Mode, showsDiff: Bool = false, isJSON: Bool = false, scrubber: Scrubber) {
        self.terminal = terminal
        view = TextView(mode: mode, style: terminal.style(.output), showsDiff: showsDiff, scrubber: scrubber)
        errorView = TextView(mode: mode, style: terminal.style(.errors), scrubber: scrubber)
        json = isJSON ? JSONView(scrubber: scrubber, showsDiff: showsDiff) : nil
    }

    func warn(_ document: Document) {
        guard json == nil else { return }
        for warning in document.diagnostics.warnings { terminal.print(errorView.line(warning), to: .errors) }
    }

    @Sendable func show(_ event: Engine.Event) {
        guard json == nil else { return }
        switch event {
        case .setStarted: break
        case .configStarted(let name): terminal.printOutsideJournal(view.clean(name))
        case .itemStarted(let id): terminal.pass("  … \(view.clean("\(id)"))")
        case .itemFinished(let item): for line in view.lines(item) { terminal.printOutsideJournal(line) }
        case .readinessStarted(let checks):
            if !checks.allSatisfy(\.isImplicit) { terminal.printOutsideJournal(Readiness.key) }
        case .waiting(let checks): terminal.pass("  … \(view.clean(checks.text))")
        case .checkFinished(let result): for line in view.lines(result) { terminal.printOutsideJournal(line) }
        }
    }

    func show(_ report: Report) {
        terminal.clear()
        if let json { return terminal.write(json.text(report)) }
        for line in view.summary(report) { terminal.printOutsideJournal(line) }
    }
}
