/// What a hook of cfn-hup looks at: `Resources.<Logical>[.Metadata[.key.key]|.PhysicalResourceId]`; `\.` is a literal dot.
package struct HookPath: Sendable, Equatable {
    package enum Subject: Sendable, Equatable {
        /// Only the resource is named.
        case lastUpdated
        case physicalID
        /// - Parameter keys: none: the whole metadata.
        case metadata(keys: [String])
    }

    package let logicalID: String
    package let subject: Subject
    /// What stands after `PhysicalResourceId`, and means nothing.
    package let ignored: String?

    /// - Throws: `Failure(.invalidDocument)` without the hook's name.
    package init(_ text: String) throws {
        let words = dottedKeys(text)
        guard words[0].lowercased() == "resources", words.count > 1, !words[1].isEmpty else {
            throw Failure(
                .invalidDocument,
                "the path \u{201C}\(text)\u{201D} names no resource; write Resources.<LogicalId>.Metadata.<key>")
        }
        logicalID = words[1]
        guard words.count > 2 else {
            (subject, ignored) = (.lastUpdated, nil)
            return
        }
        switch words[2].lowercased() {
        case "metadata": (subject, ignored) = (.metadata(keys: Array(words[3...])), nil)
        case "physicalresourceid":
            (subject, ignored) = (.physicalID, words.count > 3 ? words[3...].joined(separator: ".") : nil)
        default:
            throw Failure(
                .invalidDocument,
                "in the path \u{201C}\(text)\u{201D} stands \u{201C}\(words[2])\u{201D} after the resource; "
                    + "there are Metadata and PhysicalResourceId, or nothing for its time of last update")
        }
    }

    /// What the variables of an action are called after.
    package var variable: String {
        switch subject {
        case .lastUpdated: "LAST_UPDATED"
        case .physicalID: "PHYSICAL_RESOURCE_ID"
        case .metadata: "METADATA"
        }
    }
}
