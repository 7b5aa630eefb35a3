import Foundation
import InitCore
import Testing

@testable import InitDocker

@Suite(.enabled(if: Engine.isThere))
struct SocketTests {
    @Test func versionIsNegotiated() async throws {
        let socket = DockerSocket(path: try Engine.shared.get().socket, stopReason: { nil })
        let version = try await socket.negotiated()
        #expect(version >= DockerSocket.oldest)
        #expect(version <= DockerSocket.newest)
        let answer = try await socket.call("GET", "/images/json")
        #expect(answer.status == 200)
        #expect(try answer.json().items.contains { $0["RepoTags"]?.items.first?.string == "test/box:1" })
    }
}

struct SocketTroubleTests {
    @Test func missingSocket() async throws {
        let socket = DockerSocket(path: "/tmp/no such/docker.sock", stopReason: { nil })
        let failure = await #expect(throws: Failure.self) { try await socket.negotiated() }
        #expect(failure?.kind == .unreadable)
        #expect(failure?.message.hasPrefix("Docker isn't there: no socket at /tmp/no such/docker.sock;") == true)
    }

    @Test func dockerHost() async throws {
        #expect(DockerSocket(host: nil, stopReason: { nil }).path == "/var/run/docker.sock")
        let own = DockerSocket(host: "unix:///run/user/1000/docker.sock", stopReason: { nil })
        #expect(own.path == "/run/user/1000/docker.sock")
        let far = DockerSocket(host: "tcp://10.0.0.1:2375", stopReason: { nil })
        let failure = await #expect(throws: Failure.self) { try await far.negotiated() }
        #expect(failure?.kind == .usage)
    }
}
