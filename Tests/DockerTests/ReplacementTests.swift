import Foundation
import Testing

@testable import InitCore
@testable import InitDocker

@Suite(.enabled(if: Engine.isThere))
struct ReplacementTests {
    private let engine: Engine
    private let docker: DockerEngine
    private let name = "r-\(UUID().uuidString.prefix(8))"

    init() throws {
        engine = try Engine.shared.get()
        docker = engine.engine()
    }

    private func bring(_ wish: ContainerWish, by docker: DockerEngine? = nil) async throws {
        _ = try await (docker ?? self.docker).perform(.bring(wish), onHost: Engine.onHost)
    }

    private func version() async throws -> String? { try await docker.found(name)?.spec }

    @Test func `a new one takes the old one's place and name`() async throws {
        try await bring(.box(name, version: "1"))
        #expect(try await engine.standing(name) == ["\(name) running"])
        let first = try await docker.found(name)?.id
        try await bring(.box(name, version: "1"))
        #expect(try await docker.found(name)?.id == first)
        try await bring(.box(name, version: "2"))
        #expect(try await engine.standing(name) == ["\(name) running"])
        #expect(try await version() == "2")
    }

    @Test func `one that was stopped is started, not made anew`() async throws {
        try await bring(.box(name, version: "1"))
        let id = try #require(try await docker.found(name)?.id)
        try await docker.stop(id, name)
        try await bring(.box(name, version: "1"))
        #expect(try await docker.found(name)?.id == id)
        #expect(try await engine.standing(name) == ["\(name) running"])
    }

    @Test func `one that ends at once leaves the old one running, and its last words are told`() async throws {
        try await bring(.box(name, version: "1"))
        let id = try await docker.found(name)?.id
        let failure = await #expect(throws: Failure.self) {
            try await bring(.box(name, version: "2", command: ["sh", "-c", "echo no licence >&2; exit 3"]))
        }
        #expect(failure?.message.hasSuffix("; the container that was there before runs again") == true)
        #expect(failure?.output?.contains("no licence") == true)
        #expect(try await docker.found(name)?.id == id)
        #expect(try await engine.standing(name) == ["\(name) running"])
    }

    @Test func `one that is unhealthy leaves the old one running`() async throws {
        try await bring(.box(name, version: "1"))
        var wish = try ContainerWish.box(name, version: "2")
        wish.spec.health = ContainerSpec.HealthCheck(
            test: ["CMD", "false"], interval: 0.2, timeout: 5, startPeriod: nil, retries: 1)
        let failure = await #expect(throws: Failure.self) { try await bring(wish) }
        #expect(failure?.message.hasPrefix("container \(name) is unhealthy") == true)
        #expect(try await version() == "1")
        wish.spec.health?.test = ["CMD", "true"]
        try await bring(wish)
        #expect(try await docker.found(name)?.state(isHalfReplaced: false).health == .healthy)
        #expect(try await version() == "2")
    }

    @Test func `a command that isn't in the image leaves the old one running`() async throws {
        try await bring(.box(name, version: "1"))
        let failure = await #expect(throws: Failure.self) {
            try await bring(.box(name, version: "2", command: ["no-such-program"]))
        }
        #expect(failure?.message.hasSuffix("; the container that was there before runs again") == true)
        #expect(failure?.output?.contains("no-such-program") == true)
        #expect(try await version() == "1")
        #expect(try await engine.standing(name) == ["\(name) running"])
    }

    @Test func `killed before any of its calls, the next run brings it about, and nothing that served is lost`()
        async throws
    {
        var moments = 0
        for moment in 0..<30 {
            let name = "\(name)-\(moment)"
            try await bring(.box(name, version: "1"))
            let (relay, path) = try engine.relay("--die", "\(moment)")
            let wasKilled: Bool
            do {
                try await bring(.box(name, version: "2"), by: engine.engine(at: path))
                wasKilled = false
            } catch {
                wasKilled = true
            }
            withExtendedLifetime(relay) {}
            // The old one is there, or the new one runs.
            let left = try await engine.standing(name)
            #expect(left.contains { !$0.hasPrefix("\(name).new ") })
            try await bring(.box(name, version: "2"))
            #expect(try await engine.standing(name) == ["\(name) running"], "killed before change \(moment)")
            #expect(try await docker.found(name)?.spec == "2")
            _ = try await docker.perform(.remove(containers: [name], networks: []), onHost: Engine.onHost)
            guard wasKilled else { break }
            moments = moment + 1
        }
        // create, stop, two renames, start, delete
        #expect(moments == 6)
    }

    @Test func `killed and then wished for otherwise, the last wish is what stands`() async throws {
        for moment in 0..<6 {
            let name = "\(name)-\(moment)"
            try await bring(.box(name, version: "1"))
            let (relay, path) = try engine.relay("--die", "\(moment)")
            _ = try? await bring(.box(name, version: "2"), by: engine.engine(at: path))
            withExtendedLifetime(relay) {}
            try await bring(.box(name, version: "3"))
            #expect(try await engine.standing(name) == ["\(name) running"], "killed before change \(moment)")
            #expect(try await docker.found(name)?.spec == "3")
        }
    }

    @Test func `what a volume without a name holds goes on with the container's name`() async throws {
        try engine.run("busybox", "test/volume:1", #"VOLUME /data"#, #"CMD ["sleep", "1000"]"#)
        let words = ["sh", "-c", "[ -f /data/kept ] || echo $VERSION >/data/kept; sleep 1000"]
        try await bring(.box(name, version: "1", command: words, image: "test/volume:1"))
        let before = try #require(try await docker.found(name)).volumes.map(\.name)
        #expect(before.count == 1)
        try await bring(.box(name, version: "2", command: words, image: "test/volume:1"))
        #expect(try await docker.found(name)?.volumes.map(\.name) == before)
    }

    @Test func `somebody's container of a name that we use on the way isn't touched`() async throws {
        let body = JSONValue.object(JSONObject([("Image", .string("test/box:1"))]))
        try await docker.call("POST", "/containers/create?name=\(name).old", body, failing: "the test's own")
        try await bring(.box(name, version: "1"))
        await #expect(throws: Failure.self) { try await bring(.box(name, version: "2")) }
        #expect(try await engine.standing(name) == ["\(name) running", "\(name).old created"])
        #expect(try await version() == "1")
    }
}
