// packages: {MANAGER: {NAME: versions}}. One resource a manager, so that one transaction installs all of its packages.
// A new manager is one file beside this one and one line in `packageManagers`.

/// In the order in which they run.
private let packageManagers: [any PackageManager] = [
    RPMFiles(), Apt(), Yum(name: "yum"), Yum(name: "dnf"), Zypper(), Pip(), RubyGems(),
]

let packagesSection = SectionType(key: "packages") { input, diagnostics in
    let known = packageManagers.map(\.name)
    let sections = input.node.map(&diagnostics)
    for (name, node) in sections where !known.contains(name) {
        if name == "msi" {
            diagnostics.error(node.path, "msi packages are Windows'; they can't be installed on Linux")
        } else {
            diagnostics.ignored(
                node.path,
                "there is no package manager of this name\(suggestion(for: name, among: known)); known: "
                    + known.joined(separator: ", "))
        }
    }
    return packageManagers.compactMap { manager in
        guard let node = sections.first(where: { $0.key == manager.name })?.node, node.value.isTruthy else {
            return nil
        }
        let wishes = node.map(&diagnostics).map { name, node in
            let isAny = node.value == .null || (node.isMap && node.members.isEmpty)
            return PackageWish(name: name, versions: isAny ? [] : node.texts(&diagnostics).filter { !$0.isEmpty })
        }
        for wish in wishes
        where wish.name.isEmpty || wish.name.hasPrefix("-") || wish.versions.contains(where: { $0.hasPrefix("-") }) {
            diagnostics.error(node.path.appending(wish.name), "this would be read as an option, not as a package")
        }
        guard !wishes.isEmpty else { return nil }
        return PackagesResource(
            id: input.id(manager.name), manager: manager, wishes: wishes,
            skipsUnreadable: input.skipsUnreadablePackages,
            marks: Dictionary(
                wishes.map { ($0.name, input.mark("\(manager.name)/\($0.name)")) }, uniquingKeysWith: { $1 }))
    }
}

struct PackageWish: Sendable, Equatable {
    let name: String
    /// Empty: any version.
    let versions: [String]
}

/// How one manager is asked and told.
protocol PackageManager: Sendable {
    var name: String { get }
    /// What is to be done for these wishes.
    func plan(_ wishes: [PackageWish], _ now: Planning) async throws -> PackagePlan
}

struct PackagePlan: Sendable {
    struct Pending: Sendable {
        let name: String
        var installed: String?
        /// Nil: only the manager will tell.
        var wanted: String?
    }

    var pending: [Pending] = []
    var steps: [Step] = []
    /// The steps only fetch the lists that an answer needs.
    var isRefresh = false
    /// Whether all of it can be looked up afterwards.
    var isObservable = true
    /// Installed ones are to get another version, which is seen whatever the package is called.
    var mustShow = false
    /// What the manager's caches, as they are, don't name.
    var lacking: [String] = []
    /// Wishes whose package file can't be read: cfn-init takes them for installed.
    var unreadable: [String] = []
}

struct PackagesResource: Resource {
    let id: ResourceID
    let manager: any PackageManager
    let wishes: [PackageWish]
    let skipsUnreadable: Bool
    let marks: [String: Mark]

    func plan(_ now: Planning) async throws -> Plan {
        let plan: PackagePlan
        do {
            plan = try await manager.plan(wishes, now)
        } catch let failure as Failure where failure.kind == .unreadable {
            // Of a manager that this run is yet to bring.
            if let earlier = now.ledger.awaits("packages", "sources", "files", "commands") {
                let facts = wishes.map { Fact($0.name, .absent, .unknown("known after \(earlier)")) }
                return .change(
                    Change(
                        .update, facts: facts, steps: [], certainty: .knownAfter("\(earlier)"),
                        marks: wishes.compactMap { marks[$0.name] }))
            }
            let facts = wishes.map { Fact($0.name, .absent, .unknown("whether it is installed can't be told")) }
            return .change(Change(.update, facts: facts, steps: [], certainty: .unanswered(failure.message)))
        }
        if !plan.unreadable.isEmpty, !skipsUnreadable {
            throw Failure(
                .host, "no package can be read at \(plan.unreadable.joined(separator: ", ")); mend the location")
        }
        if plan.pending.isEmpty, plan.steps.isEmpty {
            return plan.unreadable.isEmpty
                ? .unchanged
                : .skip(
                    "no package can be read at \(plan.unreadable.joined(separator: ", ")); passed over, as cfn-init does"
                )
        }
        let facts = plan.pending.map { item in
            Fact(
                item.name, item.installed.map(Fact.Value.text) ?? .absent,
                item.wanted.map(Fact.Value.text)
                    ?? .unknown("version known after \(plan.isRefresh ? "the lists are fetched" : "it is installed")"))
        }
        var certainty = Change.Certainty.certain
        if !plan.lacking.isEmpty {
            let names = plan.lacking.joined(separator: ", ")
            certainty = .knownAfter("\(manager.name) has looked for what its caches lack: \(names)")
        }
        if plan.isRefresh { certainty = .knownAfter("the package lists are fetched") }
        return .change(
            Change(
                plan.isObservable ? .update : .run, facts: facts, steps: plan.steps, certainty: certainty,
                marks: (plan.isRefresh ? [Self.refreshed(manager.name)] : [])
                    + plan.pending.compactMap { marks[$0.name] },
                plansAgain: plan.isRefresh || plan.isObservable, mustShow: plan.mustShow))
    }

    /// Set once the lists of a manager were fetched in this run.
    static func refreshed(_ manager: String) -> Mark {
        Mark(config: "", section: "packages", name: "\(manager) lists")
    }
}

extension Planning {
    /// A query's answer; one that couldn't be asked at all is a failure.
    func answer(_ query: Query) async throws -> CommandResult {
        let result = try await probe.ask(query)
        if case .notStarted(let why) = result.ending {
            throw Failure(.unreadable, "\(query.words[0]) can't be asked: \(why)")
        }
        return result
    }
}

extension CommandResult {
    /// Lines of `|`-separated fields; others are left out.
    func fields(_ count: Int) -> [[String]] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            return fields.count == count ? fields : nil
        }
    }
}
