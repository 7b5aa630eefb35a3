// The sections of a config. The order of this list is the order in which they run: it is the meaning of a config.
// A new section is one file beside this one and one line here.

package let sections: [SectionType] = [
    packagesSection,
    groupsSection,
    usersSection,
    sourcesSection,
    filesSection,
    commandsSection,
    servicesSection,
]

package struct SectionType: Sendable {
    package let key: String
    /// Keys of its items whose values may hold references; an item that is a string by itself may.
    package let referenceKeys: Set<String>
    /// Reads the section into resources, in the order in which they are to run. Every mistake is a diagnostic.
    package let decode: @Sendable (SectionInput, inout Diagnostics) -> [any Resource]

    package init(
        key: String, referenceKeys: Set<String> = [],
        decode: @escaping @Sendable (SectionInput, inout Diagnostics) -> [any Resource]
    ) {
        self.key = key
        self.referenceKeys = referenceKeys
        self.decode = decode
    }
}

/// A section's part of the document.
package struct SectionInput: Sendable {
    package let config: String
    package let node: JSONNode
    /// The whole config, for those that name their siblings.
    package let siblings: JSONNode
    package let authentication: Authentication
    /// Seconds that a command may take unless it says otherwise; nil: as long as it takes.
    package let commandTimeout: Double?
    /// cfn-init takes an rpm file that it can't read for installed.
    package let skipsUnreadablePackages: Bool

    package func id(_ name: String) -> ResourceID {
        ResourceID(config: config, section: node.path.last, name: name)
    }

    package func mark(_ name: String, section: String? = nil) -> Mark {
        Mark(config: config, section: section ?? node.path.last, name: name)
    }

    /// The section's items in code-point order of their names, as cfn-init takes them.
    package func sortedItems(_ diagnostics: inout Diagnostics) -> [(key: String, node: JSONNode)] {
        node.map(&diagnostics).sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }
}
