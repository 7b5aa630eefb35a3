// What is to be done in a zone so that its list looks as wished: a record and its mark always in one batch.

struct ZoneEdits: Sendable {
    private let sets: [DNSName: [DNSRecordSet]]
    private var edits: [DNSName: [DNSChange.Edit]] = [:]
    /// Marks as they are to be, by the record's name.
    private var marks: [DNSName: [RecordMark]] = [:]
    /// Names in the order in which they were first touched.
    private var names: [DNSName] = []
    /// A line for each record.
    private(set) var facts: [Fact] = []

    init(_ listing: ZoneListing) {
        sets = Dictionary(grouping: listing.sets, by: \.name)
    }

    // MARK: As it is

    /// What stands at a name, but for marks.
    func records(at name: DNSName) -> [DNSRecordSet] { sets[name] ?? [] }

    func record(_ name: DNSName, _ type: String) -> DNSRecordSet? { records(at: name).first { $0.type == type } }

    /// Whose the records at a name are.
    func marks(at name: DNSName) -> [RecordMark] { markSet(name)?.marks ?? [] }

    func mark(_ name: DNSName, _ type: String) -> RecordMark? { marks(at: name).first { $0.type == type } }

    private func markSet(_ name: DNSName) -> DNSRecordSet? { record(RecordMark.name(of: name), "TXT") }

    // MARK: As it is to be

    /// Makes it so, unless it is.
    mutating func put(_ wished: DNSRecordSet, _ mark: RecordMark) {
        let found = record(wished.name, wished.type)
        let isSame = found.map { $0.means(wished) } ?? false
        let old = self.mark(wished.name, wished.type)
        if isSame, old == mark { return }
        touch(wished.name)
        if !isSame {
            if let found { edits[wished.name]?.append(.init(.delete, found)) }
            edits[wished.name]?.append(.init(.create, wished))
        }
        marks[wished.name]?.removeAll { $0.type == wished.type }
        marks[wished.name]?.append(mark)
        let after = isSame ? "\(wished.text), made by \(mark.instance)" : wished.text
        let before = isSame ? "\(wished.text), made by \(old?.instance ?? "somebody else")" : found?.text
        facts.append(Fact(wished.label, before, after))
    }

    mutating func remove(_ name: DNSName, _ type: String) {
        guard record(name, type) != nil || mark(name, type) != nil else { return }
        touch(name)
        marks[name]?.removeAll { $0.type == type }
        guard let found = record(name, type) else { return }
        // Somebody has put it in our record's place. What isn't just values can't be said back, and one such edit spoils its batch.
        if let peculiarity = found.peculiarity {
            facts.append(Fact(found.label, "marked as ours", "left: \(peculiarity)"))
            return
        }
        edits[name]?.append(.init(.delete, found))
        facts.append(Fact(found.label, .text(found.text), .absent))
    }

    private mutating func touch(_ name: DNSName) {
        guard edits[name] == nil else { return }
        names.append(name)
        edits[name] = []
        marks[name] = marks(at: name)
    }

    /// As few as can be; empty: nothing is to be done.
    var batches: [[DNSChange.Edit]] {
        RecordBatches.batches(
            names.map { name in
                let all = (edits[name] ?? []) + markEdits(name)
                return all.filter { $0.action == .delete } + all.filter { $0.action == .create }
            })
    }

    private func markEdits(_ name: DNSName) -> [DNSChange.Edit] {
        let wished = marks[name] ?? []
        guard Set(wished) != Set(marks(at: name)) else { return [] }
        let found = markSet(name)
        let base = found ?? DNSRecordSet(RecordMark.name(of: name), "TXT", ttl: RecordMark.ttl, values: [])
        let new = base.replacingMarks(by: wished)
        return (found.map { [.init(.delete, $0)] } ?? []) + (new.values.isEmpty ? [] : [.init(.create, new)])
    }
}

extension DNSRecordSet {
    /// For people: `dev.example.com A`.
    var label: String { "\(name) \(type)" }

    var text: String { peculiarity ?? values.joined(separator: ", ") + " (\(ttl) s)" }

    /// Whether it is the same to whoever asks for it.
    package func means(_ other: DNSRecordSet) -> Bool {
        ttl == other.ttl && peculiarity == nil && other.peculiarity == nil
            && Set(values.map { RecordType.canonical($0, type) })
                == Set(other.values.map { RecordType.canonical($0, type) })
    }
}
