// dns: {owner?, ZONE: {NAME: {type?, ttl?, value, container?, adopt?, count?} or a list of those}}. A zone's records are one resource.
// Where a template's parameters name them, which can't be keys, a label stands for each: {LABEL: {zone: ZONE, LABEL: {name: NAME, …}}}.

let dnsSection = SectionType(key: "dns", takesFacts: true, sweep: { ZoneSweep(scope: $0) }) { input, diagnostics in
    var zones: [any Resource] = []
    var seen: Set<String> = []
    let owner = RecordOwner.read(input, &diagnostics)
    let containers = ContainerNames(in: input.document, input.facts)
    for (key, node) in input.sortedItems(&diagnostics) where key != RecordOwner.key {
        let named = WishedRecords.zone(node)
        guard let id = named.map({ $0.text(&diagnostics, wanted: "a hosted zone's id") }) ?? key,
            let zone = hostedZone(id, at: named?.path ?? node.path, &diagnostics)
        else { continue }
        guard seen.insert(zone).inserted else {
            diagnostics.error(node.path, "hosted zone \(zone) stands here twice; put its records together")
            continue
        }
        let records = WishedRecords.read(node, input.facts, containers, &diagnostics)
        guard let owner, !records.isEmpty else { continue }
        zones.append(
            ZoneResource(id: input.id(zone), zone: zone, owner: owner, document: input.owner, records: records))
    }
    // First: what is made is to be taken away at the end, come what may.
    return zones.isEmpty ? [] : DNSUnit.resources(input) + zones
}

/// - Returns: the id as calls take it; nil: it is none.
private func hostedZone(_ key: String, at path: DocumentPath, _ diagnostics: inout Diagnostics) -> String? {
    let prefix = "/hostedzone/"
    let zone = key.hasPrefix(prefix) ? String(key.dropFirst(prefix.count)) : key
    let isPlain = zone.utf8.allSatisfy {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
    }
    if zone.hasPrefix("Z"), isPlain, (2...32).contains(zone.utf8.count) { return zone }
    let advice =
        key.contains(".")
        ? ": aws route53 list-hosted-zones-by-name --dns-name \(key) --max-items 1"
        : suggestion(for: key, among: [RecordOwner.key])
    diagnostics.error(
        path, "\u{201C}\(key)\u{201D} is no hosted zone's id; one like Z0123456789ABCDEFGHIJ is wanted\(advice)")
    return nil
}

/// By what the next machine knows the records for its own.
private enum RecordOwner {
    static let key = "owner"
    private static let longest = 128

    /// Nil: there is none.
    static func read(_ input: SectionInput, _ diagnostics: inout Diagnostics) -> String? {
        guard let node = input.node.given(key) else {
            // A file's path is the same on many machines.
            guard input.owner == "-" || input.owner.hasPrefix("/") else { return input.owner }
            diagnostics.error(
                input.node.path,
                "the records need an owner, by which the next machine knows them for its own; a stack's resource is one, but this document comes from no stack: write \"owner\": \"NAME\" beside the zones"
            )
            return nil
        }
        guard let text = node.counted(key, input.facts, &diagnostics).first?.node.text(&diagnostics) else { return nil }
        guard (1...longest).contains(text.utf8.count), text.unicodeScalars.allSatisfy({ $0.value >= 0x20 }) else {
            diagnostics.error(node.path, "an owner is a name of 1 to \(longest) characters in one line")
            return nil
        }
        return text
    }
}

private enum WishedRecords {
    private static let keys = ["name", "type", "ttl", "value", "container", "adopt", "count"]
    /// Seconds. An address that changes with each start of a machine isn't to be remembered for long.
    private static let ttl = 60
    private static let longestTTL = 172_800

    /// The id's place, where the zone's own key is but a label; a map of that key is a record.
    static func zone(_ node: JSONNode) -> JSONNode? {
        guard let zone = node.given("zone"), !zone.isMap, !zone.isList else { return nil }
        return zone
    }

