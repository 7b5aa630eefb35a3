// The document's containers by name, for what hangs on one of them: a check, a record.

struct ContainerNames: Sendable {
    private let known: [String]

    init(in document: JSONNode, _ facts: HostFacts) {
        known = ContainerRoute.containers(in: document, facts).map(\.name)
    }

    /// A host may have containers that aren't in the document; beside some that are, a name like none of theirs is likely a slip.
    func look(for name: String, at path: DocumentPath, _ diagnostics: inout Diagnostics) {
        guard !known.isEmpty, !known.contains(name) else { return }
        diagnostics.warning(
            path,
            "no config has a container \u{201C}\(name)\u{201D}, so one of that name must come from elsewhere"
                + suggestion(for: name, among: known))
    }
}
