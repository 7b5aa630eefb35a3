// What a kill, somebody else, or a container's own end leaves behind, and what becomes of it.

import Foundation
import Testing

@testable import InitCore
@testable import InitDocker

@Suite(.enabled(if: Engine.isThere))
struct BrokenOffTests {
    private let engine: Engine
    private let docker: DockerEngine
    private let name = "b-\(UUID().uuidString.prefix(8))"

    init() throws {
        engine = try Engine.shared.get()
        docker = engine.engine()
    }

    private func bring(_ wish: ContainerWish, by docker: DockerEngine? = nil) async throws {
        _ = try await (docker ?? self.docker).perform(.bring(wish), onHost: Engine.onHost)
    }

    /// Another's, running.
    private func makeForeign(_ name: String) async throws -> String {
        // Without an init it would heed no SIGTERM.
        let host = JSONValue.object(JSONObject([("Init", .bool(true))]))
        let body = JSONValue.object(JSONObject([("Image", .string("test/box:1")), ("HostConfig", host)]))
        try await docker.call("POST", "/containers/create?name=\(name)", body, failing: "the test's own")
        let id = try #require(try await docker.found(name)?.id)
        try await docker.start(id, name)
        return id
    }

    private func adopting(_ name: String, _ version: String) throws -> ContainerWish {
        var wish = try ContainerWish.box(name, version: version)
        wish.adopts = true
        return wish
    }

    @Test func `killed while it adopts, the next run brings it about, and what was replaced is gone`() async throws {
        var moments = 0
        for moment in 0..<30 {
            let name = "\(name)-\(moment)"
            let theirs = try await makeForeign(name)
            let (relay, path) = try engine.relay("--die", "\(moment)")
            let wasKilled: Bool
            do {
                try await bring(adopting(name, "1"), by: engine.engine(at: path))
                wasKilled = false
            } catch {
                wasKilled = true
            }
            withExtendedLifetime(relay) {}
            let left = try await engine.standing(name)
            if let state = try await docker.state(of: name), left.count > 1, wasKilled {
                // It is seen by who plans, too, once ours is in its place.
                #expect(state.isHalfReplaced == (OwnershipMark(ofContainer: name, state.labels) != nil))
            }
            try await bring(adopting(name, "1"))
            #expect(try await engine.standing(name) == ["\(name) running"], "killed before change \(moment)")
            #expect(try await docker.found(theirs) == nil)
            guard wasKilled else { break }
            moments = moment + 1
        }
        // create, stop, two renames, start, delete
        #expect(moments == 6)
    }

    @Test func `where somebody has put another in our place meanwhile, ours stays until that one may be replaced`()
        async throws
    {
        try await bring(.box(name, version: "1"))
        let ours = try #require(try await docker.found(name)?.id)
        try await docker.stop(ours, name)
        try await docker.rename(ours, name, to: name + Replacement.old)
        _ = try await makeForeign(name)
        await #expect(throws: Failure.self) { try await bring(.box(name, version: "2")) }
        #expect(try await engine.standing(name) == ["\(name) running", "\(name).old exited"])
        try await bring(adopting(name, "2"))
        #expect(try await engine.standing(name) == ["\(name) running"])
        #expect(try await docker.found(ours) == nil)
    }

    @Test func `killed while it adopts, and not wished for any more, theirs is back`() async throws {
        let theirs = try await makeForeign(name)
        let (relay, path) = try engine.relay("--die", "3")
        await #expect(throws: (any Error).self) { try await bring(adopting(name, "1"), by: engine.engine(at: path)) }
        withExtendedLifetime(relay) {}
        #expect(try await engine.standing(name) == ["\(name).new created", "\(name).old exited"])
        let failure = await #expect(throws: Failure.self) { try await bring(.box(name, version: "1")) }
        #expect(failure?.message == Failure.foreign(container: name).message)
        #expect(try await engine.standing(name) == ["\(name) running"])
        #expect(try await docker.found(name)?.id == theirs)
    }

