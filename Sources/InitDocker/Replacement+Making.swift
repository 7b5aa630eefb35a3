// Made with all that is mounted into it, and joined to its networks.

import InitCore

extension Replacement {
    /// - Returns: its id.
    func create(as place: String, inPlaceOf former: FoundContainer?) async throws -> String {
        var binds = try await writeFiles()
        let taken = Set(
            (wish.spec.mounts.map(\.target) + wish.secretFiles.map(\.path) + wish.spec.temporary.map(Self.place))
                .map(Self.withoutEnd))
        if let former, former.isOurs {
            binds += former.volumes.filter { !taken.contains(Self.withoutEnd($0.target)) && Self.hasNoName($0.name) }
                .map { "\($0.name):\($0.target)" }
        }
        var wish = wish
        if let former, !former.isOurs { wish.labels[ContainerLabel.replaces] = former.id }
        let doing = "container \(name) can't be made"
        let answer = try await engine.call(
            "POST", "/containers/create?name=\(percentEncoded(place))", wish.createBody(binds: binds), within: 600,
            failing: doing)
        guard let id = try answer.json()["Id"]?.string else { throw Failure(.host, "\(doing): Docker tells no id") }
        do {
            try await join(id, Set(wish.spec.networks.prefix(1)))
        } catch {
            try? await engine.delete(id, place)
            throw error
        }
        return id
    }

    /// Its host directories and secrets.
    /// - Returns: what is to be mounted beside its volumes.
    func writeFiles() async throws -> [String] {
        guard !wish.directories.isEmpty || !wish.secretFiles.isEmpty else { return [] }
        let owner = try await engine.owner(of: wish.spec.image, user: wish.spec.user)
        for path in wish.directories {
            _ = try await onHost(.makeDirectory(path: path, mode: 0o755, owner: owner.user, group: owner.group))
        }
        guard let digest else { throw Failure(.host, "container \(name) has secrets and no digest") }
        return try await secretFiles.write(wish.secretFiles, of: digest, owner: owner)
    }

    /// `/data:size=64m` is mounted at `/data`.
    private static func place(_ temporary: String) -> String { String(temporary.prefix { $0 != ":" }) }

    private static func withoutEnd(_ path: String) -> String {
        var path = path[...]
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return String(path)
    }

    /// As Docker names those that nobody named.
    private static func hasNoName(_ volume: String) -> Bool {
        volume.utf8.count == 64 && volume.allSatisfy { $0.isHexDigit && !$0.isUppercase }
    }

    /// - Parameter joined: where it is already.
    func join(_ id: String, _ joined: Set<String>) async throws {
        guard wish.spec.mode == .networks else { return }
        for network in wish.spec.networks where !joined.contains(network) {
            try await engine.connect(id, to: network, alias: name)
        }
        for network in wish.otherNetworks where !joined.contains(network) && !wish.spec.networks.contains(network) {
            guard try await engine.network(network) != nil else { continue }
            try await engine.connect(id, to: network, alias: name)
        }
    }
}
