// The run as entries of systemd's journal: `journalctl IDE_INIT_RESOURCE='files[/etc/motd]'`. Scrubbed.
// units/ide-init.catalog says more about each kind of message.

package struct JournalView: Sendable {
    package typealias Field = (name: String, value: String)

    /// MESSAGE_IDs: what `journalctl MESSAGE_ID=…` finds, and the catalog explains.
    package enum Kind: String, Sendable, CaseIterable {
        case start = "0d6fadb574644b989192753455553bf5"
        case change = "1ddc196a33a34258a455288ae745e513"
        case note = "44973b173de04dcd91f90eb501b231fc"
        case failure = "1fea481c8a334dff89ca11f195fd5bb3"
        case end = "4c47d8fb80df41d394ef2553fabd7cfd"
    }

    private let scrubber: Scrubber
    private let text: TextView

    package init(scrubber: Scrubber) {
        self.scrubber = scrubber
        text = TextView(mode: .apply, scrubber: scrubber)
    }

    package func start(_ source: String, configSets: [String]) -> [Field] {
        fields(.start, 6, "Applying \(configSets.joined(separator: ", ")) from \(source)")
    }

    /// Nil: nothing that would be worth a line.
    package func entry(_ event: Engine.Event) -> [Field]? {
        switch event {
        case .itemFinished(let item): return entry(item)
        case .checkFinished(let result) where result.outcome == .failed:
            let reason = result.failure.map { ": \($0.message)" } ?? ""
            return fields(.failure, 3, "\(result.check.id) failed\(reason)")
                + place(result.check.id, seconds: result.duration) + output(result.failure)
        default: return nil
        }
    }

    private func entry(_ item: Report.Item) -> [Field]? {
        switch item.outcome {
        case .unchanged:
            return item.note.map { fields(.note, 4, "\(item.id): \($0)") + place(item.id, seconds: item.duration) }
        case .skipped: return nil
        case .changed, .ran:
            let note = item.note.map { ": \($0)" } ?? ""
            return fields(.change, 6, "\(item.id) \(item.outcome.rawValue)\(note)") + details(item)
        case .failed:
            let reason = item.failure.map { ": \($0.message)" } ?? ""
            return fields(.failure, 3, "\(item.id) failed\(reason)") + details(item) + output(item.failure)
        }
    }

    /// A failure that isn't one of an item.
    package func failure(_ reason: String) -> [Field] { fields(.failure, 3, reason) }

    package func end(_ report: Report) -> [Field] {
        let counts = [Report.Outcome.changed, .ran, .unchanged, .skipped, .failed].compactMap { outcome in
            let count = report.count(outcome)
            return count > 0 ? "\(count) \(outcome.rawValue)" : nil
        }
        let word = report.firstFailure == nil ? "Done" : "Stopped"
        return fields(.end, 6, "\(word): \(counts.isEmpty ? "nothing to do" : counts.joined(separator: ", "))")
            + [("DURATION", seconds(report.duration))]
    }

    private func fields(_ kind: Kind, _ priority: Int, _ message: String) -> [Field] {
        [
            ("MESSAGE", scrubber.scrub(message)), ("MESSAGE_ID", kind.rawValue), ("PRIORITY", "\(priority)"),
            ("SYSLOG_IDENTIFIER", "ide-init"),
        ]
    }

    private func details(_ item: Report.Item) -> [Field] {
        let facts = text.facts(item)
        return place(item.id, seconds: item.duration)
            + [("IDE_INIT_CHANGE", item.change?.action.rawValue ?? item.outcome.rawValue)]
            + (facts.isEmpty ? [] : [("IDE_INIT_FACTS", facts.joined(separator: "\n"))])
    }

    private func place(_ id: ResourceID, seconds duration: Double) -> [Field] {
        [
            ("IDE_INIT_CONFIG", scrubber.scrub(id.config)), ("IDE_INIT_SECTION", id.section),
            ("IDE_INIT_RESOURCE", scrubber.scrub("\(id)")), ("DURATION", seconds(duration)),
            ("CODE_FUNC", "\(id.section).apply"),
        ]
    }

    private func output(_ failure: Failure?) -> [Field] {
        failure?.output.map { [("IDE_INIT_OUTPUT", scrubber.scrub($0))] } ?? []
    }

    /// With milliseconds.
    private func seconds(_ duration: Double) -> String {
        let milliseconds = Int((duration * 1000).rounded())
        let rest = String(milliseconds % 1000)
        return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    }
}
