/// Neighbouring files that don't depend on each other, to be written as one durable batch.
struct WriteBatch {
    struct Entry {
        let id: ResourceID
        let change: Change
        let write: FileWrite
        let began: Double
        /// In the report: items that were right already are told while a batch waits.
        let position: Int
    }

    /// What a batch holds in memory stays small beside what a document may be.
    private static let mostBytes = 8 << 20

    private var entries: [Entry] = []
    private var paths: Set<String> = []
    private var bytes = 0

    var isEmpty: Bool { entries.isEmpty }

    /// Whether a resource may be planned before what is in here has been written.
    func accepts(_ resource: any Resource) -> Bool {
        if isEmpty { return true }
        guard let path = resource.lonePath, bytes < Self.mostBytes, !paths.contains(path) else { return false }
        var parent = path[...]
        while let slash = parent.lastIndex(of: "/"), slash > parent.startIndex {
            parent = parent[..<slash]
            if paths.contains(String(parent)) { return false }
        }
        return true
    }

    /// The write of a change that is nothing but one.
    func write(of resource: any Resource, _ change: Change) -> FileWrite? {
        guard resource.lonePath != nil, resource.reactsTo.isEmpty, change.steps.count == 1,
            case .write(let write)? = change.steps.first
        else {
            return nil
        }
        return write
    }

    /// - Parameter position: how many items the report has by now.
    mutating func append(_ id: ResourceID, _ change: Change, _ write: FileWrite, began: Double, position: Int) {
        entries.append(
            Entry(id: id, change: change, write: write, began: began, position: position + entries.count))
        paths.insert(write.path)
        switch write.content {
        case .bytes(let content): bytes += content.count
        case .secret(let secret): bytes += secret.reveal(\.count)
        case .download: break
        }
    }

    mutating func take() -> [Entry] {
        defer { self = WriteBatch() }
        return entries
    }
}
