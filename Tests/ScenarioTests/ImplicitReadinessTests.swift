import InitCore
import InitTesting
import Testing

// Where no config says what to wait for: the units that a run has made sure of.

@Suite struct ImplicitReadinessTests {
    private func run(
        _ configs: String, sets: String = #"["config"]"#, mode: Report.Mode = .apply, waitsForUnits: Bool = true,
        checks: String = "{}"
    ) async throws -> Report {
        let text = #"{"AWS::CloudFormation::Init": {"configSets": {"default": \#(sets)}, \#(configs)}}"#
        let document = Document(try JSONParser.parse(Array(text.utf8), name: "doc").value)
        let host =
            #"{"files": {"/f": "old"}, "units": {"a": {"active": true}, "b": {"active": false}, "c": {"active": true}}, "checks": \#(checks)}"#
        let fake = FakeHost(try FakeWorld(Array(host.utf8), name: "host")) { Issue.record("\($0)") }
        let engine = Engine(host: fake.host(performing: mode == .apply), mode: mode, waitsForUnits: waitsForUnits)
        return await engine.run(document)
    }

    private static let services =
        #""services": {"systemd": {"a": {"ensureRunning": true}, "b": {"enabled": false}, "c": {"ensureRunning": false}}}"#

    @Test("Units that are to run are waited for, others aren't")
    func running() async throws {
        let report = try await run("\"config\": {\(Self.services)}")
        #expect(report.readiness.map { "\($0.check.target) \($0.outcome)" } == ["unit a ready"])
    }

    @Test("One that is restarted without a wish to run is waited for, too")
    func restarted() async throws {
        let report = try await run(
            #""config": {"files": {"/f": {"content": "new"}}, "services": {"systemd": {"a": {"files": ["/f"]}, "b": {}}}}"#
        )
        #expect(report.readiness.map(\.check.id.name) == ["a"])
    }

    @Test("The unit of a section of ours is waited for; where no systemd runs nobody made sure of it")
    func own() async throws {
        func run(_ more: String) async throws -> Report {
            let text =
                #"{"AWS::CloudFormation::Init": {"config": {"dns": {"owner": "me", "Z1": {"a.example.com": {"value": "192.0.2.1"}}}}}}"#
            let host =
                #"{"files": {\#(more)}, "units": {"ide-init-dns.service": {"active": false}}, "zones": {"Z1": {"name": "example.com", "records": {}}}}"#
            let fake = FakeHost(try FakeWorld(Array(host.utf8), name: "host")) { Issue.record("\($0)") }
            return await Engine(host: fake.host(), mode: .apply).run(
                Document(try JSONParser.parse(Array(text.utf8), name: "doc").value))
        }
        let booted = try await run(#""/run/systemd/system": {"directory": true}"#)
        #expect(booted.readiness.map { "\($0.check.target) \($0.outcome)" } == ["unit ide-init-dns.service ready"])
        let other = try await run("")
        #expect(other.firstFailure == nil && other.readiness == [])
    }

    @Test("The last config that names a unit has the last word")
    func lastWord() async throws {
        let on = #""services": {"systemd": {"a": {"ensureRunning": true}}}"#
        let off = #""services": {"systemd": {"a": {"ensureRunning": "false"}}}"#
        let both = "\"on\": {\(on)}, \"off\": {\(off)}"
        #expect(try await run(both, sets: #"["on", "off"]"#).readiness == [])
        #expect(try await run(both, sets: #"["off", "on"]"#).readiness.map(\.outcome) == [.ready])
    }

    @Test("A readiness section, even an empty one, is all that is waited for", arguments: ["{}", #"{"checks": {}}"#])
    func section(text: String) async throws {
        let report = try await run("\"config\": {\(Self.services), \"readiness\": \(text)}")
        #expect(report.readiness == [])
        #expect(report.firstFailure == nil)
    }

    @Test("By the name cfn-init no unit is waited for")
    func original() async throws {
        #expect(try await run("\"config\": {\(Self.services)}", waitsForUnits: false).readiness == [])
    }

    @Test("A unit that doesn't come up fails the run after 90 s, a failed one after ten")
    func failing() async throws {
        let slow = try await run(
            "\"config\": {\(Self.services)}",
            checks: #"{"unit a": {"failures": 1000, "answer": "activating (auto-restart)"}}"#)
        #expect(slow.firstFailure?.subject == "readiness[a]")
        #expect(
            slow.firstFailure?.failure.message
                == "not ready after 1 min 30 s and 91 tries: unit a: activating (auto-restart)")
        let failed = try await run(
            "\"config\": {\(Self.services)}",
            checks: #"{"unit a": {"failures": 1000, "answer": "failed (failed)", "wrong": true}}"#)
        #expect(
            failed.firstFailure?.failure.message == "not ready after 10 s and 11 tries: unit a: failed (failed)")
    }

    @Test("What nobody asked for is shown only where it took its time or failed")
    func quiet() async throws {
        let view = TextView(mode: .apply)
        let quick = try await run("\"config\": {\(Self.services)}")
        #expect(quick.readiness.flatMap(view.lines) == [])
        #expect(view.summary(quick) == ["Done: 1 changed, 2 already right in 0 ms."])
        let slow = try await run("\"config\": {\(Self.services)}", checks: #"{"unit a": {"failures": 2}}"#)
        #expect(slow.readiness.flatMap(view.lines) == ["  ✓ readiness[a] ready, 2 s, 3 tries"])
        let plan = try await run("\"config\": {\(Self.services)}", mode: .plan)
        #expect(plan.readiness.map(\.outcome) == [.planned])
        #expect(plan.readiness.flatMap(TextView(mode: .plan).lines) == [])
    }
}
