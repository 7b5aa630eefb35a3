// What a second look comes to: the fake host after an apply, and then changed by somebody.

import Testing

@testable import InitCore
@testable import InitTesting

struct ContainerPlanTests {
    private static let host = #"""
        {"files": {"/var/lib/ide-init/key": {"content": "0123456789abcdef0123456789abcdef", "mode": "0600"}},
         "references": {"ssm:///token": "hush-hush"},
         "docker": {"images": {"ide:1": {"id": "sha256:1de1", "digest": "sha256:d1"}},
                    "registries": {"ide:1": {"id": "sha256:1de1", "digest": "sha256:d1"}}}}
        """#

    /// What the second run would do to the container `dev`.
    /// - Parameters:
    ///   - first: the container as it is applied first.
    ///   - second: as it is wished for then; nil: the same.
    ///   - sections: beside it, the first time and the second.
    ///   - change: what happens in between.
    private func second(
        _ first: String = "", _ second: String? = nil, beside sections: [String] = ["", ""],
        _ change: (inout FakeState) -> Void = { _ in }
    ) async throws -> Report.Item {
        func document(_ keys: String, _ beside: String) throws -> Document {
            try InitCoreTests.document(
                init: #"{"config": {"containers": {"dev": {"image": "ide:1", "network": "none"\#(keys)}}\#(beside)}}"#)
        }
        var world = try FakeWorld(Array(Self.host.utf8), name: "host")
        let before = FakeHost(world) { Issue.record("\($0)") }
        let report = await Engine(host: before.host(), mode: .apply).run(try document(first, sections[0]))
        #expect(report.firstFailure == nil)
        world.state = before.state
        change(&world.state)
        let after = FakeHost(world) { Issue.record("\($0)") }
        let plan = await Engine(host: after.host(performing: false), mode: .plan).run(
            try document(second ?? first, sections[1]))
        return try #require(plan.items.first { $0.id.name == "dev" })
    }

    private func facts(_ item: Report.Item) -> [String] { item.change?.facts.map(\.name) ?? [] }

    @Test func `as it was, it is right`() async throws {
        #expect(try await second().outcome == .unchanged)
        #expect(try await second(#", "secrets": {"/run/token": "ssm:///token"}"#).outcome == .unchanged)
    }

    @Test func `stopped, it is to be started; ended well, one that runs once isn't`() async throws {
        let stopped: (inout FakeState) -> Void = { $0.docker.containers["dev"]?.state.status = .exited }
        #expect(facts(try await second("", nil, stopped)) == ["running"])
        #expect(facts(try await second(#", "restart": "always""#, nil, stopped)) == ["running"])
        #expect(try await second(#", "restart": "no""#, nil, stopped).outcome == .unchanged)
        #expect(try await second(#", "restart": "on-failure:2""#, nil, stopped).outcome == .unchanged)
        let failed: (inout FakeState) -> Void = {
            $0.docker.containers["dev"]?.state.status = .exited
            $0.docker.containers["dev"]?.state.exitCode = 1
        }
        #expect(facts(try await second(#", "restart": "no""#, nil, failed)) == ["running"])
    }

    @Test func `one that ends again and again isn't running, one that is unhealthy isn't well`() async throws {
        let restarting = try await second { $0.docker.containers["dev"]?.state.status = .restarting }
        #expect(restarting.change?.facts == [Fact("running", "restarting", "true")])
        let unhealthy = try await second { $0.docker.containers["dev"]?.state.health = .unhealthy }
        #expect(unhealthy.change?.facts == [Fact("health", "unhealthy", "healthy")])
        for item in [restarting, unhealthy] {
            let wishes = item.change?.steps.compactMap { step in
                if case .docker(.bring(let wish)) = step { wish } else { nil }
            }
            #expect(wishes?.map(\.isDoubted) == [true])
        }
        for health in [ContainerState.Health.starting, .healthy] {
            #expect(try await second { $0.docker.containers["dev"]?.state.health = health }.outcome == .unchanged)
        }
    }

    @Test func `a newer image that is still to be pulled is told at those that are made of it`() async throws {
        let always = #", "pull": "always""#
        let published = ImageState(id: "sha256:1de2", digests: ["sha256:d2"])
        #expect(try await second(always).outcome == .unchanged)
        let item = try await second(always) { $0.docker.published["ide:1"] = (published, "") }
        #expect(facts(item) == ["image"])
        #expect(item.change?.certainty == .knownAfter("containers[images/ide:1]"))
    }

    @Test func `secrets of a specification that is gone are told, those in use aren't`() async throws {
        func leave(_ name: String) -> (inout FakeState) -> Void {
            { $0.tree.set("\(ContainerSecrets.place)/dev/\(name)/0", FakeNode(.file([]), mode: 0o400)) }
        }
        #expect(facts(try await second("", nil, leave("0ld"))) == ["former secrets"])
        let secrets = #", "secrets": {"/run/token": "ssm:///token"}"#
        #expect(facts(try await second(secrets, nil, leave("0ld"))) == ["former secrets"])
        let kept = try await second(secrets) { state in
            leave(state.docker.containers["dev"]?.state.labels[ContainerLabel.spec] ?? "")(&state)
        }
        #expect(kept.outcome == .unchanged)
    }

    @Test func `what a hash costs is part of a container whose labels hold one`() async throws {
        func traefik(_ keys: String) -> String { #", "traefik": {"domain": "a.example", "routes": "labels"\#(keys)}"# }
        let route = #", "route": {"auth": {"user": "u", "password": "ssm:///token"}}"#
        func facts(_ first: String, _ second: String, _ keys: String) async throws -> [Fact]? {
            let item = try await self.second(keys, nil, beside: [traefik(first), traefik(second)])
            #expect(item.failure == nil)
            return item.change?.facts
        }
        let six = #", "bcryptCost": 6"#
        #expect(try await facts("", #", "bcryptCost": 5"#, route) == nil)
        #expect(try await facts("", six, route) == [Fact("bcryptCost", "another", "6")])
        #expect(try await facts(six, "", route) == [Fact("bcryptCost", "another", "5")])
        #expect(try await facts("", six, "") == nil)
    }

    @Test func `a network on the wrong side of the rule for instance metadata is refused, and told how to be rid of`()
        async throws
    {
        let host = #"{"answers": {"routingRules": "100: from 10.213.0.0/17 to 169.254.169.254 prohibit"},"#
        var world = try FakeWorld(Array((host + Self.host.dropFirst()).utf8), name: "host")
        func item(_ metadata: String, on world: FakeWorld, _ mode: Report.Mode) async throws -> (Report.Item, FakeState)
        {
            let host = FakeHost(world) { Issue.record("\($0)") }
            let document = try InitCoreTests.document(
                init: #"{"config": {"containers": {"dev": {"image": "ide:1", "instanceMetadata": "\#(metadata)"}}}}"#)
            let report = await Engine(host: host.host(performing: mode == .apply), mode: mode).run(document)
            return (try #require(report.items.first { $0.id.name == "networks/dev" }), host.state)
        }
        let (made, state) = try await item("allow", on: world, .apply)
        #expect(made.outcome == .changed)
        world.state = state
        #expect(try await item("allow", on: world, .plan).0.outcome == .unchanged)
        let (denied, _) = try await item("deny", on: world, .plan)
        #expect(denied.failure?.kind == .refused)
        #expect(
            denied.failure?.message.contains(
                "which they are denied; remove its containers and it (docker network rm dev)") == true)
    }

    @Test func `an image of the same name that is another replaces it`() async throws {
        let item = try await second { $0.docker.images["ide:1"]?.id = "sha256:1de2" }
        #expect(item.change?.facts == [Fact("image", "sha256:1de1", "sha256:1de2")])
    }

    @Test func `what a kill left is seen, even where all else is right`() async throws {
        let item = try await second { $0.docker.containers["dev"]?.state.isHalfReplaced = true }
        #expect(facts(item) == ["broken-off replacement"])
    }

    @Test func `what differs is told by its key, and a secret by that alone`() async throws {
        let item = try await second(
            #", "memory": "1g", "secrets": {"/run/token": "ssm:///token"}"#,
            #", "memory": "2g", "secrets": {"/run/token": "another-secret"}"#)
        #expect(
            item.change?.facts == [
                Fact("memory", "another", "2147483648"), Fact("secrets", .concealed, .concealed),
            ])
    }

    @Test func `another key of the host makes all of them anew`() async throws {
        let item = try await second { state in
            state.tree.set(
                "/var/lib/ide-init/key", FakeNode(.file(Array("fedcba9876543210fedcba9876543210".utf8)), mode: 0o600))
        }
        #expect(item.outcome == .changed)
    }

    @Test func `in another root containers are refused`() async throws {
        let world = try FakeWorld(Array(Self.host.utf8), name: "host")
        var host = FakeHost(world) { Issue.record("\($0)") }.host()
        host.probe.docker = .absent
        let document = try document(
            init: #"{"config": {"containers": {"dev": {"image": "ide:1", "network": "none"}}}}"#)
        let report = await Engine(host: host, mode: .apply).run(document)
        #expect(
            report.firstFailure?.failure.message
                == "containers are made on a running host only, not in another root (--root)")
    }
}
