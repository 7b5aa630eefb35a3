// yum and dnf: rpm is asked what is installed, the manager's caches what there is.

struct Yum: PackageManager {
    let name: String

    func plan(_ wishes: [PackageWish], _ now: Planning) async throws -> PackagePlan {
        let installed = try await RPMDatabase.installed(wishes.map(\.name), now)
        let absent = wishes.filter { installed[$0.name] == nil && $0.versions.isEmpty && !Self.isOpaque($0.name) }.map(
            \.name)
        let provided = absent.isEmpty ? [] : try await RPMDatabase.provided(absent, now)
        var plan = PackagePlan()
        var installs: [String] = []
        var downgrades: [String] = []
        for wish in wishes {
            let current = installed[wish.name]?.max()
            // Of several versions the highest is meant.
            guard let version = wish.versions.max(by: { RPMVersion($0) < RPMVersion($1) }) else {
                if current == nil, !provided.contains(wish.name) {
                    installs.append(wish.name)
                    plan.pending.append(.init(name: wish.name))
                }
                continue
            }
            if installed[wish.name]?.contains(where: { $0.satisfies(version) }) == true { continue }
            let spec = "\(wish.name)-\(version)"
            if let current, RPMVersion(version) < current { downgrades.append(spec) } else { installs.append(spec) }
            plan.pending.append(.init(name: wish.name, installed: current?.description, wanted: version))
        }
        guard !plan.pending.isEmpty else { return plan }
        try await fillIn(&plan, now)
        plan.isObservable = !plan.pending.contains { Self.isOpaque($0.name) }
        plan.mustShow = plan.pending.contains { $0.installed != nil && $0.wanted?.hasSuffix("*") == false }
        if !installs.isEmpty { plan.steps.append(step("install", installs)) }
        if !downgrades.isEmpty { plan.steps.append(step("downgrade", downgrades)) }
        return plan
    }

    private func step(_ verb: String, _ specs: [String]) -> Step {
        // A repository that can't be reached and isn't needed is no reason to fail.
        .run(.installation(of: specs, [name, "-y", "--setopt=*.skip_if_unavailable=1", verb] + specs))
    }

    /// The version that would be taken, where the caches know it.
    private func fillIn(_ plan: inout PackagePlan, _ now: Planning) async throws {
        let names = plan.pending.map(\.name).filter { !Self.isOpaque($0) }
        guard !names.isEmpty else { return }
        let offers = Self.table(try await now.answer(.rpmsAvailable(program: name, names)).text)
        plan.complete(with: { offers[$0] ?? [] }, unless: Self.isOpaque)
    }

    /// Three columns, NAME.ARCH VERSION REPOSITORY, which yum wraps at will: read as a stream of words.
    static func table(_ text: String) -> [String: [RPMVersion]] {
        var offers: [String: [RPMVersion]] = [:]
        let lines = text.split(separator: "\n").drop { !$0.hasPrefix("Available Packages") }.dropFirst()
        let words = lines.flatMap { $0.split(separator: " ") }
        for start in stride(from: 0, to: words.count - 2, by: 3) {
            let name = words[start].lastIndex(of: ".").map { words[start][..<$0] } ?? words[start]
            offers[String(name), default: []].append(RPMVersion(String(words[start + 1])))
        }
        return offers
    }

    /// A group, a pattern, a file or a URL: only the manager itself can tell.
    private static func isOpaque(_ name: String) -> Bool {
        name.hasPrefix("@") || name.contains { "*?[/".contains($0) }
    }
}

extension PackagePlan {
    /// The versions that would be taken, from what the caches offer of each name.
    mutating func complete(with offers: (String) -> [RPMVersion], unless isOpaque: (String) -> Bool) {
        for index in pending.indices where !isOpaque(pending[index].name) {
            let item = pending[index]
            let known = offers(item.name)
            if let wanted = item.wanted {
                if !known.contains(where: { $0.satisfies(wanted) }) { lacking.append("\(item.name) \(wanted)") }
            } else if let best = known.max() {
                pending[index].wanted = best.description
            } else {
                lacking.append(item.name)
            }
        }
    }
}

/// What rpm says is installed.
enum RPMDatabase {
    static func installed(_ names: [String], _ now: Planning) async throws -> [String: [RPMVersion]] {
        let result = try await now.answer(.rpmsInstalled(names))
        try check(result)
        var versions: [String: [RPMVersion]] = [:]
        for fields in result.fields(4) { versions[fields[0], default: []].append(version(fields)) }
        return versions
    }

    /// Which of these names an installed package provides, or has with its version or architecture (`glibc.i686`).
    static func provided(_ names: [String], _ now: Planning) async throws -> Set<String> {
        var found: Set<String> = []
        // One name a question: the answer doesn't repeat what was asked for.
        for name in names {
            let isLonger =
                name.contains(".") || name.split(separator: "-").dropFirst().contains { $0.first?.isNumber == true }
            let queries: [Query] = isLonger ? [.rpmsInstalled([name]), .rpmProviders([name])] : [.rpmProviders([name])]
            for query in queries where !found.contains(name) {
                let result = try await now.answer(query)
                try check(result)
                if !result.fields(4).isEmpty { found.insert(name) }
            }
        }
        return found
    }

    static func version(_ fields: [String]) -> RPMVersion {
        RPMVersion(epoch: Int(fields[1]) ?? 0, version: fields[2], release: fields[3])
    }

    /// A database that can't be opened makes rpm call every package "not installed".
    private static func check(_ result: CommandResult) throws {
        let errors = String(decoding: result.errors, as: UTF8.self)
        if let line = errors.split(separator: "\n").first(where: { $0.hasPrefix("error:") }) {
            throw Failure(.host, "rpm can't read its database: \(line)")
        }
    }
}
