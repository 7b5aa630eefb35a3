import InitCore
import InitTesting
import Synchronization
import Testing

// What the loop does beside what single items ask for: batches, stops, retries, filters.

@Suite struct EngineTests {
    private func document(_ config: String) throws -> Document {
        let text = "{\"AWS::CloudFormation::Init\": {\"config\": \(config)}}"
        return Document(try JSONParser.parse(Array(text.utf8), name: "doc").value)
    }

    private func fake(_ host: String = "{}") throws -> FakeHost {
        FakeHost(try FakeWorld(Array(host.utf8), name: "host")) { Issue.record("\($0)") }
    }

    private static func files(_ count: Int) -> String {
        let files = (0..<count).map { "\"/etc/app/\($0 % 50)/file\($0)\": {\"content\": \"content \($0)\\n\"}" }
        return "{\"files\": {\(files.joined(separator: ", "))}}"
    }

    @Test("Neighbouring files are written as one batch, a file whose directory may change not before it")
    func batches() async throws {
        let document = try document(
            #"""
            {"files": {"/a": {"content": "1"}, "/b": {"content": "2"}, "/c": {"content": "/d", "mode": "120000"},
              "/c/x": {"content": "3"}, "/e": {"content": "4"}}}
            """#)
        let fake = try fake(#"{"files": {"/d": {"directory": true}}}"#)
        let batches = Mutex<[[String]]>([])
        var host = fake.host()
        let commit = host.commit
        host.commit = { writes in
            batches.withLock { $0.append(writes.map(\.path)) }
            return try await commit(writes)
        }
        let report = await Engine(host: host, mode: .apply).run(document)
        #expect(report.firstFailure == nil)
        #expect(batches.withLock { $0 } == [["/a", "/b"], ["/c/x", "/e"]])
        // Written through the link, which had to be there first.
        #expect(try fake.state.tree.read("/d/x") == Array("3".utf8))
    }

    @Test("A stop ends the run before the next item, and the rest is skipped")
    func stops() async throws {
        let document = try document(
            #"{"commands": {"a": {"command": "one"}, "b": {"command": "two"}, "c": {"command": "three"}}}"#)
        let fake = try fake(#"{"commands": {"one": {}, "two": {}, "three": {}}}"#)
        var host = fake.host()
        host.stopReason = { fake.state.ran.contains("one") ? Failure(.stopped, "told to stop") : nil }
        let report = await Engine(host: host, mode: .apply).run(document)
        #expect(report.items.map(\.outcome) == [.ran, .skipped, .skipped])
        #expect(report.firstFailure?.failure.kind == .stopped)
        #expect(fake.state.ran == ["one"])
        #expect(ExitCode(report) == .failed)
    }

    @Test("A stop while a command is tried again ends it, and waits grow from one second")
    func retries() async throws {
        let document = try document(#"{"commands": {"a": {"command": "flaky", "retries": "8"}}}"#)
        let waits = Mutex<[Double]>([])
        var host = try fake(#"{"commands": {"flaky": {"failures": 9}}}"#).host()
        host.sleep = { seconds in waits.withLock { $0.append(seconds) } }
        let report = await Engine(host: host, mode: .apply).run(document)
        #expect(waits.withLock { $0 } == [1, 2, 4, 8, 16, 30, 30, 30])
        #expect(report.firstFailure?.failure.message.hasSuffix("exited with code 1 (tried 9 times)") == true)
        #expect(report.firstFailure?.failure.output == "not yet")

        var stopping = try fake(#"{"commands": {"flaky": {"failures": 9}}}"#).host()
        let slept = Mutex(false)
        stopping.sleep = { _ in slept.withLock { $0 = true } }
        stopping.stopReason = { slept.withLock { $0 } ? Failure(.stopped, "told to stop") : nil }
        let stopped = await Engine(host: stopping, mode: .apply).run(document)
        #expect(stopped.firstFailure?.failure.kind == .stopped)
    }

    @Test("What --only leaves out is neither done nor told")
    func only() async throws {
        let document = try document(
            #"{"files": {"/etc/a": {"content": "1"}, "/etc/b": {"content": "2"}}, "commands": {"x": {"command": "x"}}}"#
        )
        for (filter, items) in [
            ("files//etc/b", ["files[/etc/b]"]), ("files/etc/b", ["files[/etc/b]"]),
            ("files", ["files[/etc/a]", "files[/etc/b]"]), ("commands/y", []),
        ] {
            let fake = try fake()
            let report = await Engine(host: fake.host(), mode: .apply).run(document, only: ResourceFilter(filter))
            #expect(report.items.map(\.id.description) == items, "\(filter)")
            #expect(fake.state.tree.names("/etc").count == items.count)
        }
    }

    private static let references = #"""
        {"files": {"/a": {"content": "ssm:///a", "mode": "0600"}, "/b": {"content": "ssm:///b", "mode": "0600"}},
         "commands": {"x": {"command": "x"}, "y": {"command": "y", "env": {"B": "ssm:///b"}}}}
        """#

    private static let referencedHost = #"""
        {"commands": {"x": {}, "y": {}}, "references": {"ssm:///a": "value-of-a", "ssm:///b": "value-of-b"}}
        """#

    @Test("What --only leaves out isn't fetched either, and a dry run fetches nothing again")
    func prefetching() async throws {
        let document = try document(Self.references)
        for (filter, fetches) in [
            ("files//etc/c", ""), ("files//a", "ahead: ssm:///a\n"), ("commands", "ahead: ssm:///b\nagain: ssm:///b\n"),
        ] {
            let fake = try fake(Self.referencedHost)
            let report = await Engine(host: fake.host(), mode: .apply).run(document, only: ResourceFilter(filter))
            #expect(report.firstFailure == nil)
            #expect(fake.fetches == fetches, "\(filter)")
        }
        let fake = try fake(Self.referencedHost)
        _ = await Engine(host: fake.host(performing: false), mode: .plan).run(document)
        #expect(fake.fetches == "ahead: ssm:///a, ssm:///b\n")
    }

    /// A second run of a config in the same set of sets is a config of its own.
    @Test("A config that runs twice fetches again twice, and a run that can't begin fetches nothing")
    func fetchedAgain() async throws {
        let text =
            #"{"AWS::CloudFormation::Init": {"configSets": {"default": ["config"], "more": ["config"]}, "config": \#(Self.references)}}"#
        let parsed = try JSONParser.parse(Array(text.utf8), name: "doc").value
        let document = Document(parsed, configSets: ["default", "more"])
        let fake = try fake(Self.referencedHost)
        _ = await Engine(host: fake.host(), mode: .apply).run(document)
        #expect(fake.fetches == "ahead: ssm:///a, ssm:///b\nagain: ssm:///b\nagain: ssm:///a, ssm:///b\n")
        let broken = try self.fake(Self.referencedHost)
        var host = broken.host()
        host.pending.load = { throw Failure(.host, "pending.json is broken") }
        _ = await Engine(host: host, mode: .apply).run(document)
        #expect(broken.fetches == "")
    }

    @Test("A stop while a value is awaited ends the run as a stop, a failure names reference and place")
    func failingReferences() async throws {
        let document = try document(Self.references)
        for mode in [Report.Mode.plan, .apply] {
            var host = try fake(Self.referencedHost).host(performing: mode == .apply)
            host.probe.resolve = { _ in throw Failure(.stopped, "told to stop") }
            let report = await Engine(host: host, mode: mode).run(document)
            #expect(report.firstFailure?.failure == Failure(.stopped, "told to stop"))
        }
        for (answer, message) in [
            (Failure(.network, "AccessDenied"), "ssm:///a, named in config.files./a.content: AccessDenied"),
            (Failure(.unreadable, "no credentials"), "ssm:///a, named in config.files./a.content: no credentials"),
        ] {
            var host = try fake(Self.referencedHost).host()
            host.probe.resolve = { _ in throw answer }
            let report = await Engine(host: host, mode: .apply).run(document)
            #expect(report.firstFailure?.failure == Failure(.network, message))
        }
        var host = try fake(Self.referencedHost).host()
        host.probe.resolve = { _ in nil }
        let report = await Engine(host: host, mode: .apply).run(document)
        #expect(report.firstFailure?.failure.message == "ssm:///a, named in config.files./a.content: nobody answered")
    }

    @Test("A value that a variable can't hold is a failure before the command runs")
    func hollowValues() async throws {
        let document = try document(#"{"commands": {"x": {"command": "x", "env": {"A": "ssm:///a"}}}}"#)
        let fake = try fake(Self.referencedHost)
        var host = fake.host()
        host.probe.resolve = { _ in Secret([65, 0, 66]) }
        let report = await Engine(host: host, mode: .apply).run(document)
        #expect(
            report.firstFailure?.failure.message.hasPrefix("config.commands.x.env.A: the value holds a NUL") == true)
        #expect(fake.state.ran == [])
    }

    @Test("A pending list that can't be read fails the run before it does anything")
    func pending() async throws {
        let fake = try fake()
        var host = fake.host()
        host.pending.load = { throw Failure(.host, "pending.json is broken") }
        let report = await Engine(host: host, mode: .apply).run(try document(Self.files(3)))
        #expect(report.items.allSatisfy { $0.outcome == .skipped })
        #expect(report.firstFailure?.failure.message == "pending.json is broken")
        #expect(fake.moments == [])
    }

    @Test("The report of an apply has its items in the document's order, as the plan's has")
    func order() async throws {
        let document = try document(
            #"{"files": {"/a": {"content": "new"}, "/b": {"content": "b", "mode": "0600"}, "/c": {"content": "c"}, "/d": {"content": "new"}}}"#
        )
        let fake = try fake(#"{"files": {"/b": "b", "/c": "c"}}"#)
        let report = await Engine(host: fake.host(), mode: .apply).run(document)
        #expect(report.items.map(\.id.name) == ["/a", "/b", "/c", "/d"])
        // The mode is set after what precedes it is written.
        #expect(fake.moments.first == .file("/a"))
    }

    /// A mode that differed was put right before the batch in front of it was written, whether that failed or not.
    @Test("What stands behind a failed batch isn't done")
    func failedBatch() async throws {
        let document = try document(
            #"{"files": {"/a": {"content": "new"}, "/b": {"content": "b", "mode": "0600"}, "/c": {"content": "c"}}}"#)
        let fake = try fake(#"{"files": {"/b": "b", "/c": "c"}}"#)
        fake.begin(.fail(0, Failure(.host, "no space left")))
        let report = await Engine(host: fake.host(), mode: .apply).run(document)
        #expect(report.items.map(\.outcome) == [.failed, .skipped, .skipped])
        #expect(fake.state.tree["/b"]?.mode == 0o644)
    }

    @Test("A thousand files are planned and applied")
    func thousand() async throws {
        let document = try document(Self.files(1000))
        let fake = try fake()
        let plan = await Engine(host: fake.host(performing: false), mode: .plan).run(document)
        #expect(plan.count(.changed) == 1000)
        let report = await Engine(host: fake.host(), mode: .apply).run(document)
        #expect(report.count(.changed) == 1000)
    }
}
