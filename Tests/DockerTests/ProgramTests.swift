// ide-init itself, in the daemon's network and with what it keeps on a host of its own.

import Foundation
import InitCore
import Testing

@testable import InitDocker

@Suite(.enabled(if: Engine.isThere), .serialized)
struct ProgramTests {
    let engine: Engine
    let docker: DockerEngine
    private let folder: String

    init() throws {
        engine = try Engine.shared.get()
        docker = engine.engine()
        folder = "\(engine.directory)/work.\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private static let program: String = {
        let checkout = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return Engine.environment["IDE_INIT_PROGRAM"] ?? checkout.appending(path: ".build/debug/ide-init").path
    }()

    /// - Parameters:
    ///   - containers: the section, and others behind it; always of the same document.
    ///   - path: of another socket than the daemon's own.
    func run(_ word: String, _ containers: String, beside: String = "", at path: String? = nil) throws -> String {
        let document = "{\"AWS::CloudFormation::Init\": {\"config\": {\"containers\": \(containers)\(beside)}}}"
        try document.write(toFile: "\(folder)/doc.json", atomically: true, encoding: .utf8)
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "dockerd").path
        return try Engine.execute(
            [
                script, "in", engine.directory, "env", "DOCKER_HOST=unix://\(path ?? engine.socket)", Self.program,
                word,
                "\(folder)/doc.json",
            ])
    }

    private func inside(_ name: String, _ command: String...) throws -> String {
        try Engine.execute(["nsenter", "-t", try pid(name), "-n", "-m", "-p", "-u"] + command)
    }

    func pid(_ name: String) throws -> String {
        let text = try Engine.execute([
            "curl", "--silent", "--unix-socket", engine.socket, "http://d/containers/\(name)/json",
        ])
        let node = JSONNode(try JSONParser.parse(Array(text.utf8), name: "inspect").value)
        return "\(node["State"]?["Pid"]?.integer ?? 0)"
    }

    /// All that Docker says of a container, to whoever may ask it.
    private func inspected(_ name: String) async throws -> String {
        let node = try await docker.look("/containers/\(name)/json", "the test's own")
        return node?.value.pythonText ?? ""
    }

    @Test func `applied twice, it is done once; with fewer, the others go and what is theirs stays`() async throws {
        func document(_ count: Int) -> String {
            #"""
            {"networks": {"pool": "10.90.0.0/16", "front": {}},
             "front-door": {"image": "test/box:1", "proxy": true, "network": "front"},
             "ide": {"count": "\#(count)", "image": "test/box:1", "user": "coder:ides", "volumes": ["\#(folder)/home-${n}:/home/coder/project"],
                     "secrets": {"/run/secrets/token": "correct horse ${n}"}, "memory": "64m"}}
            """#
        }
        let first = try run("apply", document(3))
        #expect(first.contains("containers[ide-3] created"))
        let second = try run("apply", document(3))
        #expect(second.contains("already right") && !second.contains("changed"))
        #expect(try await engine.standing("ide-") == ["ide-1 running", "ide-2 running", "ide-3 running"])

        // The proxy is with each of them, they are not with each other.
        #expect(try await docker.state(of: "front-door")?.networks == ["front", "ide-1", "ide-2", "ide-3"])
        #expect(try await docker.state(of: "ide-2")?.networks == ["ide-2"])

        // Owned by the image's user, a directory that was there by whoever had it.
        let home = try FileManager.default.attributesOfItem(atPath: "\(folder)/home-1")
        #expect(home[.ownerAccountID] as? Int == 1000 && home[.groupOwnerAccountID] as? Int == 1234)

        // The secret is a file in it, and nowhere else.
        #expect(try inside("ide-2", "cat", "/run/secrets/token") == "correct horse 2")
        #expect(try inside("ide-2", "stat", "-c", "%a %u", "/run/secrets/token").hasPrefix("400 1000"))
        #expect(try await !inspected("ide-2").contains("correct horse"))
        let state = "\(engine.directory)/host/state"
        let kept = try FileManager.default.subpathsOfDirectory(atPath: "\(state)/secrets")
        #expect(kept.filter { $0.split(separator: "/").count == 3 }.count == 3)
        #expect(
            try FileManager.default.attributesOfItem(atPath: "\(state)/secrets")[.posixPermissions] as? Int == 0o700)
        #expect(try FileManager.default.attributesOfItem(atPath: "\(state)/key")[.posixPermissions] as? Int == 0o600)

        try "mine".write(toFile: "\(folder)/home-3/file", atomically: true, encoding: .utf8)
        let before = try await docker.found("ide-1")?.id
        let fewer = try run("apply", document(2))
        #expect(fewer.contains("container: ide-3 → absent") && fewer.contains("network: ide-3 → absent"))
        #expect(try await engine.standing("ide-") == ["ide-1 running", "ide-2 running"])
        #expect(try await docker.found("ide-1")?.id == before)
        #expect(try await docker.state(of: "front-door")?.networks == ["front", "ide-1", "ide-2"])
        #expect(try String(contentsOfFile: "\(folder)/home-3/file", encoding: .utf8) == "mine")
        #expect(!FileManager.default.fileExists(atPath: "\(state)/secrets/ide-3"))

        // Nothing listed, nothing left.
        _ = try run("apply", #"{"networks": {}}"#)
        #expect(try await engine.standing("ide-") == [])
        #expect(try await engine.standing("front-door") == [])
        #expect(try await docker.network("front") == nil)
    }

    @Test func `another secret is another container; a broken one leaves the old with the secret it had`() async throws
    {
        func document(_ secret: String, _ command: String) -> String {
            #"""
            {"vault": {"image": "test/box:1", "user": "1000", "command": ["\#(command)", "1000"], "secrets": {"/run/secrets/token": "\#(secret)"}}}
            """#
        }
        _ = try run("apply", document("first secret", "sleep"))
        let id = try await docker.found("vault")?.id
        #expect(throws: Failure.self) { try run("apply", document("second secret", "no-such-command")) }
        #expect(try await docker.found("vault")?.id == id)
        #expect(try inside("vault", "cat", "/run/secrets/token") == "first secret")
        let place = "\(engine.directory)/host/state/secrets/vault"
        func folders() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: place) }
        #expect(try folders().count == 1)
        let third = try run("apply", document("third secret", "sleep"))
        #expect(third.contains("secrets: differs (secret)"))
        #expect(try inside("vault", "cat", "/run/secrets/token") == "third secret")
        #expect(try await docker.found("vault")?.id != id)
        #expect(try folders().count == 1)
        #expect(try await engine.standing("vault") == ["vault running"])

        // What a kill left behind the replaced one.
        try FileManager.default.createDirectory(atPath: "\(place)/0ld", withIntermediateDirectories: true)
        #expect(try run("apply", document("third secret", "sleep")).contains("former secrets: left over → absent"))
        #expect(try folders().count == 1)

        // Killed when it has stopped the container: its secrets are gone already, and what is wished for again has them again.
        let (relay, path) = try engine.relay("--die", "1")
        #expect(throws: Failure.self) { try run("apply", #"{"networks": {}}"#, at: path) }
        withExtendedLifetime(relay) {}
        #expect(try await engine.standing("vault") == ["vault exited"])
        #expect(!FileManager.default.fileExists(atPath: place))
        _ = try run("apply", document("third secret", "sleep"))
        #expect(try inside("vault", "cat", "/run/secrets/token") == "third secret")
        _ = try run("apply", #"{"networks": {}}"#)
        #expect(!FileManager.default.fileExists(atPath: place))
    }

    @Test func `a foreign container of the name is left alone, and so are all others`() async throws {
        let body = JSONValue.object(JSONObject([("Image", .string("test/box:1"))]))
        try await docker.call("POST", "/containers/create?name=theirs", body, failing: "the test's own")
        let id = try await docker.found("theirs")?.id
        let failure = #expect(throws: Failure.self) {
            try run("apply", #"{"theirs": {"image": "test/box:1", "network": "none"}}"#)
        }
        #expect(failure?.message.contains("there is a container theirs that isn't ours") == true)
        #expect(try await docker.found("theirs")?.id == id)
        _ = try run("apply", #"{"theirs": {"image": "test/box:1", "network": "none", "adopt": true}}"#)
        #expect(try await docker.found("theirs")?.isOurs == true)
        _ = try run("apply", #"{"networks": {}}"#)
    }

    @Test func `a plan makes nothing, and a check of readiness waits for a container`() async throws {
        let plan = try run("plan", #"{"planned": {"image": "test/box:1"}}"#)
        #expect(plan.contains("containers[planned] would be created"))
        #expect(try await engine.standing("planned") == [])
        #expect(try await docker.network("planned") == nil)
        let text = try run(
            "apply", #"{"waited": {"image": "test/box:1", "network": "none"}}"#,
            beside: #", "readiness": {"checks": {"waited": {"container": "waited"}}}"#)
        #expect(text.contains("readiness[waited]"))
        _ = try run("apply", #"{"networks": {}}"#)
    }
}
