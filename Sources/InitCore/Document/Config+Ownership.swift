// What a config makes, beside what others make: what of it goes when it is no longer listed, and what only one may make.

extension Document.Config {
    /// - Parameter scope: by section.
    mutating func takeSweeps(_ scope: (String) -> SweepScope) {
        for section in sections {
            if let sweep = section.lastSweep { lastSweeps.append(sweep(scope(section.key))) }
            guard let sweep = section.sweep else { continue }
            let place = resources.firstIndex { $0.id.section == section.key && $0 is any SweepingResource }
            if let place, var own = resources[place] as? any SweepingResource {
                own.scope = scope(section.key)
                resources[place] = own
            } else {
                sweeps.append(sweep(scope(section.key)))
            }
        }
    }

    /// Of each section and pair of configs the first conflict is told.
    /// - Parameter configs: of one run.
    static func checkClaims(_ configs: [Self], _ path: DocumentPath, _ diagnostics: inout Diagnostics) {
        /// By section and claim: the config.
        var claimed: [String: String] = [:]
        var seen: Set<String> = []
        for config in configs where seen.insert(config.name).inserted {
            var told: Set<String> = []
            for resource in config.resources {
                let section = resource.id.section
                for claim in resource.claims {
                    guard let other = claimed["\(section) \(claim)"], other != config.name else {
                        claimed["\(section) \(claim)"] = config.name
                        continue
                    }
                    guard told.insert("\(section) \(other)").inserted else { continue }
                    diagnostics.error(
                        path.appending(config.name).appending(section),
                        "\(claim) stands in \(other), too, which the same run takes: each would undo what the other does; keep one of them"
                    )
                }
            }
        }
    }
}
