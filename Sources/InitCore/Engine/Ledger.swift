/// What has changed in this run so far, what would have in a dry run, and what an earlier, broken-off run changed
/// without its reactions having happened.
package struct Ledger: Sendable {
    private var marks: Set<Mark> = []
    /// From earlier runs.
    private var due: Set<DueReaction>
    /// A config may run again, and marks that all configs see are still there then.
    private var done: Set<DueReaction> = []
    /// Resources that would change but haven't: only a dry run has some.
    private var awaited: [(id: ResourceID, marks: [Mark])] = []
    /// Marks of a dry run that may turn out not to be (a download with the same content).
    private var doubtful: [Mark: ResourceID] = [:]

    package init(due: [DueReaction] = []) { self.due = Set(due) }

    /// A config's reactors look at its own pass only; what is due from earlier runs has had its chance.
    package mutating func endConfig(_ name: String) {
        marks = marks.filter { $0.config != name }
        due = due.filter { $0.mark.config != name }
    }

    package func has(_ mark: Mark) -> Bool { marks.contains(mark) }

    /// The changes on which a resource has yet to act, in the order in which it names them.
    package func due(_ resource: some Resource) -> [Mark] {
        resource.reactsTo.filter { mark in
            let reaction = DueReaction(mark, by: resource.id)
            return due.contains(reaction) || marks.contains(mark) && !done.contains(reaction)
        }
    }

    package mutating func acted(_ resource: any Resource) {
        for mark in resource.reactsTo where mark.isEverywhere {
            let reaction = DueReaction(mark, by: resource.id)
            due.remove(reaction)
            done.insert(reaction)
        }
    }

    /// The first resource of these sections that this run would have changed by now; a later one's answer may hang on it.
    package func awaits(_ sections: String...) -> ResourceID? { awaits(sections) }

    package func awaits(_ sections: [String]) -> ResourceID? {
        awaited.first { sections.contains($0.id.section) }?.id
    }

    package func awaits(_ section: String, _ name: String) -> ResourceID? {
        awaited.first { $0.id.section == section && $0.id.name == name }?.id
    }

    /// The first of that section that would have announced such a change by now.
    package func awaits(_ section: String, change isMeant: (String) -> Bool) -> ResourceID? {
        awaited.first { $0.id.section == section && $0.marks.contains { isMeant($0.name) } }?.id
    }

    /// Whether this very one would have changed.
    package func awaits(_ id: ResourceID) -> Bool { awaited.contains { $0.id == id } }

    /// The item on which it hangs whether all of these changes happen at all, if it does.
    package func doubt(of marks: [Mark]) -> ResourceID? {
        let doubts = marks.map { doubtful[$0] }
        return doubts.contains(nil) ? nil : doubts.first ?? nil
    }

    package mutating func record(_ id: ResourceID, _ change: Change, happened: Bool) {
        marks.formUnion(change.marks)
        done = done.filter { !change.marks.contains($0.mark) }
        for mark in change.marks { doubtful[mark] = happened || change.certainty == .certain ? nil : id }
        if !happened { awaited.append((id, change.marks)) }
    }
}
