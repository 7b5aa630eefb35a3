/// What has changed in this run so far, and what an earlier, broken-off run changed without its reactions having happened.
package struct Ledger: Sendable {
    private var marks: Set<Mark> = []
    /// Resources of this run that changed, would change or ran.
    private var touched: Set<ResourceID> = []

    package init(pending: [Mark] = []) { marks = Set(pending) }

    package func has(_ mark: Mark) -> Bool { marks.contains(mark) }
    package func touched(_ id: ResourceID) -> Bool { touched.contains(id) }

    package mutating func record(_ id: ResourceID, marks new: [Mark]) {
        touched.insert(id)
        marks.formUnion(new)
    }
}
