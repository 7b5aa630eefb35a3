import InitTesting
import Synchronization
import Testing

@testable import InitCore

// Neighbours that are taken side by side.

@Suite struct SideBySideTests {
    private struct Neighbour: Resource {
        let number: Int
        var plan = Plan.unchanged
        var id: ResourceID { ResourceID(config: "config", section: "containers", name: "\(number)") }
        var runsSideBySide: Bool { true }
        func plan(_ now: Planning) async throws -> Plan { plan }
    }

    private static func changing(_ numbers: Range<Int>) -> [Neighbour] {
        numbers.map { Neighbour(number: $0, plan: .change(Change(.create, steps: [.remove(path: "/\($0)")]))) }
    }

    private func run(
        _ neighbours: [Neighbour], mode: Report.Mode = .apply,
        perform: @escaping @Sendable (Step) async throws -> StepResult
    ) async throws -> Report {
        let fake = FakeHost(FakeWorld()) { Issue.record("\($0)") }
        var host = fake.host()
        host.perform = perform
        let metadata = try JSONParser.parse(Array(#"{"AWS::CloudFormation::Init": {"config": {}}}"#.utf8), name: "t")
            .value
        var run = Engine.Run(engine: Engine(host: host, mode: mode), document: Document(metadata))
        await run.takeSideBySide(neighbours)
        return run.report
    }

    private struct Traffic: Sendable {
        var now = 0
        var most = 0
        var begun = 0
    }

    @Test("Sixteen are at work at once, and are told in their order")
    func bound() async throws {
        let traffic = Mutex(Traffic())
        let report = try await run(Self.changing(0..<40)) { _ in
            traffic.withLock {
                $0.now += 1
                $0.begun += 1
                $0.most = max($0.most, $0.now)
            }
            // Each waits for those that may begin with it.
            while traffic.withLock({ $0.begun < 16 }) { await Task.yield() }
            traffic.withLock { $0.now -= 1 }
            return StepResult(changed: true)
        }
        #expect(traffic.withLock(\.most) == 16)
        #expect(report.items.map(\.id.name) == (0..<40).map(String.init))
        #expect(report.items.allSatisfy { $0.outcome == .changed })
    }

    @Test("After a failure none is begun, those at work are told as they went")
    func failure() async throws {
        let begun = Mutex(0)
        let report = try await run(Self.changing(0..<40)) { step in
            begun.withLock { $0 += 1 }
            while begun.withLock({ $0 < 16 }) { await Task.yield() }
            if step == .remove(path: "/3") { throw Failure(.host, "no") }
            // The others end after the failure is known.
            for _ in 0..<1000 { await Task.yield() }
            return StepResult(changed: true)
        }
        #expect(report.items.count == 40)
        #expect(report.items[3].outcome == .failed)
        #expect(report.firstFailure?.failure.message == "no")
        #expect(report.items.filter { $0.outcome == .changed }.count == begun.withLock { $0 } - 1)
        #expect(report.items[39].outcome == .skipped)
    }

    @Test("One that can't be planned keeps all from being carried out")
    func badPlan() async throws {
        var neighbours = Self.changing(0..<3)
        neighbours[1].plan = .change(Change(.create, steps: [], certainty: .unanswered("no daemon")))
        let planned = try await run(neighbours, mode: .plan) { _ in
            Issue.record("carried out")
            return StepResult(changed: true)
        }
        #expect(planned.items.map(\.outcome) == [.changed, .changed, .changed])
        neighbours[0].plan = .unchanged
        neighbours[2].plan = .skip("not wanted")
        let report = try await run(neighbours) { _ in StepResult(changed: true) }
        #expect(report.items.map(\.outcome) == [.unchanged, .failed, .skipped])
    }
}
