// Reactions aren't lost: what a reactor waits for is kept on disk before the change is made, until every reactor has acted.
// A run that is killed between a file and its service's restart leaves the restart to the next run.

struct Reactions {
    private let store: PendingStore
    /// Who still has to act on a mark in this document.
    private var waiting: [Mark: Set<ResourceID>] = [:]
    private var pending: Set<Mark> = []

    init(_ document: Document, store: PendingStore) {
        self.store = store
        for set in document.sets {
            for config in set.configs {
                for resource in config.resources {
                    for mark in resource.reactsTo { waiting[mark, default: []].insert(resource.id) }
                }
            }
        }
    }

    mutating func load() throws -> [Mark] {
        // What another document is waiting for is kept for it.
        let marks = try store.load()
        pending = Set(marks)
        return marks
    }

    /// Called before a change: durable when it returns.
    mutating func announce(_ marks: [Mark]) throws {
        let new = marks.filter { waiting[$0] != nil && !pending.contains($0) }
        guard !new.isEmpty else { return }
        pending.formUnion(new)
        try save()
    }

    /// A reactor has done its part.
    mutating func acted(_ resource: any Resource, _ mode: Report.Mode) throws {
        guard mode == .apply, !resource.reactsTo.isEmpty, !pending.isEmpty else { return }
        var done = false
        for mark in resource.reactsTo where pending.contains(mark) {
            waiting[mark]?.remove(resource.id)
            guard waiting[mark]?.isEmpty ?? true else { continue }
            pending.remove(mark)
            done = true
        }
        if done { try save() }
    }

    private func save() throws {
        try store.save(
            pending.sorted { ($0.config, $0.section, $0.name) < ($1.config, $1.section, $1.name) })
    }
}
