// Wished-for records held against a zone: what is ours may be changed, what is somebody else's not without "adopt".

/// Who asks.
struct Claimant: Sendable, Equatable {
    let owner: String
    let instance: String
    let config: String

    /// The same owner's on another machine; and this machine's own, though the document has named another owner since.
    func mayReplace(_ mark: RecordMark) -> Bool { mark.owner == owner || mark.instance == instance }

    func mark(_ type: String) -> RecordMark {
        RecordMark(owner: owner, instance: instance, config: config, type: type)
    }
}

struct ZoneComparison: Sendable {
    private(set) var edits: ZoneEdits
    private let zone: String
    private let claimant: Claimant
    private var refusals: [String] = []
    /// As many as a person reads.
    private static let mostTold = 5

    init(_ listing: ZoneListing, _ zone: String, _ claimant: Claimant) {
        edits = ZoneEdits(listing)
        self.zone = zone
        self.claimant = claimant
    }

    mutating func wish(_ record: WishedRecord) {
        let set = record.set
        let cname = RecordType.cname.rawValue
        // Nothing can stand beside a CNAME.
        let others = edits.records(at: set.name).filter {
            $0.type != set.type && ($0.type == cname || set.type == cname)
        }
        let all = (edits.record(set.name, set.type).map { [$0] } ?? []) + others
        let why = all.compactMap { refusal(of: $0, record) }
        guard why.isEmpty else {
            refusals += why
            return
        }
        for other in others { edits.remove(other.name, other.type) }
        edits.put(set, claimant.mark(set.type))
    }

    /// It isn't to be there just now. What another machine has made of it is that machine's.
    mutating func withdraw(_ record: WishedRecord) {
        guard let mark = edits.mark(record.set.name, record.set.type), mark.owner == claimant.owner,
            mark.instance == claimant.instance
        else { return }
        edits.remove(record.set.name, record.set.type)
    }

    private func refusal(of found: DNSRecordSet, _ record: WishedRecord) -> String? {
        if let peculiarity = found.peculiarity {
            return "\(found.label) is \(peculiarity), which isn't changed here; remove it first, or take another name"
        }
        guard RecordType(rawValue: found.type) != nil else {
            return "\(found.label) is the zone's own, and nothing can stand beside a CNAME"
        }
        let mark = edits.mark(found.name, found.type)
        if record.adopts || mark.map(claimant.mayReplace) ?? false { return nil }
        let whose =
            mark.map { "belongs to \($0.owner), made by \($0.instance)" }
            ?? "is there already, and not made by ide-init"
        return "\(found.label) (\(found.text)) \(whose)"
    }

    /// - Throws: `Failure` that names what is somebody else's.
    func refuse() throws {
        guard !refusals.isEmpty else { return }
        let more = refusals.count - Self.mostTold
        throw Failure(
            .refused,
            refusals.prefix(Self.mostTold).joined(separator: "; ") + (more > 0 ? "; and \(more) more" : "")
                + ". To take it over from whoever made it, write \"adopt\": true beside the record")
    }
}
