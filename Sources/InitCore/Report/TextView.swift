// The report for people: one line an item, its facts below, a summary. Scrubbed, and safe for a terminal.

package struct TextView: Sendable {
    private let mode: Report.Mode
    private let style: TextStyle
    private let showsDiff: Bool
    private let scrubber: Scrubber

    package init(mode: Report.Mode, style: TextStyle = .plain, showsDiff: Bool = false, scrubber: Scrubber = Scrubber())
    {
        self.mode = mode
        self.style = style
        self.showsDiff = showsDiff
        self.scrubber = scrubber
    }

    /// The lines of one item; none for what is right already.
    package func lines(_ item: Report.Item) -> [String] {
        guard item.outcome != .unchanged || item.note != nil else { return [] }
        var lines = ["\(glyph(item)) \(style.bold(clean("\(item.id)")))\(words(item))"]
        if item.outcome == .changed || item.outcome == .ran || item.outcome == .failed {
            lines += facts(item).map { "    " + $0 }
        }
        switch item.change?.certainty {
        case .knownAfter(let what)? where mode == .plan: lines.append("    " + style.dim(clean("known after \(what)")))
        case .unanswered(let why)? where mode == .plan: lines.append("    " + style.dim(clean("unknown: \(why)")))
        default: break
        }
        return lines.map { "  " + $0 }
    }

    /// What there was of it, and what there is then.
    func facts(_ item: Report.Item) -> [String] { (item.change?.facts ?? []).flatMap(lines) }

    private func glyph(_ item: Report.Item) -> String {
        switch item.outcome {
        case .unchanged: return style.yellow("!")
        case .skipped: return style.dim("·")
        case .failed: return style.red("✗")
        case .ran: return style.cyan(">")
        case .changed:
            switch item.change?.action {
            case .create: return style.green("+")
            case .remove: return style.red("-")
            case .run: return style.cyan(">")
            default: return style.yellow("~")
            }
        }
    }

    private func words(_ item: Report.Item) -> String {
        let time = item.duration >= 0.1 && mode == .apply ? ", \(durationText(item.duration))" : ""
        let note = item.note.map { ": \(clean($0))" } ?? ""
        switch item.outcome {
        case .unchanged: return note
        case .skipped: return " skipped\(note)"
        case .failed: return " failed\(time)"
        case .ran: return (mode == .plan ? " would run" : " ran") + time + note
        case .changed:
            guard mode == .apply else { return item.change.map { " would be \(Self.done($0.action))" } ?? "" }
            return (item.change.map { " \(Self.done($0.action))" } ?? " changed") + time + note
        }
    }

    private static func done(_ action: Change.Action) -> String {
        switch action {
        case .create: "created"
        case .update: "changed"
        case .remove: "removed"
        case .run: "run"
        case .restart: "restarted"
        }
    }

    // MARK: Readiness

    /// None for a unit that nobody asked for and that was ready at once.
    package func lines(_ result: CheckResult) -> [String] {
        let check = result.check
        guard !check.isImplicit || result.tries > 1 || result.outcome == .failed else { return [] }
        let tries = result.tries > 1 ? ", \(result.tries) tries" : ""
        let time = result.duration >= 0.1 ? ", \(durationText(result.duration))" : ""
        let (glyph, words) =
            switch result.outcome {
            case .planned:
                (
                    style.cyan("?"),
                    " would wait for \(shortened(clean("\(check.target)"))) (\(durationText(check.timeout)) at most)"
                )
            case .ready: (style.green("✓"), " ready\(time)\(tries)")
            case .failed: (style.red("✗"), " failed\(time)\(tries)")
            case .skipped: (style.dim("·"), " skipped\(result.note.map { ": \(clean($0))" } ?? "")")
            }
        return ["  \(glyph) \(style.bold(clean("\(check.id)")))\(words)"]
    }

    // MARK: Facts

    private func lines(_ fact: Fact) -> [String] {
        if showsDiff, case .content(let new) = fact.after, let diff = diff(fact.before, new) {
            return ["\(clean(fact.name)):"] + diff.map { "  " + $0 }
        }
        switch (fact.before, fact.after) {
        case (.concealed, .concealed): return ["\(clean(fact.name)): differs \(Secret.placeholder)"]
        case (.absent, let after): return spread(fact.name, text(after))
        case (let before, let after): return spread(fact.name, "\(text(before)) → \(text(after))")
        }
    }

    /// A value of several lines stands below its name.
    private func spread(_ name: String, _ value: String) -> [String] {
        let lines = scrubber.scrub(value).split(separator: "\n", omittingEmptySubsequences: false).map {
            clean(String($0))
        }
        guard lines.count > 1 else { return ["\(clean(name)): \(shortened(lines.first ?? ""))"] }
        let most = 6
        let shown = lines.prefix(most).map { "  | " + shortened($0) }
        return ["\(clean(name)):"] + shown + (lines.count > most ? ["  | … (\(lines.count - most) more lines)"] : [])
    }

    /// The whole is in the document and in the JSON view.
    private func shortened(_ line: String) -> String {
        let most = 200
        return line.count > most ? line.prefix(most) + "…" : line
    }

    private func text(_ value: Fact.Value) -> String {
        switch value {
        case .absent: "absent"
        case .text(let text): text
        case .content(let bytes): bytes.count == 1 ? "1 byte" : "\(bytes.count) bytes"
        case .concealed: Secret.placeholder
        case .unknown(let why): "(\(why))"
        }
    }

    private func diff(_ before: Fact.Value, _ new: [UInt8]) -> [String]? {
        var old: [UInt8] = []
        switch before {
        case .content(let bytes): old = bytes
        case .absent: break
        case .text, .concealed, .unknown: return nil
        }
        let isNew = before == .absent
        guard let text = unifiedDiff(from: old, to: new, oldName: isNew ? "/dev/null" : "now", newName: "then") else {
            return nil
        }
        return scrubber.scrub(text).split(separator: "\n").map { line in
            switch line.first {
            case "+": style.green(String(line))
            case "-": style.red(String(line))
            case "@": style.cyan(String(line))
            default: String(line)
            }
        }
    }

    // MARK: Whole report

    package func summary(_ report: Report) -> [String] {
        var lines: [String] = []
        if let (subject, failure) = report.firstFailure {
            let text = (subject.map { "\($0): " } ?? "") + failure.message
            let parts = text.split(separator: "\n").map { clean(String($0)) }
            lines.append(style.red("Failed") + ": " + (parts.first ?? ""))
            lines += parts.dropFirst().map { "    " + $0 }
            if let output = failure.output {
                lines += output.split(separator: "\n").map { "    | " + clean(String($0)) }
            }
            // Those that failed beside it.
            for item in report.items where item.outcome == .failed && "\(item.id)" != subject {
                guard let failure = item.failure else { continue }
                lines.append("    \(item.id): " + clean(failure.message.split(separator: "\n").joined(separator: " ")))
            }
        }
        let counts: [(Report.Outcome, String)] = [
            (.changed, mode == .plan ? "to change" : "changed"), (.ran, mode == .plan ? "to run" : "ran"),
            (.unchanged, "already right"), (.skipped, "skipped"), (.failed, "failed"),
        ]
        let checks: [(CheckResult.Outcome, String)] = [
            (.planned, "to wait for"), (.ready, "ready"), (.failed, "not ready"),
        ]
        let asked = report.readiness.filter { !$0.check.isImplicit || $0.outcome == .failed }
        let parts =
            counts.map { (report.count($0), $1) }
            + checks.map { outcome, word in (asked.count { $0.outcome == outcome }, word) }
        let told = parts.filter { $0.0 > 0 }.map { "\($0) \($1)" }
        let head = mode == .plan ? "Plan" : report.firstFailure == nil ? "Done" : "Stopped"
        let time = mode == .apply ? " in \(durationText(report.duration))" : ""
        lines.append("\(style.bold(head)): \(told.isEmpty ? "nothing to do" : told.joined(separator: ", "))\(time).")
        return lines
    }

    package func line(_ diagnostic: Diagnostic) -> String {
        let word = diagnostic.severity == .warning ? style.yellow("warning") : style.red("error")
        return "\(word): \(clean(diagnostic.line))"
    }

    /// Scrubbed, and without a control character of somebody else's.
    package func clean(_ text: String) -> String { visible(scrubber.scrub(text)) }
}

/// Colours, or none.
package struct TextStyle: Sendable {
    package static let plain = TextStyle(isColoured: false)
    package static let coloured = TextStyle(isColoured: true)

    let isColoured: Bool

    private func paint(_ code: Int, _ text: String) -> String { isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }

    func bold(_ text: String) -> String { paint(1, text) }
    func dim(_ text: String) -> String { paint(2, text) }
    func red(_ text: String) -> String { paint(31, text) }
    func green(_ text: String) -> String { paint(32, text) }
    func yellow(_ text: String) -> String { paint(33, text) }
    func cyan(_ text: String) -> String { paint(36, text) }
}
