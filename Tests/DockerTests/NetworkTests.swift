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

    /// One that lives in a network of its own, `h-ID`, and has joined others.
    private func make(_ guest: String, _ pool: String, in others: [String] = []) async throws -> ContainerWish {
        var own = try ContainerWish.box(guest, version: "1")
        own.spec.mode = .networks
        own.spec.networks = ["h-\(id)"] + others
        for network in own.spec.networks {
            _ = try await docker.perform(
                .createNetwork(try wish(network, within: pool, prefix: 28)), onHost: Engine.onHost)
        }
        _ = try await docker.perform(.bring(own), onHost: Engine.onHost)
        return own
    }

    @Test func `a network is left while the container runs, or stands still`() async throws {
        let (guest, front) = ("g-\(id)", "f-\(id)")
        var own = try await make(guest, "10.80.0.0/24", in: [front])
        let first = try await docker.found(guest)?.id
        own.spec.networks = ["h-\(id)"]
        own.leaving = [front]
        _ = try await docker.perform(.bring(own), onHost: Engine.onHost)
        #expect(try await docker.state(of: guest)?.networks == ["h-\(id)"])
        _ = try await docker.perform(.connect(container: guest, networks: [front]), onHost: Engine.onHost)
        try await docker.stop(guest, guest)
        _ = try await docker.perform(.bring(own), onHost: Engine.onHost)
        #expect(try await docker.state(of: guest)?.networks == ["h-\(id)"])
        #expect(try await docker.found(guest)?.id == first)
        _ = try await docker.perform(
            .remove(containers: [guest], networks: [front, "h-\(id)"]), onHost: Engine.onHost)
    }

    @Test func `one whose first network is gone is made anew, whichever call says so`() async throws {
        let (guest, front) = ("g-\(id)", "f-\(id)")
        var own = try await make(guest, "10.81.0.0/24")
        let first = try await docker.found(guest)?.id
        _ = try await docker.perform(
            .createNetwork(try wish(front, within: "10.81.0.0/24", prefix: 28)), onHost: Engine.onHost)
        own.spec.networks.append(front)
        // Docker 25's answer to who would join it to another one.
        let (relay, path) = try engine.relay(
            "--refuse", "/connect", "could not find a network matching network mode x: network x not found")
        _ = try await engine.engine(at: path).perform(.bring(own), onHost: Engine.onHost)
        withExtendedLifetime(relay) {}
        #expect(try await docker.found(guest)?.id != first)
        #expect(try await docker.state(of: guest)?.networks == ["h-\(id)", front])
        _ = try await docker.perform(
            .remove(containers: [guest], networks: [front, "h-\(id)"]), onHost: Engine.onHost)
    }

    @Test func `who lives in a network is told from who has joined it, also while he stands still`() async throws {
        let (guest, front) = ("g-\(id)", "f-\(id)")
        _ = try await make(guest, "10.82.0.0/24", in: [front])
        try await docker.stop(guest, guest)
        let owned = try #require(try await docker.owned())
        #expect(owned.residents["h-\(id)"] == [guest] && owned.residents[front] == nil)
        #expect(owned.networks[front]?.item == "networks/\(front)")
        _ = try await docker.perform(
            .remove(containers: [guest], networks: [front, "h-\(id)"]), onHost: Engine.onHost)
    }

    @Test func `a subnet that another network has is told with that network's name`() async throws {
        let other = "n-\(id)"
        _ = try await docker.perform(
            .createNetwork(try wish(other, within: "10.83.0.0/24", prefix: 24)), onHost: Engine.onHost)
        var fixed = try wish("m-\(id)", within: "10.83.0.0/24", prefix: 28)
        fixed.place = .fixed(try #require(Subnet("10.83.0.16/28")))
        let failure = await #expect(throws: Failure.self) {
            try await docker.perform(.createNetwork(fixed), onHost: Engine.onHost)
        }
        #expect(failure?.message.contains("network \(other) lies there") == true)
        _ = try await docker.perform(.remove(containers: [], networks: [other]), onHost: Engine.onHost)
    }

    @Test func `what carries our mark is found by it`() async throws {
        let name = "o-\(id)"
        _ = try await docker.perform(.bring(.box(name, version: "1")), onHost: Engine.onHost)
        let owned = try #require(try await docker.probe(isOffline: false).owned())
        #expect(owned.containers[name]?.item == name)
        #expect(try await engine.engine(at: "/tmp/no/docker.sock").probe(isOffline: false).owned() == nil)
    }
}
