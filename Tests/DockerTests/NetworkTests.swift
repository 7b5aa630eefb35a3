import Foundation
import InitCore
import Testing

@testable import InitDocker

@Suite(.enabled(if: Engine.isThere))
struct NetworkTests {
    private let engine: Engine
    private let docker: DockerEngine
    private let id = UUID().uuidString.prefix(8)

    init() throws {
        engine = try Engine.shared.get()
        docker = engine.engine()
    }

    private func wish(_ name: String, within pool: String, prefix: Int, taken: [String] = []) throws -> NetworkWish {
        NetworkWish(
            name: name, place: .within(try #require(Subnet(pool)), prefix: prefix),
            labels: OwnershipMark(owner: "tests", config: "config", section: "containers", item: "networks/\(name)")
                .labels,
            taken: taken.compactMap(Subnet.init))
    }

    @Test func `forty networks, made side by side, have forty subnets`() async throws {
        // More than Docker's own pools have.
        let names = (1...40).map { "n-\(id)-\($0)" }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in names {
                group.addTask {
                    _ = try await docker.perform(
                        .createNetwork(try wish(name, within: "10.77.0.0/16", prefix: 28)), onHost: Engine.onHost)
                }
            }
            try await group.waitForAll()
        }
        var subnets: [Subnet] = []
        for name in names {
            let found = try #require(try await docker.network(name))
            subnets.append(try #require(Subnet(found.subnet)))
            #expect(OwnershipMark(labels: found.labels)?.item == "networks/\(name)")
        }
        #expect(Set(subnets).count == names.count)
        #expect(subnets.allSatisfy { $0.prefix == 28 && Subnet("10.77.0.0/16")!.contains($0) })
        _ = try await docker.perform(.remove(containers: [], networks: names), onHost: Engine.onHost)
        #expect(try await docker.network(names[0]) == nil)
    }

    @Test func `what the host's routes and other networks use is left out`() async throws {
        let first = "n-\(id)-a"
        _ = try await docker.perform(
            .createNetwork(try wish(first, within: "10.78.0.0/26", prefix: 28, taken: ["10.78.0.0/28"])),
            onHost: Engine.onHost)
        #expect(try await docker.network(first)?.subnet == "10.78.0.16/28")
        // Another process has its own view of what is given away.
        let second = "n-\(id)-b"
        _ = try await engine.engine().perform(
            .createNetwork(try wish(second, within: "10.78.0.0/26", prefix: 28, taken: ["10.78.0.0/28"])),
            onHost: Engine.onHost)
        #expect(try await docker.network(second)?.subnet == "10.78.0.32/28")
        let failure = await #expect(throws: Failure.self) {
            try await docker.perform(
                .createNetwork(try wish("n-\(id)-c", within: "10.78.0.0/28", prefix: 28, taken: ["10.78.0.0/28"])),
                onHost: Engine.onHost)
        }
        #expect(failure?.message.contains("no /28 is free in 10.78.0.0/28") == true)
        _ = try await docker.perform(.remove(containers: [], networks: [first, second]), onHost: Engine.onHost)
    }

    @Test func `a network with a guest in it is removed, and the guest goes on`() async throws {
        let network = "n-\(id)"
        let guest = "g-\(id)"
        _ = try await docker.perform(
            .createNetwork(try wish(network, within: "10.79.0.0/24", prefix: 28)), onHost: Engine.onHost)
        var own = try ContainerWish.box(guest, version: "1")
        own.spec.mode = .networks
        let home = "h-\(id)"
        _ = try await docker.perform(
            .createNetwork(try wish(home, within: "10.79.0.0/24", prefix: 28)), onHost: Engine.onHost)
        own.spec.networks = [home]
        _ = try await docker.perform(.bring(own), onHost: Engine.onHost)
        _ = try await docker.perform(.connect(container: guest, networks: [network]), onHost: Engine.onHost)
        let state = try #require(try await docker.state(of: guest))
        #expect(state.networks == [home, network])
        _ = try await docker.perform(.remove(containers: [], networks: [network]), onHost: Engine.onHost)
        #expect(try await docker.state(of: guest)?.networks == [home])
        #expect(try await docker.state(of: guest)?.status == .running)
        // One that stands still keeps the network in its settings, and can't be started with these.
        _ = try await docker.perform(
            .createNetwork(try wish(network, within: "10.79.0.0/24", prefix: 28)), onHost: Engine.onHost)
        _ = try await docker.perform(.connect(container: guest, networks: [network]), onHost: Engine.onHost)
        try await docker.stop(guest, guest)
        _ = try await docker.perform(.remove(containers: [], networks: [network]), onHost: Engine.onHost)
        _ = try await docker.perform(.bring(own), onHost: Engine.onHost)
        #expect(try await docker.state(of: guest)?.networks == [home])
        #expect(try await docker.state(of: guest)?.status == .running)
        _ = try await docker.perform(.remove(containers: [guest], networks: [home]), onHost: Engine.onHost)
        #expect(try await engine.standing(guest) == [])
    }

    @Test func `what carries our mark is found by it`() async throws {
        let name = "o-\(id)"
        _ = try await docker.perform(.bring(.box(name, version: "1")), onHost: Engine.onHost)
        let owned = try #require(try await docker.probe(isOffline: false).owned())
        #expect(owned.containers[name]?.item == name)
        #expect(try await engine.engine(at: "/tmp/no/docker.sock").probe(isOffline: false).owned() == nil)
    }
}
