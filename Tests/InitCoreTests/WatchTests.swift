// What a watcher, and a later boot, leave out, and when a watcher tries again.

import InitCore
import Testing

@testable import InitCore

@Suite struct WatchTests {
    @Test func `each failure in a row doubles the wait, up to an hour, and success ends it`() {
        var schedule = WatchSchedule(interval: 300)
        #expect(schedule.notBefore == 0)
        var waits: [Double] = []
        for _ in 1...6 {
            schedule.failed(now: 1000)
            waits.append(schedule.notBefore - 1000)
        }
        #expect(waits == [600, 1200, 2400, 3600, 3600, 3600])
        for _ in 1...100 { schedule.failed(now: 1000) }
        #expect(schedule.notBefore == 4600 && schedule.failures == 106)
        schedule.succeeded()
        #expect(schedule == WatchSchedule(interval: 300))
    }

    @Test func `looks are spread by a tenth of the interval`() {
        let schedule = WatchSchedule(interval: 300)
        #expect([0, 0.5, 1].map(schedule.pause) == [270, 300, 330])
    }

    // MARK: What is in force

    private func document(_ a: String, _ b: String, password: String = "first") throws -> Document {
        let text = """
            {"AWS::CloudFormation::Init": {"config": {
                "files": {"/key": {"content": "\(password)", "mode": "000600"}},
                "commands": {"a": {"command": "\(a)"}, "b": {"command": "\(b)", "env": {"PASSWORD": "\(password)"}},
                             "c": {"command": "true", "test": "true"}}}}}
            """
        return Document(try JSONParser.parse(Array(text.utf8), name: "test").value)
    }

    private func report(_ document: Document, failing: String? = nil) -> Report {
        var report = Report(mode: .apply, configSets: document.sets.map(\.name))
        for id in document.sets.flatMap(\.configs).flatMap(\.resources).map(\.id) {
            let fails = id.name == failing
            report.items.append(
                Report.Item(
                    id: id, outcome: fails ? .failed : report.firstFailure == nil ? .ran : .skipped,
                    failure: fails ? Failure(.commandFailed, "no") : nil, duration: 0))
        }
        return report
    }

    private func spared(_ document: Document, _ applied: AppliedMetadata) -> [String] {
        document.sparingCommands(in: applied).sets.flatMap(\.configs).flatMap(\.resources)
            .compactMap { ($0 as? SkippedResource)?.id.name }
    }

    @Test func `after a run all is in force, until a command, a secret or a set changes`() throws {
        let first = try document("x", "y")
        var applied = AppliedMetadata(stack: "s", resource: "r")
        #expect(!applied.isInForce(first) && spared(first, applied).isEmpty)
        applied.record(report(first), of: first, isWhole: true)
        #expect(applied.isInForce(first))
        #expect(spared(first, applied) == ["a", "b"])
        #expect(spared(try document("new", "y"), applied) == ["b"])
        #expect(try !applied.isInForce(document("x", "y", password: "second")))
        // Its environment is part of it.
        #expect(spared(try document("x", "y", password: "second"), applied) == ["a"])
        applied.record(report(first), of: first, isWhole: false)
        #expect(!applied.isInForce(first) && spared(first, applied) == ["a", "b"])
    }

    @Test func `a failed run leaves nothing in force but the commands that ran`() throws {
        let document = try document("x", "y")
        var applied = AppliedMetadata(stack: "s", resource: "r")
        applied.record(report(document, failing: "b"), of: document, isWhole: true)
        #expect(!applied.isInForce(document))
        #expect(spared(document, applied) == ["a"])
    }

    @Test func `the record survives as JSON, without a secret, and maps may come in any order`() throws {
        let document = try document("x", "y", password: "a-secret")
        var applied = AppliedMetadata(stack: "s", resource: "r")
        applied.record(report(document), of: document, isWhole: true)
        let text = applied.json.prettyText()
        #expect(!text.contains("a-secret"))
        let read = try #require(AppliedMetadata(JSONParser.parse(Array(text.utf8), name: "test").value))
        #expect(read == applied && read.isInForce(document))
        #expect(AppliedMetadata(.object(JSONObject([("stack", .string("s"))]))) == nil)
        let shuffled = #"{"AWS::CloudFormation::Init": {"config": {"commands": {"a": {"test": "t", "command": "x"}}}}}"#
        let other = #"{"AWS::CloudFormation::Init": {"config": {"commands": {"a": {"command": "x", "test": "t"}}}}}"#
        let documents = try [shuffled, other].map { Document(try JSONParser.parse(Array($0.utf8), name: "t").value) }
        applied.record(report(documents[0]), of: documents[0], isWhole: true)
        #expect(applied.isInForce(documents[1]))
    }

    @Test func `a later boot leaves out all but commands with a test, and still waits for the units`() throws {
        let text = """
            {"AWS::CloudFormation::Init": {"config": {
                "packages": {"apt": {"a": []}}, "files": {"/f": {"content": "x"}},
                "commands": {"a": {"command": "x"}, "b": {"command": "y", "test": "true"}},
                "services": {"systemd": {"s": {"ensureRunning": true}}}}}}
            """
        let document = Document(try JSONParser.parse(Array(text.utf8), name: "test").value).forLaterBoot()
        let resources = document.sets.flatMap(\.configs).flatMap(\.resources)
        #expect(resources.filter { !($0 is SkippedResource) }.map { "\($0.id)" } == ["commands[b]"])
        let report = Report(mode: .apply, configSets: [])
        #expect(implicitChecks(document, report).map { "\($0.id)" } == ["readiness[s]"])
    }
}
