import InitCore
import InitTesting
import Testing

// Every scenario, failed and killed at every moment of its run.

@Suite struct FaultTests {
    private static let scenarios = Scenario.all.filter { (try? $0.load().failing == nil) ?? true }

    private static let failure = Failure(.host, "failed by the test")

    @Test(
        "Failed at any step, the report names its item and skips the rest, nothing old is lost, and a re-run converges",
        arguments: scenarios)
    func failed(scenario: Scenario) async throws {
        let loaded = try scenario.load()
        let (clean, moments) = await run(scenario, loaded)
        for (index, moment) in moments.enumerated() {
            let fake = scenario.host(loaded)
            let report = await loaded.apply(fake, .fail(index, Self.failure))
            // Side by side the moments come in another order each time.
            let moment = fake.moments.indices.contains(index) ? fake.moments[index] : moment
            let context = "\(scenario.name) failed at moment \(index), \(moment.name)"
            let at = try #require(report.items.firstIndex { $0.outcome == .failed }, "\(context): nothing failed")
            #expect(report.items[at].failure?.message == Self.failure.message, "\(context)")
            #expect(
                moment.concerns(report.items[at], in: clean),
                "\(context): \(report.items[at].id) is said to have failed")
            // One that was seen to be right while the batch waited stays right.
            let later = report.items[(at + 1)...]
            // What is carried out beside it is carried out to its end.
            let beside = loaded.document.sideBySide(with: report.items[at].id)
            let isLeft = { (item: Report.Item) in item.outcome == .skipped || item.outcome == .unchanged }
            #expect(later.allSatisfy { isLeft($0) || beside.contains($0.id) }, "\(context)")
            #expect(report.items.count == clean.items.count, "\(context)")
            expectNothingLost(fake, loaded, try scenario.expected("after.json"), context)
            let again = await loaded.apply(fake)
            #expect(again.firstFailure == nil, "\(context), then run again")
            #expect(fake.text == (try scenario.expected("after.json")), "\(context), then run again")
        }
    }

    @Test(
        "Killed at any moment, nothing old is lost, and a re-run converges, restarts that are due included",
        arguments: scenarios)
    func killed(scenario: Scenario) async throws {
        let loaded = try scenario.load()
        let (_, moments) = await run(scenario, loaded)
        for (index, moment) in moments.enumerated() {
            let fake = scenario.host(loaded)
            _ = await loaded.apply(fake, .kill(index))
            let context = "\(scenario.name) killed at moment \(index), \(moment.name)"
            expectNothingLost(fake, loaded, try scenario.expected("after.json"), context)
            let again = await loaded.apply(fake)
            #expect(again.firstFailure == nil, "\(context), then run again")
            #expect(fake.text == (try scenario.expected("after.json")), "\(context), then run again")
        }
    }

    @Test("Killed in the re-run as well, the third run converges", arguments: scenarios)
    func killedTwice(scenario: Scenario) async throws {
        let loaded = try scenario.load()
        let (_, moments) = await run(scenario, loaded)
        for first in moments.indices {
            for second in 0..<4 {
                let fake = scenario.host(loaded)
                _ = await loaded.apply(fake, .kill(first))
                _ = await loaded.apply(fake, .kill(second))
                _ = await loaded.apply(fake)
                let context = "\(scenario.name) killed at moment \(first), and at moment \(second) of the second run"
                #expect(fake.text == (try scenario.expected("after.json")), "\(context)")
            }
        }
    }

    private func run(_ scenario: Scenario, _ loaded: Scenario.Loaded) async -> (Report, [Moment]) {
        let fake = scenario.host(loaded)
        let report = await loaded.apply(fake)
        return (report, fake.moments)
    }

    /// Every path that was there has its old or its new content, or is kept as a backup.
    private func expectNothingLost(
        _ fake: FakeHost, _ loaded: Scenario.Loaded, _ after: String, _ context: String
    ) {
        let tree = fake.state.tree
        for (path, old) in loaded.world.state.tree.nodes where old.content != .directory {
            // Our own notes go along with each step.
            if path.hasPrefix("/var/lib/ide-init/") { continue }
            let found = tree[path]
            if found?.content == old.content || tree[path + ".bak"]?.content == old.content { continue }
            // What differs must be what the whole run makes of it, which after.json says.
            let wished = (try? FakeWorld(after: after))?.state.tree[path]
            #expect(found?.content == wished?.content, "\(context): \(path) is neither old nor new")
        }
    }
}

extension Document {
    fileprivate func sideBySide(with id: ResourceID) -> Set<ResourceID> {
        let all = sets.flatMap(\.configs).flatMap(\.resources).filter(\.runsSideBySide)
        return Set(all.map(\.id).filter { $0.section == id.section && $0.config == id.config })
    }
}

extension Moment {
    fileprivate var name: String {
        switch self {
        case .step(let step): "\(step)"
        case .file(let path): "write \(path)"
        case .save(let reactions): "save \(reactions.map(\.mark.name))"
        }
    }

    /// Whether it is that item's step.
    /// - Parameter clean: the run without a fault.
    fileprivate func concerns(_ item: Report.Item, in clean: Report) -> Bool {
        switch self {
        case .file(let path): item.id.name == path
        case .step(let step):
            Self.concerns(step, item)
                || clean.items.contains { $0.id == item.id && $0.change?.steps.contains(step) ?? false }
        // Announced before what it is for, cleared after: any of the items around it.
        case .save: true
        }
    }

    /// By what cfn-init's own sections call their items; what they plan again isn't in the report.
    private static func concerns(_ step: Step, _ item: Report.Item) -> Bool {
        switch step {
        case .write(let write): item.id.name == write.path
        case .link(let link): item.id.name == link.path
        case .unpack(let unpacking): item.id.name == unpacking.destination
        case .run(let command):
            ["packages", "groups", "users"].contains(item.id.section) || command.title == "Command \(item.id.name)"
        default: false
        }
    }
}