    @Test func `to adopt one isn't to adopt another that is called NAME.old`() async throws {
        let other = try await makeForeign("\(name).old")
        try await bring(adopting(name, "1"))
        #expect(try await docker.state(of: name)?.isHalfReplaced == false)
        try await bring(adopting(name, "1"))
        await #expect(throws: Failure.self) { try await bring(adopting(name, "2")) }
        #expect(try await docker.found("\(name).old")?.id == other)
        #expect(try await engine.standing(name) == ["\(name) running", "\(name).old running"])
        #expect(try await docker.found(name)?.spec == "1")
    }

    @Test func `one that had ended isn't begun once more`() async throws {
        func job(_ version: String, _ command: String) throws -> ContainerWish {
            var wish = try ContainerWish.box(name, version: version, command: ["sh", "-c", command])
            wish.spec.restart = ContainerSpec.Restart(policy: "no", mostTries: 0)
            return wish
        }
        func started() async throws -> String? {
            try await docker.found(name)?.node["State"]?["StartedAt"]?.string
        }
        try await bring(job("1", "exit 0"))
        let before = try await started()
        try await bring(job("1", "exit 0"))
        #expect(try await started() == before)
        let failure = await #expect(throws: Failure.self) { try await bring(job("2", "exit 3")) }
        #expect(
            failure?.message.hasSuffix("; the container that was there before is back in its place, ended as it was")
                == true)
        #expect(try await started() == before)
        // Killed after its rename: what has done its work isn't to do it again either.
        let (relay, path) = try engine.relay("--die", "3")
        await #expect(throws: Failure.self) { try await bring(job("3", "exit 0"), by: engine.engine(at: path)) }
        withExtendedLifetime(relay) {}
        await #expect(throws: Failure.self) { try await bring(job("4", "exit 3")) }
        #expect(try await started() == before)
        #expect(try await engine.standing(name) == ["\(name) exited"])
    }

    @Test func `one that ends again and again, and one that is unhealthy, is judged by its last lines`() async throws {
        // What it finds beside it is gone at the second start.
        try engine.run("busybox", "test/once:1", #"VOLUME /data"#)
        func wish(_ command: String, _ health: [String]? = nil) throws -> ContainerWish {
            var wish = try ContainerWish.box(
                name, version: "1", command: ["sh", "-c", command], image: "test/once:1")
            if let health {
                wish.spec.health = ContainerSpec.HealthCheck(
                    test: health, interval: 0.2, timeout: 5, startPeriod: nil, retries: 1)
            }
            return wish
        }
        let sick = try wish("sleep 1000", ["CMD", "ls", "/data/sick"])
        await #expect(throws: Failure.self) { try await bring(sick) }
        let failure = await #expect(throws: Failure.self) { try await bring(sick) }
        #expect(failure?.message == "container \(name) is unhealthy")
        let id = try #require(try await docker.found(name)?.id)
        try await docker.delete(id, name)

        var ending = try wish("echo no licence; exit 3")
        await #expect(throws: Failure.self) { try await bring(ending) }
        ending.isDoubted = true
        let second = await #expect(throws: Failure.self) { try await bring(ending) }
        #expect(second?.output?.contains("no licence") == true)
        #expect(try await engine.standing(name).count == 1)
    }

    @Test func `options of a tmpfs don't hide where it is mounted`() async throws {
        try engine.run("busybox", "test/two:1", #"VOLUME ["/data", "/more"]"#, #"CMD ["sleep", "1000"]"#)
        var wish = try ContainerWish.box(name, version: "1", image: "test/two:1")
        try await bring(wish)
        wish = try ContainerWish.box(name, version: "2", image: "test/two:1")
        wish.spec.temporary = ["/data:size=64k"]
        wish.spec.mounts = [ContainerSpec.Mount(source: "\(name)-named", target: "/more/", options: [])]
        try await bring(wish)
        #expect(try await engine.standing(name) == ["\(name) running"])
        #expect(try await docker.found(name)?.volumes.map(\.name) == ["\(name)-named"])
    }
}
