/// What a machine knows of itself: `${public-ipv4}` and the like in our sections.
package struct HostFacts: Sendable, Equatable {
    package enum Name: String, Sendable, CaseIterable {
        case instanceID = "instance-id"
        case publicIPv4 = "public-ipv4"
        case publicHostname = "public-hostname"
        case localIPv4 = "local-ipv4"
        case ipv6
        case region
        case availabilityZone = "availability-zone"
        case stack
        case resource
    }

    package enum Answer: Sendable, Equatable {
        case value(String)
        /// It can't be had, for the reason given, and the document can't be applied without it.
        case missing(String)
        /// It can't be had just now, for the reason given: a plan goes on and shows its name.
        case unknown(String)
    }

    private let answers: [Name: Answer]

    package init(_ answers: [Name: Answer]) { self.answers = answers }

    /// Nobody was asked: names stay as they are written.
    package static let unasked = HostFacts([:])

    /// Nil: not asked for.
    package subscript(name: Name) -> Answer? { answers[name] }

    func value(_ name: Name) -> String? { if case .value(let value)? = answers[name] { value } else { nil } }

    /// The facts that our sections of this metadata name.
    package static func needed(in metadata: JSONValue) -> Set<Name> {
        guard let initNode = JSONNode(metadata)[Document.initKey] else { return [] }
        let keys = Set(sections.filter(\.takesFacts).map(\.key) + [Readiness.key])
        var found: Set<Name> = []
        for (_, config) in initNode.members {
            for (key, section) in config.members where keys.contains(key) { collect(section.value, &found) }
        }
        return found
    }

    private static func collect(_ value: JSONValue, _ found: inout Set<Name>) {
        switch value {
        case .null, .bool, .number: break
        case .string(let text): found.formUnion((try? CountedText(text, isLenient: true))?.facts ?? [])
        case .array(let items): for item in items { collect(item, &found) }
        case .object(let object):
            for (key, member) in object.members {
                collect(.string(key), &found)
                collect(member, &found)
            }
        }
    }
}
