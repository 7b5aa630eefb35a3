// What the tests wish for, and what stands in the daemon.

import Foundation
import TestSupport

@testable import InitCore
@testable import InitDocker

extension Engine {
    /// - Parameter path: of another socket than the daemon's own.
    func engine(at path: String? = nil, stopReason: @escaping @Sendable () -> Failure? = { nil }) -> DockerEngine {
        DockerEngine(
            socket: DockerSocket(path: path ?? socket, stopReason: stopReason),
            ecrLogin: { _ in ("AWS", Secret("token")) }, stopReason: stopReason,
            sleep: { try? await Task.sleep(for: .seconds($0)) }, progress: { _ in }, settling: 0.3)
    }

    /// Everything but a file on the host is refused.
    static let onHost: @Sendable (Step) async throws -> StepResult = { step in
        guard case .makeDirectory(let path, _, let owner, let group, _) = step else {
            throw Failure(.host, "not wanted here: \(step)")
        }
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        chown(path, owner ?? 0, group ?? 0)
        return StepResult(changed: true)
    }

    /// Who stands between; gone with it.
    func relay(_ arguments: String...) throws -> (program: PythonProgram, path: String) {
        let path = "\(directory)/relay.\(UUID().uuidString.prefix(8))"
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "relay.py").path
        return (try PythonProgram([script, path, socket] + arguments), path)
    }

    /// `NAME STATUS` of all containers whose name begins so, by name.
    func standing(_ name: String) async throws -> [String] {
        let answer = try await DockerSocket(path: socket, stopReason: { nil }).call("GET", "/containers/json?all=1")
        return try answer.json().items.compactMap { item in
            guard let found = item["Names"]?.items.first?.string?.dropFirst(), found.hasPrefix(name) else { return nil }
            return "\(found) \(item["State"]?.string ?? "")"
        }.sorted()
    }
}

extension ContainerWish {
    /// - Parameter version: another one is another specification.
    static func box(
        _ name: String, version: String, command: [String] = ["sleep", "1000"], image: String = "test/box:1"
    ) throws -> ContainerWish {
        guard let image = ImageName(image) else { throw Failure(.usage, "\(image) is no image") }
        var spec = ContainerSpec(name: name, image: image)
        spec.mode = .none
        spec.command = command
        spec.environment = ["VERSION": version]
        var labels = OwnershipMark(owner: "tests", config: "config", section: "containers", item: name).labels
        labels[ContainerLabel.spec] = version
        return ContainerWish(
            spec: spec, labels: labels, secretEnvironment: [:], secretFiles: [], directories: [], otherNetworks: [])
    }
}
