// From what there is to what is wished for. Whatever happens on the way, killed or refused, one of the two runs in the end, and
// what is left behind is found by the next run by its name: NAME.new was never put in place, NAME.old was taken out of it.

import InitCore

struct Replacement: Sendable {
    static let old = ".old"
    static let new = ".new"
    /// Seconds in which a health check must have said yes, beyond its own start period.
    static let longestWait = 300.0

    let engine: DockerEngine
    let wish: ContainerWish
    let onHost: @Sendable (Step) async throws -> StepResult

    private var name: String { wish.spec.name }
    private var digest: String? { wish.labels[ContainerLabel.spec] }
    private var secretFiles: SecretFiles { SecretFiles(container: name, onHost: onHost) }

    func bring() async throws {
        try await converge()
        guard let image = try await engine.image("\(wish.spec.image)") else {
            throw Failure(.host, "image \(wish.spec.image) isn't on this host")
        }
        guard let current = try await engine.found(name) else {
            let id = try await create(as: name, inPlaceOf: nil)
            try await startAndWait(id)
            return try secretFiles.removeAll(but: secretsInUse)
        }
        if current.spec == digest, digest != nil, current.image == image.id {
            try await join(current.id, current.networks)
            try await run(current)
        } else {
            try await replace(current)
        }
        try secretFiles.removeAll(but: secretsInUse)
    }

    private var secretsInUse: String? { wish.secretFiles.isEmpty ? nil : digest }

    // MARK: What a broken-off run left

    private func converge() async throws {
        if let left = try await engine.found(name + Self.new), left.isOurs {
            try await engine.delete(left.id, name + Self.new)
        }
        guard let former = try await engine.found(name + Self.old), former.isOurs || wish.adopts else { return }
        if let current = try await engine.found(name) {
            if current.spec == digest, digest != nil {
                // It may have come far enough, or not: it is seen to the end.
                return try await confirm(current.id, former)
            }
            try await engine.stop(current.id, name)
            try await engine.delete(current.id, name)
        }
        try await engine.rename(former.id, name + Self.old, to: name)
        try await engine.start(former.id, name)
    }

    // MARK: Replacing

    private func replace(_ current: FoundContainer) async throws {
        // Volumes without a name go on with the container's name, as with compose.
        let id = try await create(as: name + Self.new, inPlaceOf: current)
        do {
            try await engine.stop(current.id, name)
            try await engine.rename(current.id, name, to: name + Self.old)
            try await engine.rename(id, name + Self.new, to: name)
        } catch {
            try await takeBack(current, instead: id, because: Failure(wrapping: error))
        }
        try await confirm(id, current)
    }

    /// The new one is in place: it has to show that it runs before the old one is given up.
    private func confirm(_ id: String, _ former: FoundContainer) async throws {
        do {
            try await startAndWait(id)
        } catch {
            try await takeBack(former, instead: id, because: Failure(wrapping: error))
        }
        try await engine.delete(former.id, name + Self.old)
    }

    private func takeBack(_ former: FoundContainer, instead id: String, because failure: Failure) async throws -> Never
    {
        var failure = failure
        do {
            try await engine.stop(id, name)
            try await engine.delete(id, name)
            if try await engine.found(former.id)?.node["Name"]?.string != "/\(name)" {
                try await engine.rename(former.id, name + Self.old, to: name)
            }
            try await engine.start(former.id, name)
            failure.message += "; the container that was there before runs again"
        } catch {
            failure.message +=
                "; the container that was there before, now \(name)\(Self.old), couldn't be put back: \(Failure(wrapping: error).message)"
        }
        throw failure
    }

    // MARK: Making

