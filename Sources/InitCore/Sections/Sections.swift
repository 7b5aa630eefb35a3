// The sections of a config. The order of this list is the order in which they run: it is the meaning of a config.
// A new section is one file beside this one and one line here.

package let sections: [SectionType] = [
    packagesSection,
    groupsSection,
    usersSection,
    sourcesSection,
    filesSection,
    certificatesSection,
    codeServerSection,
    nginxSection,
    traefikSection,
    commandsSection,
    servicesSection,
    containersSection,
    dnsSection,
]

package struct SectionType: Sendable {
    package typealias Decode = @Sendable (SectionInput, inout Diagnostics) -> [any Resource]
    package typealias Sweep = @Sendable (SweepScope) -> any Resource

    package let key: String
    /// Paths below the section, in which a `*` is any key, to values that may hold references, at whatever depth below them.
    package let references: [[String]]
    /// Whether `${public-ipv4}` and the like are filled in: in all sections that cfn-init doesn't know.
    package let takesFacts: Bool
    /// Takes away what the section's items once were; nil: what they make isn't ours to remove.
    package let sweep: Sweep?
    /// The same for what others of its items still need until they are replaced: at the end of a run.
    package let lastSweep: Sweep?
    /// Reads the section into resources, in the order in which they are to run. Every mistake is a diagnostic.
    package let decode: Decode

    package init(
        key: String, references: [[String]] = [], takesFacts: Bool = false, sweep: Sweep? = nil,
        lastSweep: Sweep? = nil,
        decode: @escaping Decode
    ) {
        self.key = key
        self.references = references
        self.takesFacts = takesFacts
        self.sweep = sweep
        self.lastSweep = lastSweep
        self.decode = decode
    }

    /// Whether references may stand in or below the value at this path below the section.
    func mayRefer(_ path: [String]) -> Bool {
        references.contains { pattern in
            pattern.count <= path.count && zip(pattern, path).allSatisfy { $0 == "*" || $0 == $1 }
        }
    }
}

/// A section's part of the document.
package struct SectionInput: Sendable {
    package let config: String
    package let node: JSONNode
    /// The whole config, for those that name their siblings.
    package let siblings: JSONNode
    /// All configs, for those whose items name items of other configs.
    package let document: JSONNode
    /// As in ownership marks.
    package let owner: String
    package let facts: HostFacts
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

    package func ownership(_ item: String) -> OwnershipMark {
        OwnershipMark(owner: owner, config: config, section: node.path.last, item: item)
    }

    /// The section's items in code-point order of their names, as cfn-init takes them.
    package func sortedItems(_ diagnostics: inout Diagnostics) -> [(key: String, node: JSONNode)] {
        node.map(&diagnostics).sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }
}
