// Containers: looked at, stopped, renamed, removed.

import InitCore

/// A container as inspected.
struct FoundContainer: Sendable {
    let id: String
    let node: JSONNode

    /// Nil where it isn't told.
    init?(_ node: JSONNode) {
        guard let id = node["Id"]?.string else { return nil }
        self.id = id
        self.node = node
    }

    var labels: [String: String] { node["Config"]?["Labels"]?.strings ?? [:] }
    var name: String { String(node["Name"]?.string?.dropFirst() ?? "") }
    var isOurs: Bool { OwnershipMark(ofContainer: name, labels) != nil }
    /// The container of another's that it was made in place of; its id.
    var replaces: String? { isOurs ? labels[ContainerLabel.replaces] : nil }
    var spec: String? { labels[ContainerLabel.spec] }
    var image: String { node["Image"]?.string ?? "" }
    var restarts: Int { node["RestartCount"]?.integer ?? 0 }
    var networks: Set<String> { Set(node["NetworkSettings"]?["Networks"]?.members.map(\.key) ?? []) }
    /// Why it couldn't be started.
    var error: String { node["State"]?["Error"]?.string ?? "" }
    /// With its own writable layers, by where they are mounted; they have no name but Docker's.
    var volumes: [(name: String, target: String)] {
        (node["Mounts"]?.items ?? []).compactMap { mount in
            guard mount["Type"]?.string == "volume", let name = mount["Name"]?.string,
                let target = mount["Destination"]?.string
            else { return nil }
            return (name, target)
        }
    }

    func state(isHalfReplaced: Bool) -> ContainerState {
        let state = node["State"]
        return ContainerState(
            image: image, labels: labels,
            status: state?["Status"]?.string.flatMap(ContainerState.Status.init) ?? .dead,
            exitCode: state?["ExitCode"]?.integer ?? 0,
            // "none" where there is no check, and nothing at all before Docker 25.
            health: state?["Health"]?["Status"]?.string.flatMap(ContainerState.Health.init),
            networks: networks, networkMode: node["HostConfig"]?["NetworkMode"]?.string ?? "",
            isHalfReplaced: isHalfReplaced)
    }

    /// Whether Docker has it running, or would have it again.
    var isAlive: Bool { [.running, .restarting, .paused].contains(state(isHalfReplaced: false).status) }

    /// Whether it has done what it was to do once: then it isn't to do it again.
    var hasDoneItsWork: Bool {
        let state = state(isHalfReplaced: false)
        let policy = node["HostConfig"]?["RestartPolicy"]?["Name"]?.string ?? ""
        return state.status == .exited && state.exitCode == 0 && ["", "no", "on-failure"].contains(policy)
    }
}

extension DockerEngine {
    static func path(container: String) -> String { "/containers/\(percentEncoded(container))" }

    /// By its name, or an id.
    func found(_ name: String) async throws -> FoundContainer? {
        let node = try await look("\(Self.path(container: name))/json", "container \(name) can't be looked at")
        guard let found = node.flatMap(FoundContainer.init) else { return nil }
        // Docker takes the beginning of an id for a name, too.
        let isNamed = found.node["Name"]?.string == "/\(name)" || found.id == name
        return isNamed ? found : nil
    }

    func state(of name: String) async throws -> ContainerState? {
        guard let found = try await found(name) else { return nil }
        guard found.isOurs else { return found.state(isHalfReplaced: false) }
        let new = try await self.found(name + Replacement.new)
        let old = try await self.found(name + Replacement.old)
        let isOldOurs = old.map { $0.isOurs || [found.replaces, new?.replaces].contains($0.id) } ?? false
        return found.state(isHalfReplaced: new?.isOurs == true || isOldOurs)
    }

    // MARK: Doing

    func start(_ id: String, _ name: String) async throws {
        // 304: it runs already.
        try await call(
            "POST", "\(Self.path(container: id))/start", within: 600, accepting: [304],
            failing: "container \(name) can't be started")
    }

    /// After its own time for it, by force.
    func stop(_ id: String, _ name: String) async throws {
        try await call(
            "POST", "\(Self.path(container: id))/stop", within: 3600, accepting: [304, 404],
            failing: "container \(name) can't be stopped")
    }

    func rename(_ id: String, _ name: String, to new: String) async throws {
        try await call(
            "POST", "\(Self.path(container: id))/rename?name=\(percentEncoded(new))",
            failing: "container \(name) can't be renamed to \(new)")
    }

    /// Its volumes stay, those without a name too: what is in them is somebody's.
    func delete(_ id: String, _ name: String) async throws {
        // 409: it is being removed already.
        try await call(
            "DELETE", "\(Self.path(container: id))?force=1", within: 600, accepting: [404, 409],
            failing: "container \(name) can't be removed")
    }

    /// What it wrote last.
    func lastLines(of id: String, _ count: Int = 10) async -> String? {
        let path = "\(Self.path(container: id))/logs?stdout=1&stderr=1&tail=\(count)"
        guard let answer = try? await socket.call("GET", path), answer.status == 200 else { return nil }
        let text = LogFrames.text(answer.body).trimmingBlanks()
        return text.isEmpty ? nil : text
    }

    // MARK: Removal

    func remove(
        containers: [String], networks: [String],
        onHost: @escaping @Sendable (Step) async throws -> StepResult
    ) async throws {
        try await sideBySide(containers) { name in
            var standing: [FoundContainer] = []
            for name in [name, name + Replacement.old, name + Replacement.new] {
                guard let found = try await self.found(name), found.isOurs else { continue }
                try await self.stop(found.id, name)
                standing.append(found)
            }
            // While one of them stands the next run knows of them, should this be the end of ours.
            try SecretFiles(container: name, onHost: onHost).removeAll(but: nil)
            for found in standing { try await self.delete(found.id, found.name) }
        }
        try await sideBySide(networks) { try await self.removeNetwork($0) }
    }

    private func sideBySide(_ names: [String], _ body: @escaping @Sendable (String) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, name) in names.enumerated() {
                if index >= DockerSocket.mostAtOnce { try await group.next() }
                group.addTask { try await body(name) }
            }
            try await group.waitForAll()
        }
    }
}

/// https://docs.docker.com/reference/api/engine/ "Stream format": eight bytes of head before each piece, unless there is a terminal.
enum LogFrames {
    static func text(_ body: [UInt8]) -> String {
        var rest = body[...]
        var text: [UInt8] = []
        while rest.count >= 8 {
            let head = rest.prefix(8)
            guard head.first.map({ $0 <= 2 }) == true, head.dropFirst().prefix(3).allSatisfy({ $0 == 0 }) else { break }
            let size = head.dropFirst(4).reduce(0) { $0 << 8 | Int($1) }
            text += rest.dropFirst(8).prefix(size)
            rest = rest.dropFirst(8 + size)
        }
        return String(decoding: text + (text.isEmpty ? Array(rest) : []), as: UTF8.self)
    }
}
