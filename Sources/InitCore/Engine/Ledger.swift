/// What has changed in this run so far, what would have in a dry run, and what an earlier, broken-off run changed
/// without its reactions having happened.
package struct Ledger: Sendable {
    private var marks: Set<Mark>
    /// Resources that would change but haven't: only a dry run has some.
    private var awaited: [ResourceID] = []
    /// Marks of a dry run that may turn out not to be (a download with the same content).
    private var doubtful: [Mark: ResourceID] = [:]

    package init(pending: [Mark] = []) { marks = Set(pending) }

    /// A config's reactors look at its own pass only; what is due from earlier runs has had its chance.
    package mutating func endConfig(_ name: String) { marks = marks.filter { $0.config != name } }

    package func has(_ mark: Mark) -> Bool { marks.contains(mark) }

    /// The first resource of these sections that this run would have changed by now; a later one's answer may hang on it.
    package func awaits(_ sections: String...) -> ResourceID? {
        awaited.first { sections.contains($0.section) }
    }

    package func awaits(_ section: String, _ name: String) -> ResourceID? {
        awaited.first { $0.section == section && $0.name == name }
    }

    /// The item on which it hangs whether all of these changes happen at all, if it does.
    package func doubt(of marks: [Mark]) -> ResourceID? {
        let doubts = marks.map { doubtful[$0] }
        return doubts.contains(nil) ? nil : doubts.first ?? nil
    }

    package mutating func record(_ id: ResourceID, _ change: Change, happened: Bool) {
        marks.formUnion(change.marks)
        for mark in change.marks { doubtful[mark] = happened || change.certainty == .certain ? nil : id }
        if !happened { awaited.append(id) }
    }
}
