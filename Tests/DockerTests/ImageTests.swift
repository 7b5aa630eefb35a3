import Foundation
import InitCore
import Synchronization
import Testing

@testable import InitDocker

@Suite(.enabled(if: Engine.isThere), .serialized)
struct ImageTests {
    private let engine: Engine
    private let docker: DockerEngine
    private static let registry = "127.0.0.1:5000"
    private static let started = Result {
        let engine = try Engine.shared.get()
        try engine.run("registry", "5000", "ide", "right-password")
        return engine
    }

    init() throws {
        engine = try Self.started.get()
        docker = engine.engine()
    }

    private let right = RegistryLogin.password(user: Secret("ide"), Secret("right-password"))
    private let wrong = RegistryLogin.password(user: Secret("ide"), Secret("wrong-password"))

    private func push(_ name: String, _ change: String) async throws {
        try engine.run("busybox", name, change)
        let login = #"{"username": "ide", "password": "right-password"}"#
        let parsed = try #require(ImageName(name))
        let answer = try await docker.socket.call(
            "POST", "/images/\(parsed.repository)/push?tag=\(parsed.wanted)",
            headers: [("X-Registry-Auth", base64URL(Array(login.utf8)))])
        #expect(answer.status == 200)
        #expect(!String(decoding: answer.body, as: UTF8.self).contains("errorDetail"))
    }

    private func remove(_ name: String) async throws {
        try await docker.call("DELETE", "/images/\(name)?force=1", failing: "the test's own")
    }

    @Test func `a registry with a login gives to those who have it`() async throws {
        let name = "\(Self.registry)/team/box:1"
        try await push(name, "ENV A=1")
        try await remove(name)
        #expect(try await docker.image(name) == nil)
        for login in [RegistryLogin.none, wrong] {
            let failure = await #expect(throws: Failure.self) { try await docker.pull(name, login) }
            #expect(failure?.kind == .network)
            #expect(failure?.message.contains(name) == true)
            #expect(failure?.message.contains("password for") == (login == wrong) || login == .none)
            #expect(failure?.message.contains("wrong-password") == false)
        }
        #expect(try await docker.pull(name, right))
        #expect(try await !docker.pull(name, right))
    }

    @Test func `an image that doesn't exist is an error that names it, out of the middle of a 200`() async throws {
        let failure = await #expect(throws: Failure.self) {
            try await docker.pull("\(Self.registry)/team/missing:9", right)
        }
        #expect(
            failure?.message.hasPrefix("image \(Self.registry)/team/missing:9 can't be pulled: Docker says: ") == true)
        #expect(failure?.message.hasSuffix("is its name right?") == true)
    }

    @Test func `the registry's digest tells whether there is a newer one`() async throws {
        let name = "\(Self.registry)/team/moving:latest"
        try await push(name, "ENV A=1")
        let first = try await docker.publishedDigest(name, right)
        #expect(try await docker.image(name)?.digests.contains(first ?? "") == true)
        try await push(name, "ENV A=2")
        let second = try await docker.publishedDigest(name, right)
        #expect(first != second)
        let failure = await #expect(throws: Failure.self) { try await docker.publishedDigest(name, wrong) }
        #expect(failure?.kind == .unreadable)
        #expect(try await docker.probe(isOffline: true).publishedDigest(name, right) == nil)
    }

    @Test func `a user's name is looked up in the image, and leaves nothing behind`() async throws {
        try engine.run("busybox", "test/named:1", "USER coder")
        let image = try #require(ImageName("test/named:1"))
        #expect(try await docker.owner(of: image, user: nil) == NumericOwner(user: 1000, group: 1000))
        #expect(try await docker.owner(of: image, user: "coder:ides") == NumericOwner(user: 1000, group: 1234))
        #expect(try await docker.owner(of: image, user: "1001") == NumericOwner(user: 1001, group: 1001))
        #expect(try await docker.owner(of: image, user: "5:6") == NumericOwner(user: 5, group: 6))
        let failure = await #expect(throws: Failure.self) { try await docker.owner(of: image, user: "nobody-here") }
        #expect(failure?.message.contains("nobody-here") == true)
        // Other tests' programs look up as well.
        let filter = percentEncoded("{\"label\": [\"\(ContainerLabel.lookup)=\(getpid())\"]}")
        #expect(try await docker.look("/containers/json?all=1&filters=\(filter)", "the test's own")?.items.count == 0)
    }

    @Test func `a look-up that a kill left is gone with the next one`() async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/true")
        try process.run()
        process.waitUntilExit()
        let name = "left-\(process.processIdentifier)"
        let labels = JSONValue.texts([ContainerLabel.lookup: "\(process.processIdentifier)"])
        let body = JSONValue.object(JSONObject([("Image", .string("test/box:1")), ("Labels", labels)]))
        try await docker.call("POST", "/containers/create?name=\(name)", body, failing: "the test's own")
        _ = try await docker.owner(of: #require(ImageName("test/box:1")), user: "coder")
        #expect(try await docker.found(name) == nil)
    }

    @Test func `a pull's progress is told in tenths`() throws {
        let told = Told()
        let log = PullLog(image: "a:1", progress: { told.add($0) })
        for done in [1, 2, 30, 31, 60] {
            try log.take(
                Array(
                    #"{"status":"Downloading","id":"x","progressDetail":{"current":\#(done << 20),"total":\#(100 << 20)}}"#
                        .utf8))
        }
        try log.take(Array("\r".utf8))
        #expect(
            told.lines == ["pulling a:1: 00 % of 100 MB", "pulling a:1: 30 % of 100 MB", "pulling a:1: 60 % of 100 MB"])
        try log.take(Array(#"{"errorDetail":{"message":"manifest unknown"},"error":"manifest unknown"}"#.utf8))
        #expect(log.error == "manifest unknown")
    }
}

final class Told: Sendable {
    private let inside = Mutex<[String]>([])
    func add(_ line: String) { inside.withLock { $0.append(line) } }
    var lines: [String] { inside.withLock { $0 } }
}
