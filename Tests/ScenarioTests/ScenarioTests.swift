import InitCore
import InitTesting
import Testing

@Suite struct ScenarioTests {
    @Test("A dry run prints exactly the plan, performs nothing and leaves the host as it was", arguments: Scenario.all)
    func dryRun(scenario: Scenario) async throws {
        let loaded = try scenario.load()
        let fake = scenario.host(loaded)
        let report = await loaded.plan(fake)
        try scenario.expect(loaded.text(report), in: "plan.txt")
        #expect(fake.state == loaded.world.state)
    }

    @Test("An apply reaches the expected state of the host", arguments: Scenario.all)
    func apply(scenario: Scenario) async throws {
        let loaded = try scenario.load()
        let fake = scenario.host(loaded)
        let report = await loaded.apply(fake)
        #expect(report.firstFailure?.subject == loaded.failing, "\(report.firstFailure?.failure.message ?? "")")
        try scenario.expect(fake.text, in: "after.json")
        if loaded.world.hasReferences { try scenario.expect(fake.fetches, in: "references.txt") }
    }

    @Test(
        "What a plan says would change is what an apply changes, unless it waits for something", arguments: Scenario.all
    )
    func agreement(scenario: Scenario) async throws {
        let loaded = try scenario.load()
        guard loaded.failing == nil else { return }
        let plan = await loaded.plan(scenario.host(loaded))
        let applied = await loaded.apply(scenario.host(loaded))
        // A reaction hangs on another item, which may be the uncertain one.
        for item in plan.items
        where item.id.section != "services" && (item.change?.certainty == .certain || item.outcome == .unchanged) {
            let same = applied.items.contains { $0.id == item.id && $0.outcome == item.outcome }
            #expect(same, "\(item.id) was planned as \(item.outcome)")
        }
    }

    @Test("A second apply changes nothing", arguments: Scenario.all)
    func secondApply(scenario: Scenario) async throws {
        let loaded = try scenario.load()
        let fake = scenario.host(loaded)
        _ = await loaded.apply(fake)
        let state = fake.text
        let report = await loaded.apply(fake)
        #expect(report.firstFailure?.subject == loaded.failing)
        #expect(report.items.filter { $0.outcome == .changed }.map(\.id.description) == [])
        #expect(fake.text == state)
    }

    @Test("No secret shows in a plan, a report, a dump of it or the stored metadata", arguments: Scenario.all)
    func secrets(scenario: Scenario) async throws {
        let loaded = try scenario.load()
        let fake = scenario.host(loaded)
        let plan = await loaded.plan(fake)
        let applied = await loaded.apply(fake)
        var shown = [("stored metadata", loaded.redaction.metadata.prettyText())]
        for report in [plan, applied] {
            let mode = report.mode.rawValue
            shown.append(("text of \(mode)", loaded.text(report, showsDiff: true)))
            shown.append(("JSON of \(mode)", JSONView(scrubber: loaded.scrubber, showsDiff: true).text(report)))
            var dumped = ""
            dump(report.items.map { ($0.change?.facts, $0.change?.steps, $0.note, $0.failure) }, to: &dumped)
            shown.append(("dump of \(mode)", dumped))
        }
        // As lines too: a view may break a value that a document holds in one.
        let parts = loaded.secrets.flatMap { [$0] + $0.split(whereSeparator: \.isNewline).map(String.init) }
        for secret in parts where secret.utf8.count >= 6 && !secret.hasPrefix("-----") {
            for (where_, text) in shown {
                let leaks = text.contains(secret)
                #expect(!leaks, "a secret of \(scenario.name) shows in the \(where_)")
            }
        }
    }
}