    /// - Returns: its id.
    private func create(as place: String, inPlaceOf former: FoundContainer?) async throws -> String {
        var binds: [String] = []
        if !wish.directories.isEmpty || !wish.secretFiles.isEmpty {
            let owner = try await engine.owner(of: wish.spec.image, user: wish.spec.user)
            for path in wish.directories {
                _ = try await onHost(.makeDirectory(path: path, mode: 0o755, owner: owner.user, group: owner.group))
            }
            guard let digest else { throw Failure(.host, "container \(name) has secrets and no digest") }
            binds = try await secretFiles.write(wish.secretFiles, of: digest, owner: owner)
        }
        let taken = Set(wish.spec.mounts.map(\.target) + wish.secretFiles.map(\.path) + wish.spec.temporary)
        if let former, former.isOurs {
            binds += former.volumes.filter { !taken.contains($0.target) && Self.hasNoName($0.name) }.map {
                "\($0.name):\($0.target)"
            }
        }
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

    /// As Docker names those that nobody named.
    private static func hasNoName(_ volume: String) -> Bool {
        volume.utf8.count == 64 && volume.allSatisfy { $0.isHexDigit && !$0.isUppercase }
    }

    /// - Parameter joined: where it is already.
    private func join(_ id: String, _ joined: Set<String>) async throws {
        guard wish.spec.mode == .networks else { return }
        for network in wish.spec.networks where !joined.contains(network) {
            try await engine.connect(id, to: network, alias: name)
        }
        for network in wish.otherNetworks where !joined.contains(network) && !wish.spec.networks.contains(network) {
            guard try await engine.network(network) != nil else { continue }
            try await engine.connect(id, to: network, alias: name)
        }
    }

    // MARK: Running

    private func run(_ current: FoundContainer) async throws {
        switch current.state(isHalfReplaced: false).status {
        case .running, .restarting: break
        case .paused:
            try await engine.call(
                "POST", "\(DockerEngine.path(container: current.id))/unpause", accepting: [304, 409],
                failing: "container \(name) can't be woken")
        case .created, .exited, .dead, .removing:
            do {
                try await startAndWait(current.id)
            } catch let failure as Failure where failure.saysNetworkIsGone {
                // One that was removed while it stood still: Docker goes on looking for it.
                try await replace(current)
            }
        }
    }

    private func startAndWait(_ id: String) async throws {
        try await engine.start(id, name)
        var waited = 0.0
        var pause = 0.25
        while true {
            guard let found = try await engine.found(id) else {
                throw Failure(.host, "container \(name) was removed by somebody while it was to start")
            }
            let state = found.state(isHalfReplaced: false)
            let mayEnd = ["no", "on-failure"].contains(wish.spec.restart.policy)
            switch (state.status, state.health) {
            case (.running, .healthy?): return
            case (.running, .unhealthy?): throw await failure(id, "is unhealthy")
            case (.running, nil) where found.restarts > 0:
                throw await failure(id, "keeps ending and being restarted")
            case (.running, nil) where waited >= engine.settling: return
            case (.exited, _) where mayEnd && state.exitCode == 0: return
            case (.exited, _), (.dead, _):
                throw await failure(id, "ended at once: \(state.words) \(found.error)".trimmingBlanks())
            case (.restarting, _): throw await failure(id, "ends as soon as it is started, with \(state.exitCode)")
            default: break
            }
            guard waited < Self.longestWait + (wish.spec.health?.startPeriod ?? 0) else {
                throw await failure(id, "isn't healthy after \(Int(waited)) s")
            }
            if let reason = engine.stopReason() { throw reason }
            // Without a health check there is but one more thing to see: that it still runs.
            let rest = state.health == nil && state.status == .running ? engine.settling - waited : pause
            await engine.sleep(rest)
            waited += rest
            pause = min(1, pause * 1.5)
        }
    }

    private func failure(_ id: String, _ what: String) async -> Failure {
        Failure(.host, "container \(name) \(what)", output: await engine.lastLines(of: id))
    }
}

extension Failure {
    fileprivate var saysNetworkIsGone: Bool { message.contains("network") && message.contains("not found") }
}
