// A document's records alone, for a boot that does nothing else.

extension Document {
    /// Metadata without any other section: what of them was stored need not make sense any more.
    package static func recordsOnly(in metadata: JSONValue) -> JSONValue {
        guard case .object(let configs)? = metadata.value(at: [initKey]) else { return metadata }
        let kept = configs.members.map { name, config in
            guard name != "configSets", case .object(let sections) = config else { return (name, config) }
            let own = sections.members.filter { $0.0 == dnsSection.key }
            return (name, JSONValue.object(JSONObject(own)))
        }
        return .object(JSONObject([(initKey, .object(JSONObject(kept)))]))
    }

    /// Whether any of its configs has the section.
    package static func wishesForRecords(_ metadata: JSONValue) -> Bool {
        guard case .object(let configs)? = metadata.value(at: [initKey]) else { return false }
        return configs.members.contains { $0 != "configSets" && $1.value(at: [dnsSection.key]) != nil }
    }

    /// The same without what isn't a record: the unit that asks for this run, above all.
    package var recordsOnly: Document {
        var document = self
        document.sets = sets.map { set in
            ConfigSet(
                name: set.name,
                configs: set.configs.map { config in
                    Config(name: config.name, resources: config.resources.filter { $0 is ZoneResource }, readiness: nil)
                })
        }
        return document
    }

    package var isEmpty: Bool { sets.flatMap(\.configs).allSatisfy(\.resources.isEmpty) }
}
