import InitCore
import Testing

@testable import InitDocker

@Suite(.enabled(if: Engine.isThere))
struct VersionTests {
    @Test func `a daemon that refuses old clients is spoken to in a version that it takes`() async throws {
        let engine = try Engine.shared.get()
        let (relay, path) = try engine.relay("--api", "1.52", "--oldest", "1.44")
        let docker = engine.engine(at: path)
        #expect(try await docker.socket.negotiated() == APIVersion(1, 52))
        #expect(try await docker.image("test/box:1") != nil)
        #expect(try await docker.probe(isOffline: false).oldestAPI() == "1.44")
        withExtendedLifetime(relay) {}
    }

    @Test func `a daemon that is newer than we are is spoken to in our newest`() async throws {
        let engine = try Engine.shared.get()
        let (relay, path) = try engine.relay("--api", "1.99")
        #expect(try await engine.engine(at: path).socket.negotiated() == DockerSocket.newest)
        withExtendedLifetime(relay) {}
    }

    @Test func `a daemon that is too old says which one is needed`() async throws {
        let engine = try Engine.shared.get()
        let (relay, path) = try engine.relay("--api", "1.24")
        let failure = await #expect(throws: Failure.self) { try await engine.engine(at: path).socket.negotiated() }
        #expect(failure?.message.contains("update Docker to 19.03 or later") == true)
        withExtendedLifetime(relay) {}
    }

    @Test func versions() {
        #expect(APIVersion("1.9")! < APIVersion("1.41")!)
        #expect(APIVersion("1.41")! < APIVersion("2.0")!)
        #expect(APIVersion("1") == nil)
        #expect(APIVersion("1.x") == nil)
    }
}
