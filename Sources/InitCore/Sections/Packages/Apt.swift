// apt: dpkg is asked what is installed, apt's lists what there is; one apt-get installs all.

struct Apt: PackageManager {
    let name = "apt"

    /// Lists older than this may name files that the mirror has dropped.
    private static let staleAfter = 24 * 3600.0

    func plan(_ wishes: [PackageWish], _ now: Planning) async throws -> PackagePlan {
        let installed = try await self.installed(wishes.map(\.name), now)
        var plan = PackagePlan()
        var specs: [String] = []
        var asked: [(wish: PackageWish, version: String?)] = []
        for wish in wishes {
            let current = installed[wish.name]
            // Of several versions apt-get takes the last.
            if let version = wish.versions.last {
                if current != version { asked.append((wish, version)) }
            } else if current == nil {
                asked.append((wish, nil))
            }
        }
        guard !asked.isEmpty else { return plan }
        let offers = try await self.offers(asked.map(\.wish.name), now)
        // A wished version counts as installed by its beginning, as in cfn-init, unless exactly it is to be had.
        asked.removeAll { wish, version in
            guard let version, let current = installed[wish.name] else { return false }
            if version.hasSuffix("*") { return current.hasPrefix(version.dropLast()) }
            return current.hasPrefix(version) && offers[wish.name]?.versions.contains(version) != true
        }
        let virtual = asked.filter { $1 == nil && offers[$0.name]?.isVirtual == true }.map(\.wish.name)
        if !virtual.isEmpty {
            let provided = try await self.provided(now)
            asked.removeAll { wish, _ in virtual.contains(wish.name) && provided.contains(wish.name) }
        }
        guard !asked.isEmpty else { return plan }
        let missing = asked.filter { wish, version in
            guard let offer = offers[wish.name] else { return !Self.isOpaque(wish.name) }
            return version.map { !offer.offers($0) } ?? false
        }
        plan.pending = asked.map { wish, version in
            let offer = offers[wish.name]
            return .init(name: wish.name, installed: installed[wish.name], wanted: version ?? offer?.candidate)
        }
        if try needsRefresh(now, isMissing: !missing.isEmpty) {
            plan.isRefresh = true
            var update = Command.administrative("Fetch apt's package lists", Self.get + ["update"])
            // One bad repository among good ones fails it, and it doesn't wait for the lists' lock: the install decides.
            update.retries = 3
            update.ignoresErrors = true
            plan.steps = try mended(now) + [.run(update)]
            return plan
        }
        if let (wish, version) = missing.first {
            let there = offers[wish.name].map { "; to be had: \($0.versions.joined(separator: ", "))" } ?? ""
            throw Failure(
                .host,
                "apt's lists hold no package \(wish.name)\(version.map { "=\($0)" } ?? "")\(there); mend its name or add its repository"
            )
        }
        specs = asked.map { wish, version in version.map { "\(wish.name)=\($0)" } ?? wish.name }
        let isDowngrade = asked.contains { $1 != nil && installed[$0.name] != nil }
        plan.isObservable = !asked.contains { Self.isOpaque($0.wish.name) }
        plan.mustShow = plan.pending.contains { $0.installed != nil && $0.wanted?.hasSuffix("*") == false }
        plan.steps =
            try mended(now) + [
                .run(
                    .installation(
                        of: specs,
                        Self.get + ["-q", "-y"] + (isDowngrade ? ["--allow-downgrades"] : []) + ["install"] + specs,
                        setting: ["DEBIAN_FRONTEND": "noninteractive"]))
            ]
        return plan
    }

    /// Waits for another's lock instead of failing on it (unattended-upgrades at first boot), and keeps changed
    /// configuration files, since nobody is there to be asked.
    static let get = [
        "apt-get", "-o", "DPkg::Lock::Timeout=600", "-o", "Dpkg::Options::=--force-confdef", "-o",
        "Dpkg::Options::=--force-confold",
    ]

    /// A run that was cut off leaves dpkg's journal behind, and apt refuses to work on until it is mended. While another
    /// dpkg works the same files are there: then this fails on its lock, and apt-get waits for it.
    private func mended(_ now: Planning) throws -> [Step] {
        guard try now.probe.names("/var/lib/dpkg/updates").contains(where: { $0.allSatisfy(\.isNumber) }) else {
            return []
        }
        var command = Command.administrative(
            "Mend an interrupted dpkg", ["dpkg", "--force-confdef", "--force-confold", "--configure", "-a"],
            setting: ["DEBIAN_FRONTEND": "noninteractive"])
        command.ignoresErrors = true
        return [.run(command)]
    }

    private func needsRefresh(_ now: Planning, isMissing: Bool) throws -> Bool {
        if now.ledger.has(PackagesResource.refreshed(name)) { return false }
        let lists = try now.probe.names("/var/lib/apt/lists").filter { $0.hasSuffix("Release") }
        guard !isMissing, !lists.isEmpty else { return true }
        return try now.probe.status("/var/lib/apt/lists/partial").map { $0.age > Self.staleAfter } ?? true
    }

    private func installed(_ names: [String], _ now: Planning) async throws -> [String: String] {
        let lines = try await now.answer(.debsInstalled(names)).fields(3)
        return Dictionary(
            lines.filter { $0[2].dropFirst().first == "i" }.map { ($0[0], $0[1]) },
            uniquingKeysWith: { first, _ in first })
    }

    /// What the installed packages provide beside themselves.
    private func provided(_ now: Planning) async throws -> Set<String> {
        let lines = try await now.answer(.debsProviding).fields(2)
        let provided = lines.filter { $0[0].dropFirst().first == "i" }.flatMap { $0[1].split(separator: ",") }
        return Set(provided.compactMap { $0.split(separator: " ").first.map(String.init) })
    }

    private struct Offer {
        var candidate: String?
        var versions: [String] = []

        /// Known by name alone: other packages provide it.
        var isVirtual: Bool { candidate == nil && versions.isEmpty }

        func offers(_ version: String) -> Bool {
            versions.contains(version)
                || version.hasSuffix("*") && versions.contains { $0.hasPrefix(version.dropLast()) }
        }
    }

    /// A pattern, a task or a file: only apt itself can tell.
    private static func isOpaque(_ name: String) -> Bool { name.contains { "*?[/^:=+".contains($0) } }

    /// From `apt-cache policy`, which prints nothing for a name it doesn't know.
    private func offers(_ names: [String], _ now: Planning) async throws -> [String: Offer] {
        var offers: [String: Offer] = [:]
        var name = ""
        for line in try await now.answer(.debPolicy(names)).text.split(separator: "\n") {
            if line.hasSuffix(":"), !line.hasPrefix(" ") {
                name = String(line.dropLast())
                offers[name] = Offer()
            } else if line.hasPrefix("  Candidate: ") {
                let candidate = line.dropFirst("  Candidate: ".count)
                offers[name]?.candidate = candidate == "(none)" ? nil : String(candidate)
            } else if line.hasPrefix("     ") || line.hasPrefix(" *** ") {
                let words = line.dropFirst(5).split(separator: " ")
                if let version = words.first, !line.dropFirst(5).hasPrefix(" ") {
                    offers[name]?.versions.append(String(version))
                }
            }
        }
        return offers
    }
}
