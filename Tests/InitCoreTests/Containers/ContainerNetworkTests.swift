// Networks from one document to the next: joined, left, and gone only when nobody lives in them any more.

import Testing

@testable import InitCore
@testable import InitTesting

struct ContainerNetworkTests {
    private static let host = #"""
        {"files": {"/var/lib/ide-init/key": {"content": "0123456789abcdef0123456789abcdef", "mode": "0600"}},
         "units": {"ide-init-metadata-guard.service": {"enabled": false}},
         "answers": {"routingRules": "100: from 10.213.0.0/17 to 169.254.169.254 prohibit"},
         "docker": {"images": {"ide:1": {"id": "sha256:1de1"}}}}
        """#

    /// The host after the last apply.
    private var world: FakeWorld

    init() throws { world = try FakeWorld(Array(Self.host.utf8), name: "host") }

    /// - Parameter others: configs that aren't run.
    private mutating func run(_ mode: Report.Mode, _ containers: String, others: String = "") async throws -> Report {
        let document = try document(
            init: #"{"configSets": {"default": ["config"]}, "config": {"containers": {\#(containers)}}\#(others)}"#)
        let host = FakeHost(world) { Issue.record("\($0)") }
        let report = await Engine(host: host.host(performing: mode == .apply), mode: mode).run(document)
        if mode == .apply { world.state = host.state }
        return report
    }

    private func facts(_ report: Report, _ name: String) -> [Fact]? {
        report.items.first { $0.id.name == name }?.change?.facts
    }

    private var networks: [String] { world.state.docker.networks.keys.sorted() }
    private func joined(_ name: String) -> Set<String>? { world.state.docker.containers[name]?.state.networks }

    private let shared = #""networks": {"shared": {}}, "dev": {"image": "ide:1", "network": "shared"}"#
    private let own = #""dev": {"image": "ide:1"}"#
    private let last = "networks no longer listed"

    @Test mutating func `a container with another first network is replaced, and its old network goes last`()
        async throws
    {
        #expect(try await run(.apply, shared).firstFailure == nil)
        let plan = try await run(.plan, own)
        #expect(facts(plan, "dev") == [Fact("network", "another", "own")])
        #expect(plan.items.last?.change?.facts == [Fact("network", .text("shared"), .absent)])
        let report = try await run(.apply, own)
        let changed = { (report: Report) in report.items.filter { $0.outcome == .changed }.map(\.id.name) }
        #expect(changed(report) == changed(plan) && changed(report) == ["networks/dev", "dev", last])
        #expect(networks == ["dev"] && joined("dev") == ["dev"])
        #expect(changed(try await run(.plan, own)) == [])
    }

    @Test mutating func `while it can't be replaced, the network stays where it was`() async throws {
        _ = try await run(.apply, shared)
        world.state.docker.containers["dev"]?.refusal = "is unhealthy"
        let report = try await run(.apply, own)
        #expect(report.firstFailure?.subject == "containers[dev]")
        #expect(networks == ["dev", "shared"] && joined("dev") == ["shared"])
    }

    @Test mutating func `a network in which another's container lives stays, and it is said`() async throws {
        _ = try await run(.apply, shared)
        world.state.docker.containers["theirs"] = FakeDocker.Container(
            state: ContainerState(
                image: "sha256:9", labels: [:], status: .running, networks: ["shared"], networkMode: "shared"))
        let report = try await run(.apply, own)
        #expect(
            report.items.last?.note
                == "network shared isn't listed any more, and stays while theirs lives in it")
        #expect(networks == ["dev", "shared"] && joined("theirs") == ["shared"])
        // Who has only joined is sent away.
        world.state.docker.containers["theirs"]?.state.networks.insert("bridge")
        world.state.docker.containers["theirs"]?.state.networkMode = "bridge"
        _ = try await run(.apply, own)
        #expect(networks == ["dev"] && joined("theirs") == ["bridge"])
    }

    @Test mutating func `networks that it isn't to be in any more are left, and those that others had it join aren't`()
        async throws
    {
        let networks = #""networks": {"front": {}}, "#
        _ = try await run(.apply, networks + #""dev": {"image": "ide:1", "networks": ["own", "front"]}"#)
        let label = world.state.docker.containers["dev"]?.state.labels[ContainerLabel.spec]
        world.state.docker.networks["theirs"] = NetworkState(labels: [:], subnet: "")
        world.state.docker.containers["dev"]?.state.networks.insert("theirs")
        let report = try await run(.apply, networks + own)
        #expect(facts(report, "dev") == [Fact("network", .text("front"), .absent)])
        #expect(joined("dev") == ["dev", "theirs"])
        #expect(world.state.docker.containers["dev"]?.state.labels[ContainerLabel.spec] == label)
        #expect(try await run(.plan, networks + own).items.allSatisfy { $0.outcome == .unchanged })
    }

    @Test mutating func `one that is no proxy any more leaves the others' networks`() async throws {
        func document(_ isProxy: Bool) -> String { own + #", "front": {"image": "ide:1", "proxy": \#(isProxy)}"# }
        _ = try await run(.apply, document(true))
        #expect(joined("front") == ["dev", "front"])
        #expect(try await run(.plan, document(true)).items.allSatisfy { $0.outcome == .unchanged })
        _ = try await run(.apply, document(false))
        #expect(joined("front") == ["front"])
    }

    @Test mutating func `a proxy in the host's network joins none`() async throws {
        let proxy = #""front": {"image": "ide:1", "proxy": true, "network": "host", "instanceMetadata": "allow"}"#
        let report = try await run(.apply, "\(own), \(proxy)")
        #expect(report.firstFailure == nil)
        #expect(!report.items.contains { $0.id.name == "proxy networks/front" })
        #expect(joined("front") == [])
        // The document says another thing by now, and its config isn't run.
        let other = #", "Front": {"containers": {"front": {"image": "ide:1", "proxy": true}}}"#
        let later = try await run(.apply, own, others: other)
        #expect(later.items.last?.outcome == .skipped)
        #expect(joined("front") == [])
    }

    @Test mutating func `another's container of the proxy's name joins nothing`() async throws {
        func other(_ adopts: Bool) -> String {
            #", "Front": {"containers": {"front": {"image": "ide:1", "proxy": true, "adopt": \#(adopts)}}}"#
        }
        world.state.docker.containers["front"] = FakeDocker.Container(
            state: ContainerState(image: "sha256:9", labels: [:], status: .running, networks: ["bridge"]))
        let report = try await run(.apply, own, others: other(false))
        #expect(report.firstFailure?.failure.message.hasPrefix("there is a container front that isn't ours") == true)
        let later = try await run(.apply, own, others: other(true))
        #expect(later.items.last?.outcome == .skipped && later.firstFailure == nil)
        #expect(joined("front") == ["bridge"])
    }

    @Test mutating func `labels that came with an image make nobody's container ours`() async throws {
        _ = try await run(.apply, own)
        let container = try #require(world.state.docker.containers["dev"])
        world.state.docker.containers["copy"] = container
        let gone = try await run(.apply, #""networks": {}, "other": {"image": "ide:1", "network": "none"}"#)
        #expect(facts(gone, "no longer listed")?.map(\.before) == [.text("dev")])
        #expect(world.state.docker.containers.keys.sorted() == ["copy", "other"])
        let refused = try await run(.plan, #""copy": {"image": "ide:1", "network": "none"}"#)
        #expect(refused.firstFailure?.failure.message.hasPrefix("there is a container copy that isn't ours") == true)
    }

    @Test mutating func `secrets of containers that are neither there nor listed go`() async throws {
        for name in ["gone", "dev"] {
            world.state.tree.set("\(ContainerSecrets.place)/\(name)/0/0", FakeNode(.file([]), mode: 0o400))
        }
        let report = try await run(.apply, own)
        #expect(facts(report, "no longer listed") == [Fact("secrets", .text("gone"), .absent)])
        #expect(world.state.tree.names(ContainerSecrets.place) == ["dev"])
    }
}
