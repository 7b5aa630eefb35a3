// Beside each record of ours stands a TXT that says whose it is: `_ide-init.NAME`, a string for each type of record at NAME.

/// Whose a record is.
struct RecordMark: Sendable, Hashable {
    private static let opening = "ide-init"
    static let label = "_ide-init"
    /// Seconds: of no one's concern but ours.
    static let ttl = 300

    /// Who may change it: the section's `owner`, else `STACK/RESOURCE`.
    var owner: String
    /// The machine that made it.
    var instance: String
    var config: String
    var type: String

    init(owner: String, instance: String, config: String, type: String) {
        self.owner = owner
        self.instance = instance
        self.config = config
        self.type = type
    }

    /// Where the mark of a record stands.
    static func name(of name: DNSName) -> DNSName {
        DNSName(told: "\(label)." + (name.isWildcard ? "_star." + name.parent.description : name.description))
    }

    /// Of what record a mark of this name would be; nil: it is no mark's name.
    static func recordName(of name: DNSName) -> DNSName? {
        guard name.labels.count > 2, name.labels[0] == label else { return nil }
        let rest = name.parent
        return rest.labels[0] == "_star" ? DNSName(told: "*.\(rest.parent)") : rest
    }

    /// As a TXT's value.
    var value: String {
        let fields = [("owner", owner), ("instance", instance), ("config", config), ("type", type)]
        return CharacterStrings(
            ([Self.opening] + fields.map { "\($0)=\(percentEncoded($1, keeping: "/"))" }).joined(separator: " ")
        ).text
    }

    /// Nil for anything but a mark.
    init?(value: String) {
        let text = String(decoding: CharacterStrings(value).strings.joined(), as: UTF8.self)
        var words = text.split(separator: " ")[...]
        guard words.popFirst() == Self.opening[...] else { return nil }
        var fields: [Substring: String] = [:]
        for word in words {
            let halves = word.split(separator: "=", maxSplits: 1)
            if halves.count == 2 { fields[halves[0]] = percentDecoded(String(halves[1])) }
        }
        guard let owner = fields["owner"], let instance = fields["instance"], let type = fields["type"] else {
            return nil
        }
        self.init(owner: owner, instance: instance, config: fields["config"] ?? "", type: type)
    }
}

extension DNSRecordSet {
    var marks: [RecordMark] { type == "TXT" ? values.compactMap(RecordMark.init(value:)) : [] }

    /// The same with these marks in place of its own; whatever else stands there stays.
    func replacingMarks(by marks: [RecordMark]) -> DNSRecordSet {
        var set = self
        set.values = values.filter { RecordMark(value: $0) == nil } + marks.map(\.value)
        return set
    }
}
