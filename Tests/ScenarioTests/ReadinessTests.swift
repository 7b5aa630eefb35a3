import InitCore
import InitTesting
import Synchronization
import Testing

// The end of a run: what is waited for, how long, and who hears of it.

@Suite struct ReadinessTests {
    private func document(_ config: String, _ more: String = "") throws -> Document {
        let text = "{\"AWS::CloudFormation::Init\": {\"config\": \(config)\(more)}}"
        let document = Document(try JSONParser.parse(Array(text.utf8), name: "doc").value)
        try #require(document.diagnostics.errors.isEmpty, "\(document.diagnostics.errors.map(\.line))")
        return document
    }

    private func fake(_ host: String) throws -> FakeHost {
        FakeHost(try FakeWorld(Array(host.utf8), name: "host")) { Issue.record("\($0)") }
    }

    private static let port = #"{"readiness": {"timeout": "30s", "interval": "4s", "checks": {"a": {"tcp": "x:1"}}}}"#

    @Test("A check is asked again at its interval until it passes")
    func passes() async throws {
        let fake = try fake(#"{"checks": {"port x:1": {"failures": 3, "answer": "connection refused"}}}"#)
        let report = await Engine(host: fake.host(), mode: .apply).run(try document(Self.port))
        let result = try #require(report.readiness.first)
        #expect(result.outcome == .ready)
        #expect(result.tries == 4)
        #expect(result.duration == 12)
        #expect(report.firstFailure == nil)
        #expect(ExitCode(report) == .done)
    }

    @Test("One that never passes is asked once more at its very end, and then fails the run with its last answer")
    func timesOut() async throws {
        let fake = try fake(
            #"{"checks": {"port x:1": {"failures": 100, "answer": "connection refused", "output": "last words"}}}"#)
        let report = await Engine(host: fake.host(), mode: .apply).run(try document(Self.port))
        let (subject, failure) = try #require(report.firstFailure)
        #expect(subject == "readiness[a]")
        #expect(failure.kind == .timedOut)
        // At 0, 4 … 28 s, and at 30.
        #expect(failure.message == "not ready after 30 s and 9 tries: port x:1: connection refused")
        #expect(failure.output == "last words")
        #expect(ExitCode(report) == .failed)
    }

    @Test(
        "What can't get better fails after ten seconds on end, and not before",
        arguments: [(1000, "not ready after 12 s and 4 tries: port x:1: no such thing"), (3, nil)])
    func hopeless(failures: Int, message: String?) async throws {
        let fake = try fake(
            "{\"checks\": {\"port x:1\": {\"failures\": \(failures), \"answer\": \"no such thing\", \"wrong\": true}}}")
        let report = await Engine(host: fake.host(), mode: .apply).run(try document(Self.port))
        #expect(report.firstFailure?.failure.message == message)
        #expect(report.firstFailure?.failure.kind == (message == nil ? nil : .host))
    }

    @Test("An answer that gives hope begins the ten seconds anew")
    func hopeRegained() async throws {
        var host = try fake("{}").host()
        let asked = Mutex(0)
        host.check = { _, _ in
            let count = asked.withLock { count in
                count += 1
                return count
            }
            return count == 3 ? .notYet("starting") : count == 6 ? .ready : .wrong("failed")
        }
        let report = await Engine(host: host, mode: .apply).run(try document(Self.port))
        #expect(report.readiness.map(\.outcome) == [.ready])
        #expect(report.readiness.first?.duration == 20)
    }

    /// Each of three checks passes only once the others have been asked.
    @Test("Checks are asked side by side")
    func sideBySide() async throws {
        let document = try document(
            #"{"readiness": {"checks": {"a": {"tcp": "x:1"}, "b": {"tcp": "x:2"}, "c": {"tcp": "x:3"}}}}"#)
        var host = try fake("{}").host()
        let asked = Mutex(0)
        host.check = { _, _ in
            asked.withLock { $0 += 1 }
            for _ in 0..<2000 where asked.withLock({ $0 }) < 3 { try? await Task.sleep(for: .milliseconds(10)) }
            return asked.withLock { $0 } < 3 ? .wrong("the others wait for this one's answer") : .ready
        }
        let report = await Engine(host: host, mode: .apply).run(document)
        #expect(report.readiness.map(\.outcome) == [.ready, .ready, .ready])
        #expect(report.readiness.map(\.tries) == [1, 1, 1])
    }

    @Test("The first that fails ends the waiting for the others, which are told with their last answers")
    func first() async throws {
        let document = try document(
            #"{"readiness": {"checks": {"a": {"tcp": "x:1"}, "b": {"tcp": "x:2", "timeout": "2s"}, "c": {"tcp": "x:3"}}}}"#
        )
        let fake = try fake(
            #"{"checks": {"port x:1": {"failures": 100000, "answer": "refused"}, "port x:2": {"failures": 100000}, "port x:3": {}}}"#
        )
        let report = await Engine(host: fake.host(), mode: .apply).run(document)
        #expect(report.readiness.map(\.outcome) == [.skipped, .failed, .ready])
        #expect(report.readiness[0].note == "given up when readiness[b] failed; its last answer: refused")
        #expect(report.firstFailure?.subject == "readiness[b]")
        #expect(report.firstFailure?.failure.message.hasSuffix("port x:2: not yet; not ready either: a") == true)
    }

    @Test("A stop ends the waiting, and is what the run failed for")
    func stops() async throws {
        let fake = try fake(#"{"checks": {"port x:1": {"failures": 100, "answer": "refused"}}}"#)
        var host = fake.host()
        let slept = Mutex(0)
        host.sleep = { _ in slept.withLock { $0 += 1 } }
        host.stopReason = { slept.withLock { $0 } == 2 ? Failure(.stopped, "stopped by SIGTERM") : nil }
        let report = await Engine(host: host, mode: .apply).run(try document(Self.port))
        #expect(report.firstFailure?.failure == Failure(.stopped, "stopped by SIGTERM"))
        #expect(report.readiness.map(\.note) == ["given up: stopped by SIGTERM; its last answer: refused"])
        #expect(report.readiness.map(\.tries) == [2])
    }

    @Test("After a failure nothing is waited for")
    func notReached() async throws {
        let fake = try fake(#"{"commands": {"false": {"code": 1}}}"#)
        let config = #"{"commands": {"c": {"command": "false"}}, "readiness": {"checks": {"a": {"tcp": "x:1"}}}}"#
        let report = await Engine(host: fake.host(), mode: .apply).run(try document(config))
        #expect(report.firstFailure?.subject == "commands[c]")
        #expect(report.readiness.map(\.note) == ["not reached: commands[c] failed"])
    }

    @Test("In another root nothing runs, so nothing is waited for")
    func anotherRoot() async throws {
        var host = try fake(#"{"units": {"s": {"active": null}}}"#).host()
        host.check = nil
        let report = await Engine(host: host, mode: .apply).run(try document(Self.port))
        #expect(report.readiness.map(\.note) == ["nothing runs in another root"])
        #expect(report.firstFailure == nil)
        let units = try document(#"{"services": {"systemd": {"s": {"ensureRunning": true}}}}"#)
        #expect(await Engine(host: host, mode: .apply).run(units).readiness == [])
    }

    @Test("--only waits for what it names and for nothing else")
    func only() async throws {
        let config =
            #"{"files": {"/a": {"content": "1"}}, "readiness": {"checks": {"a": {"tcp": "x:1"}, "b": {"tcp": "x:2"}}}}"#
        for (filter, checks) in [("files", []), ("readiness", ["a", "b"]), ("readiness/b", ["b"])] {
            let fake = try fake(#"{"checks": {"port x:1": {}, "port x:2": {}}}"#)
            let report = await Engine(host: fake.host(), mode: .apply).run(
                try document(config), only: ResourceFilter(filter))
            #expect(report.readiness.map(\.check.id.name) == checks, "\(filter)")
            #expect(report.items.isEmpty == (filter != "files"))
        }
    }

    @Test("A config that runs twice waits once; two configs' checks of one name are two")
    func several() async throws {
        let set = #""configSets": {"default": ["config", "other", "config"]}"#
        let other = #""other": {"readiness": {"checks": {"a": {"tcp": "x:2"}}}}"#
        let fake = try fake(#"{"checks": {"port x:1": {}, "port x:2": {}}}"#)
        let report = await Engine(host: fake.host(), mode: .apply).run(try document(Self.port, ", \(set), \(other)"))
        #expect(
            report.readiness.map { "\($0.check.id.config) \($0.check.target)" } == [
                "config port x:1", "other port x:2",
            ])
    }

    @Test("Who watches hears what is waited for, each new answer once, and what came of each")
    func events() async throws {
        let fake = try fake(#"{"checks": {"port x:1": {"failures": 3, "answer": "refused"}}}"#)
        let heard = Mutex<[String]>([])
        let engine = Engine(host: fake.host(), mode: .apply) { event in
            heard.withLock { heard in
                switch event {
                case .readinessStarted(let checks): heard.append("started \(checks.map(\.id.name))")
                case .waiting(let checks): heard.append(checks.text)
                case .checkFinished(let result): heard.append("\(result.check.id) \(result.outcome)")
                default: break
                }
            }
        }
        _ = await engine.run(try document(Self.port))
        #expect(
            heard.withLock { $0 } == [
                #"started ["a"]"#, "waiting for readiness[a]: refused", "readiness[a] ready",
            ])
    }

    @Test("The line of what is under way names one and counts the others")
    func line() {
        let id = { ResourceID(config: "c", section: "readiness", name: $0) }
        #expect([WaitingCheck(id: id("a"), answer: nil)].text == "waiting for readiness[a]")
        #expect(
            [WaitingCheck(id: id("a"), answer: nil), WaitingCheck(id: id("b"), answer: "no")].text
                == "waiting for readiness[b]: no (and 1 more)")
    }
}
