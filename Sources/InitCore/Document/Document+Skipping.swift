// Runs that nobody asked for (a watcher's, a later boot's) leave out what may not be done again.

extension Document {
    /// The same with some items left out, and the reason in the report.
    /// - Parameter why: nil: the item stays.
    package func skipping(_ why: (ResourceID) -> String?) -> Document {
        var document = self
        document.sets = sets.map { set in
            ConfigSet(
                name: set.name,
                configs: set.configs.map { config in
                    Config(
                        name: config.name,
                        resources: config.resources.map { resource in
                            why(resource.id).map { SkippedResource(original: resource, why: $0) } ?? resource
                        }, sweeps: config.sweeps, lastSweeps: config.lastSweeps,
                        readiness: config.readiness)
                })
        }
        return document
    }

    /// For a watcher: commands that say nothing about when they are needed, and have run as they stand there, aren't run again.
    package func sparingCommands(in applied: AppliedMetadata) -> Document {
        skipping { id in
            guard let command = command(id), !Self.isGuarded(command), applied.hasRun(id, in: self) else { return nil }
            return "it has no test, and its text is the one that has run"
        }
    }

    /// For a later boot: what is brought about once stays, unless its own test says that it is needed.
    package func forLaterBoot() -> Document {
        let original: Set = ["packages", "groups", "users", "sources", "files", "commands", "services"]
        return skipping { id in
            guard original.contains(id.section) else { return nil }
            guard id.section == commandsSection.key else { return "it is brought about at the first boot only" }
            let isGuarded = command(id).map(Self.isGuarded) ?? false
            return isGuarded ? nil : "it has no test, so it runs at the first boot only"
        }
    }

    /// As it stands in the metadata; nil: it is no command.
    func command(_ id: ResourceID) -> JSONValue? {
        guard id.section == commandsSection.key else { return nil }
        return metadata.value(at: [Self.initKey, id.config, id.section, id.name])
    }

    private static func isGuarded(_ command: JSONValue) -> Bool {
        command.value(at: ["test"]).map { $0 != .null } ?? false
    }
}

/// Left out, but known: a unit is waited for, whether it was made sure of now or at the first boot.
struct SkippedResource: Resource {
    let original: any Resource
    let why: String

    var id: ResourceID { original.id }

    func plan(_ now: Planning) async throws -> Plan { .skip(why) }
}
