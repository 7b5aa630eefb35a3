// Reactions aren't lost: what a reactor waits for is kept on disk before the change is made, until that reactor has acted.
// A run that is killed between a file and its service's restart leaves the restart to the next run; so does one that doesn't
// include the config in which the service stands.

struct Reactions {
    private let store: PendingStore
    /// Who acts on a mark, in all of the document's configs.
    private let reactors: [Mark: [ResourceID]]
    private var due: Set<DueReaction> = []

    init(_ document: Document, store: PendingStore) {
        self.store = store
        reactors = document.reactors
    }

    mutating func load() throws -> [DueReaction] {
        // What another document is waiting for is kept for it.
        let reactions = try store.load()
        due = Set(reactions)
        return reactions
    }

    /// Called before a change: durable when it returns.
    mutating func announce(_ marks: [Mark]) throws {
        let new = marks.flatMap { mark in (reactors[mark] ?? []).map { DueReaction(mark, by: $0) } }
            .filter { !due.contains($0) }
        guard !new.isEmpty else { return }
        due.formUnion(new)
        try save()
    }

    /// A reactor has done its part.
    mutating func acted(_ resource: any Resource) throws {
        let done = resource.reactsTo.map { DueReaction($0, by: resource.id) }.filter(due.contains)
        guard !done.isEmpty else { return }
        due.subtract(done)
        try save()
    }

    private func save() throws {
        try store.save(due.sorted { $0.sortKey.lexicographicallyPrecedes($1.sortKey) })
    }
}

extension DueReaction {
    fileprivate var sortKey: [String] {
        [mark.config, mark.section, mark.name, reactor.config, reactor.section, reactor.name]
    }
}
