/// What has changed in this run so far, what would have in a dry run, and what an earlier, broken-off run changed
/// without its reactions having happened.
package struct Ledger: Sendable {
    private var marks: Set<Mark>
    /// Resources that would change but haven't: only a dry run has some.
    private var awaited: [ResourceID] = []

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

    package mutating func record(_ id: ResourceID, marks new: [Mark], happened: Bool) {
        marks.formUnion(new)
        if !happened { awaited.append(id) }
    }
}
