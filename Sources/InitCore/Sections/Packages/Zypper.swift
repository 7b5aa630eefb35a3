// zypper: one search tells what is installed and what its caches have.

struct Zypper: PackageManager {
    let name = "zypper"

    /// Besides 0: a reboot or a restart is due (102, 103), patches wait (100, 101), some repository was skipped (106),
    /// a scriptlet of an installed package failed (107). zypper(8), EXIT CODES.
    private static let success: Set<Int32> = [0, 100, 101, 102, 103, 106, 107]

    func plan(_ wishes: [PackageWish], _ now: Planning) async throws -> PackagePlan {
        let found = try await search(wishes.map(\.name), now)
        let unknown = wishes.map(\.name).filter { found[$0] == nil && !Self.isOpaque($0) }
        let provided = unknown.isEmpty ? [] : try await RPMDatabase.provided(unknown, now)
        var plan = PackagePlan()
        var specs: [String] = []
        for wish in wishes {
            let known = found[wish.name]
            guard let version = wish.versions.max(by: { RPMVersion($0) < RPMVersion($1) }) else {
                if known?.installed == nil, !provided.contains(wish.name) {
                    specs.append(wish.name)
                    plan.pending.append(.init(name: wish.name))
                }
                continue
            }
            if known?.installed?.satisfies(version) == true { continue }
            // zypper wants an epoch written out.
            let exact = known?.available.filter { $0.satisfies(version) }.max()
            specs.append("\(wish.name)=\(exact?.description ?? version)")
            plan.pending.append(.init(name: wish.name, installed: known?.installed?.description, wanted: version))
        }
        guard !specs.isEmpty else { return plan }
        plan.complete(with: { found[$0]?.available ?? [] }, unless: Self.isOpaque)
        plan.isObservable = !plan.pending.contains { Self.isOpaque($0.name) }
        plan.mustShow = plan.pending.contains { $0.installed != nil && $0.wanted?.hasSuffix("*") == false }
        var command = Command.installation(
            of: specs, ["zypper", "--non-interactive", "install", "-y", "--oldpackage", "--force-resolution"] + specs,
            setting: ["ZYPP_LOCK_TIMEOUT": "600"])
        command.successCodes = Self.success
        plan.steps = [.run(command)]
        return plan
    }

    /// A pattern, a file or a kind: only zypper itself can tell.
    private static func isOpaque(_ name: String) -> Bool { name.contains { "*?/:".contains($0) } }

    private struct Known {
        var installed: RPMVersion?
        var available: [RPMVersion] = []
    }

    /// - Throws: when zypper itself fails; 104 is "nothing found".
    private func search(_ names: [String], _ now: Planning) async throws -> [String: Known] {
        let result = try await now.answer(.zypperSearch(names))
        guard result.succeeded(with: Self.success.union([104])) else {
            throw Failure(.host, "zypper search \(result.endingText)", output: result.lastLines())
        }
        var known: [String: Known] = [:]
        for line in result.text.split(separator: "\n") where line.contains("<solvable ") {
            guard let name = attribute("name", of: line), let edition = attribute("edition", of: line) else { continue }
            if attribute("status", of: line) == "installed" {
                known[name, default: Known()].installed = RPMVersion(edition)
            } else {
                known[name, default: Known()].available.append(RPMVersion(edition))
            }
        }
        return known
    }

    private func attribute(_ name: String, of line: Substring) -> String? {
        guard let start = line.firstRange(of: " \(name)=\"")?.upperBound, let end = line[start...].firstIndex(of: "\"")
        else {
            return nil
        }
        return String(line[start..<end])
    }
}
