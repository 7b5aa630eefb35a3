// rpm: {NAME: location, or a list of them}: package files or URLs, installed as they are.

struct RPMFiles: PackageManager {
    let name = "rpm"

    func plan(_ wishes: [PackageWish], _ now: Planning) async throws -> PackagePlan {
        var plan = PackagePlan()
        var locations: [String] = []
        for wish in wishes {
            for location in wish.versions {
                // rpm takes a text file for a list of packages and fails on its words: both say that this is no package.
                let answer = try await now.answer(.rpmFile(location))
                guard answer.succeeded, let fields = answer.fields(4).first else {
                    plan.unreadable.append(location)
                    continue
                }
                let version = RPMDatabase.version(fields)
                let installed = try await RPMDatabase.installed([fields[0]], now)[fields[0]] ?? []
                if installed.contains(version) { continue }
                locations.append(location)
                plan.pending.append(
                    .init(name: wish.name, installed: installed.max()?.description, wanted: version.description))
            }
        }
        if !locations.isEmpty {
            plan.steps = [
                .run(
                    .installation(
                        of: locations, ["rpm", "-U", "--quiet", "--nosignature", "--replacepkgs"] + locations))
            ]
        }
        return plan
    }
}