    static func read(
        _ zone: JSONNode, _ facts: HostFacts, _ containers: ContainerNames, _ diagnostics: inout Diagnostics
    ) -> [WishedRecord] {
        var records: [WishedRecord] = []
        let items = zone.map(&diagnostics).filter { $0.key != "zone" || Self.zone(zone) == nil }
        for (name, node) in items.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            for item in node.isList ? node.items : [node] {
                guard item.isMap else {
                    item.complain("a map with \"value\", or a list of such maps", &diagnostics)
                    continue
                }
                let label = item.given("name").flatMap { if case .string(let text) = $0.value { text } else { nil } }
                guard item.countsDomain(label ?? name, of: "record", &diagnostics) else { continue }
                var isTold = false
                for (name, item) in item.counted(name, facts, &diagnostics) {
                    var own = Diagnostics(compatible: diagnostics.isCompatible)
                    if let record = record(name, item, facts, &own) {
                        if records.contains(where: { $0.set.name == record.set.name && $0.set.type == record.set.type })
                        {
                            own.error(item.path, "\(record.set.label) stands here twice; put its values into one list")
                        } else if record.isKnown, let other = records.first(where: record.excludes) {
                            own.error(
                                item.path,
                                "\(record.set.label) can't stand beside \(other.set.label): a CNAME is alone at its name"
                            )
                        }
                        if let container = record.container, let path = item.given("container")?.path {
                            containers.look(for: container, at: path, &own)
                        }
                        records.append(record)
                    }
                    // The others of its count would only say the same.
                    if !isTold || own.hasErrors { diagnostics.merge(own) }
                    isTold = isTold || !own.items.isEmpty
                    if own.hasErrors { break }
                }
            }
        }
        return records
    }

    private static func record(
        _ key: String, _ node: JSONNode, _ facts: HostFacts, _ diagnostics: inout Diagnostics
    ) -> WishedRecord? {
        node.checkKeys(keys, &diagnostics)
        guard let text = node.given("name").map({ $0.text(&diagnostics) }) ?? key else { return nil }
        let adopts = node.given("adopt")?.flag(&diagnostics) ?? false
        let container = node.given("container")?.text(&diagnostics)
        let ttl = node.given("ttl")?.whole(&diagnostics, 0...longestTTL) ?? ttl
        guard let value = node.given("value") else {
            // A slip in its name has been told.
            if !diagnostics.hasErrors { diagnostics.error(node.path, "it has no \"value\", to which the name leads") }
            return nil
        }
        let values = value.texts(&diagnostics)
        guard !values.isEmpty else {
            if !diagnostics.hasErrors { diagnostics.error(value.path, "the list is empty; a record has a value") }
            return nil
        }
        let isKnown = !([text] + values).contains { isOpen($0, facts) }
        guard let type = type(node, values, &diagnostics) else { return nil }
        guard isKnown else {
            let set = DNSRecordSet(DNSName(told: text), type.rawValue, ttl: ttl, values: values)
            return WishedRecord(set: set, adopts: adopts, container: container, path: node.path, isKnown: false)
        }
        guard let name = name(text, node, &diagnostics) else { return nil }
        var written: [String] = []
        for text in values {
            guard let value = type.written(text) else {
                diagnostics.error(
                    value.path,
                    "\u{201C}\(text)\u{201D} is no value of a record of type \(type.rawValue); \(type.wanted) is wanted"
                )
                return nil
            }
            if !written.contains(value) { written.append(value) }
        }
        if type == .cname, written.count > 1 {
            diagnostics.error(value.path, "\(written.count) values stand here; a CNAME leads to one name")
        }
        let set = DNSRecordSet(name, type.rawValue, ttl: ttl, values: written)
        return WishedRecord(set: set, adopts: adopts, container: container, path: node.path, isKnown: true)
    }

    /// Whether a fact of the host is still to be filled in.
    private static func isOpen(_ text: String, _ facts: HostFacts) -> Bool {
        HostFacts.Name.allCases.contains { text.contains("${\($0.rawValue)}") && facts.value($0) == nil }
    }

    private static func name(_ text: String, _ node: JSONNode, _ diagnostics: inout Diagnostics) -> DNSName? {
        do throws(DNSName.Mistake) {
            let name = try DNSName(text)
            // The mark's name is longer.
            _ = try DNSName(RecordMark.name(of: name).description)
            return name
        } catch {
            diagnostics.error(node.path, error.message)
            return nil
        }
    }

    /// Addresses tell their type.
    private static func type(
        _ node: JSONNode, _ values: [String], _ diagnostics: inout Diagnostics
    ) -> RecordType? {
        let known = RecordType.allCases.map(\.rawValue)
        if let node = node.given("type") {
            guard let text = node.text(&diagnostics) else { return nil }
            if let type = RecordType(rawValue: text.uppercased()) { return type }
            diagnostics.error(
                node.path, "\u{201C}\(text)\u{201D} is no type that is made here; \(known.joined(separator: ", ")) are")
            return nil
        }
        if values.allSatisfy({ IPAddress($0)?.isV4 ?? $0.hasSuffix("ipv4}") }) { return .a }
        if values.allSatisfy({ IPAddress($0)?.isV4 == false || $0 == "${ipv6}" }) { return .aaaa }
        diagnostics.error(
            node.path,
            "it has no \"type\", and only addresses do without; one of \(known.joined(separator: ", ")) is wanted")
        return nil
    }
}
