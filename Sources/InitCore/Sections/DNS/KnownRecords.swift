// Where to look for records of ours: a file for each zone, written before the zone is changed. It tells no more than that: whose a
// record is tells its mark.

package struct KnownRecord: Sendable, Hashable {
    package var name: DNSName
    package var type: String
    package var config: String
    /// As in ownership marks: the document that wished for it.
    package var document: String
    /// As in its own mark.
    package var owner: String

    /// Whether the other can't stand beside it.
    func replaces(_ other: KnownRecord) -> Bool {
        name == other.name && (type == other.type || [type, other.type].contains(RecordType.cname.rawValue))
    }

    /// As a resource of the section says what it makes.
    package static func item(zone: String, _ name: DNSName, _ type: String) -> String { "\(zone) \(name) \(type)" }
}

package struct KnownRecords: Sendable, Equatable {
    package static let folder = "/var/lib/ide-init/zones"

    package let zone: String
    package var records: Set<KnownRecord> = []

    package static func path(_ zone: String) -> String { "\(folder)/\(zone).json" }

    /// For those who may not ask for a zone any more, or change it.
    package static func wayOut(_ zone: String) -> String {
        "remove \(path(zone)), to leave those records where they are"
    }

    /// Zones of which there is a file.
    package static func zones(_ probe: Probe) throws -> [String] {
        try probe.names(folder).compactMap { $0.hasSuffix(".json") ? String($0.dropLast(5)) : nil }
            .filter { !$0.hasPrefix(".") }
    }

    /// - Throws: `Failure` where the file is damaged, or can't be read.
    package init(of zone: String, _ probe: Probe) throws {
        self.zone = zone
        let path = Self.path(zone)
        guard try probe.status(path) != nil else { return }
        guard let value = try? JSONParser.parse(try probe.read(path), name: path).value,
            let list = JSONNode(value)["records"], list.isList
        else {
            throw Failure(
                .host,
                "\(path) is damaged; remove it: records of zone \(zone) that are no longer listed then stay there")
        }
        for node in list.items {
            func text(_ key: String) -> String { if case .string(let text)? = node[key]?.value { text } else { "" } }
            records.insert(
                KnownRecord(
                    name: DNSName(told: text("name")), type: text("type"), config: text("config"),
                    document: text("document"), owner: text("owner")))
        }
    }

    /// What brings the file about; readable by all, as the zone itself is.
    /// - Parameter found: as it is.
    func steps(from found: KnownRecords, _ probe: Probe) throws -> [Step] {
        guard records != found.records else { return [] }
        let path = Self.path(zone)
        guard !records.isEmpty else { return [.remove(path: path)] }
        let state = "/var/lib/ide-init"
        let folders: [Step] = try [(state, UInt16(0o711)), (Self.folder, UInt16(0o755))].compactMap { folder, mode in
            guard try probe.status(folder) == nil else { return nil }
            return .makeDirectory(path: folder, mode: mode, owner: 0, group: 0)
        }
        return folders + [.write(FileWrite(path, .bytes(bytes), mode: 0o644, owner: 0, group: 0, keepsBackup: false))]
    }

    private var bytes: [UInt8] {
        let sorted = records.sorted { ($0.name.sortKey, $0.type, $0.config) < ($1.name.sortKey, $1.type, $1.config) }
        let list = sorted.map { record in
            JSONValue.object(
                JSONObject(
                    [
                        ("name", record.name.description), ("type", record.type), ("config", record.config),
                        ("document", record.document), ("owner", record.owner),
                    ].map { ($0, .string($1)) }))
        }
        return Array(JSONValue.object(JSONObject([("records", .array(list))])).prettyText(indent: 2).utf8)
    }
}
