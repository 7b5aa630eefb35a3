// In one suite with the others: they are one document's, on one host.

import Foundation
import InitCore
import Testing

@testable import InitDocker

extension ProgramTests {
    @Test func `from a shared network into its own, and not before the new one serves`() async throws {
        func document(_ networks: String, _ command: String) -> String {
            #"{\#(networks) "image": "test/box:1", "command": ["\#(command)", "1000"]}}"#
        }
        let shared = #""networks": {"shared": {}}, "mover": {"network": "shared","#
        _ = try run("apply", document(shared, "sleep"))
        #expect(throws: Failure.self) { try run("apply", document(#""mover": {"#, "no-such-command")) }
        #expect(try await docker.state(of: "mover")?.networks == ["shared"])
        #expect(try await engine.standing("mover") == ["mover running"])
        let text = try run("apply", document(#""mover": {"#, "sleep"))
        #expect(text.contains("containers[networks no longer listed] removed"))
        #expect(try await docker.state(of: "mover")?.networks == ["mover"])
        #expect(try await docker.state(of: "mover")?.networkMode == "mover")
        #expect(try await docker.network("shared") == nil)
        #expect(try run("apply", document(#""mover": {"#, "sleep")).contains("already right"))
        _ = try run("apply", #"{"networks": {}}"#)
    }

    @Test func `instance metadata is out of reach, unless it is allowed`() async throws {
        let network = try String(contentsOfFile: engine.directory + "/network", encoding: .utf8).trimmingBlanks()
        let far = "far-\(getpid())"
        func ip(_ words: String) throws {
            _ = try Engine.execute(["ip"] + words.split(separator: " ").map(String.init))
        }
        try ip("netns add \(far)")
        defer { try? ip("netns del \(far)") }
        try ip("link add md0 netns \(network) type veth peer name md1 netns \(far)")
        try ip("-n \(network) addr add 169.254.169.1/24 dev md0")
        try ip("-n \(network) link set md0 up")
        try ip("-n \(far) addr add 169.254.169.254/24 dev md1")
        try ip("-n \(far) link set md1 up")
        try ip("-n \(far) route add default via 169.254.169.1")
        _ = try engine.inside("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        _ = try run(
            "apply",
            #"{"denied": {"image": "test/box:1"}, "allowed": {"image": "test/box:1", "instanceMetadata": "allow"}}"#)
        /// Nobody listens there: who gets so far is refused.
        func reaches(_ name: String) throws -> Bool {
            let connect = "import socket; socket.create_connection((\"169.254.169.254\", 80), 5)"
            let ask = ["nsenter", "-t", try pid(name), "-n", "python3", "-c", connect]
            let failure = #expect(throws: Failure.self) { try Engine.execute(ask) }
            return failure?.message.contains("ConnectionRefusedError") == true
        }
        #expect(try reaches("allowed"))
        #expect(try !reaches("denied"))
        // Somebody takes the rule away; the next run sees it.
        _ = try engine.inside("ip", "rule", "del", "from", "10.213.0.0/17", "pref", "100")
        #expect(try reaches("denied"))
        let again = try run(
            "apply",
            #"{"denied": {"image": "test/box:1"}, "allowed": {"image": "test/box:1", "instanceMetadata": "allow"}}"#)
        #expect(again.contains("containers[metadata guard] changed"))
        #expect(try !reaches("denied"))
        _ = try run("apply", #"{"networks": {}}"#)
    }
}
