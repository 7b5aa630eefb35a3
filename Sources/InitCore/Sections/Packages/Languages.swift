// python (pip) and rubygems: the languages' own package managers. What an index offers can't be asked without going there.

struct Pip: PackageManager {
    let name = "python"

    func plan(_ wishes: [PackageWish], _ now: Planning) async throws -> PackagePlan {
        let lines = try await now.answer(.pipsInstalled(wishes.map(\.name))).fields(2)
        let installed = Dictionary(lines.map { ($0[0], $0[1]) }, uniquingKeysWith: { first, _ in first })
        var plan = PackagePlan()
        var specs: [String] = []
        for wish in wishes {
            let current = installed[wish.name]
            // One version of a package is installed at a time: the last one named is meant.
            guard let version = wish.versions.last else {
                if current == nil { specs.append(wish.name) }
                if current == nil { plan.pending.append(.init(name: wish.name)) }
                continue
            }
            if version == current { continue }
            let isURL = httpURL(version) != nil
            // Which version a URL holds is in its file.
            if isURL { plan.isObservable = false }
            specs.append(isURL ? version : "\(wish.name)==\(version)")
            plan.pending.append(.init(name: wish.name, installed: current, wanted: version))
        }
        guard !specs.isEmpty else { return plan }
        // As root on a host whose Python is marked as the distribution's own (PEP 668) it would refuse otherwise.
        let setting = [
            "PIP_BREAK_SYSTEM_PACKAGES": "1", "PIP_ROOT_USER_ACTION": "ignore", "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INPUT": "1",
        ]
        plan.steps = [.run(.installation(of: specs, ["pip3", "install"] + specs, setting: setting))]
        return plan
    }
}

struct RubyGems: PackageManager {
    let name = "rubygems"

    func plan(_ wishes: [PackageWish], _ now: Planning) async throws -> PackagePlan {
        let lines = try await now.answer(.gemsInstalled(wishes.map(\.name))).fields(2)
        let installed = Dictionary(grouping: lines, by: { $0[0] }).mapValues { $0.map { $0[1] } }
        var plan = PackagePlan()
        for wish in wishes {
            let current = installed[wish.name] ?? []
            // Versions live side by side.
            let missing =
                wish.versions.isEmpty
                ? (current.isEmpty ? [nil] : []) : wish.versions.filter { !current.contains($0) }.map { $0 }
            for version in missing {
                let words =
                    ["gem", "install", "-b", "--no-document", wish.name] + (version.map { ["-v", "= \($0)"] } ?? [])
                plan.steps.append(.run(.installation(of: [version.map { "\(wish.name) \($0)" } ?? wish.name], words)))
                plan.pending.append(
                    .init(
                        name: wish.name, installed: current.isEmpty ? nil : current.joined(separator: ", "),
                        wanted: version))
            }
        }
        return plan
    }
}
