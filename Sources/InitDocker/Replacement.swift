// From what there is to what is wished for. Whatever happens on the way, killed or refused, one of the two runs in the end, and
// what is left behind is found by the next run by its name: NAME.new was never put in place, NAME.old was taken out of it.

import InitCore

struct Replacement: Sendable {
    static let old = ".old"
    static let new = ".new"

    let engine: DockerEngine
    let wish: ContainerWish
    let onHost: @Sendable (Step) async throws -> StepResult

    var name: String { wish.spec.name }
    var digest: String? { wish.labels[ContainerLabel.spec] }
    var secretFiles: SecretFiles { SecretFiles(container: name, onHost: onHost) }

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
        // What a broken-off run had taken out of its place is back, and the document may say another thing than it did then.
        guard current.isOurs || wish.adopts else { throw Failure.foreign(container: name) }
        if current.spec == digest, digest != nil, current.image == image.id {
            try await goOn(with: current)
        } else {
            try await replace(current)
        }
        try secretFiles.removeAll(but: secretsInUse)
    }

    private var secretsInUse: String? { wish.secretFiles.isEmpty ? nil : digest }

    private func goOn(with current: FoundContainer) async throws {
        do {
            try await join(current.id, current.networks)
            for network in wish.leaving where current.networks.contains(network) {
                try await engine.disconnect(current.id, from: network)
            }
            try await run(current)
        } catch let failure as Failure where failure.saysNetworkIsGone {
            // One that was removed while it stood still, or by force: Docker goes on looking for it.
            try await replace(current)
        }
    }

    // MARK: What a broken-off run left

    private func converge() async throws {
        let left = try await engine.found(name + Self.new).flatMap { $0.isOurs ? $0 : nil }
        try await putBack(besides: left)
        // The last of it: its label tells which container of another's was taken out of its place.
        if let left { try await engine.delete(left.id, name + Self.new) }
    }

    private func putBack(besides left: FoundContainer?) async throws {
        guard let former = try await engine.found(name + Self.old) else { return }
        let current = try await engine.found(name)
        guard former.isOurs || [left?.replaces, current?.replaces].contains(former.id) else { return }
        if let current {
            guard current.isOurs else {
                // Somebody has put his own there meanwhile. Unless that is to be replaced, and then needs the place, ours stays.
                if former.isOurs, wish.adopts { try await engine.delete(former.id, name + Self.old) }
                return
            }
            if current.spec == digest, digest != nil {
                // It may have come far enough, or not: it is seen to the end.
                return try await confirm(current.id, former, mayRun: !former.hasDoneItsWork)
            }
            try await engine.stop(current.id, name)
            try await engine.delete(current.id, name)
        }
        try await engine.rename(former.id, name + Self.old, to: name)
        guard !former.hasDoneItsWork else { return }
        do {
            try await engine.start(former.id, name)
        } catch let failure as Failure where failure.saysNetworkIsGone {
            // It can't run any more, and is replaced.
        }
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
            try await takeBack(current, mayRun: current.isAlive, instead: id, because: Failure(wrapping: error))
        }
        try await confirm(id, current, mayRun: current.isAlive)
    }

    /// The new one is in place: it has to show that it runs before the old one is given up.
    private func confirm(_ id: String, _ former: FoundContainer, mayRun: Bool) async throws {
        do {
            try await startAndWait(id)
        } catch {
            try await takeBack(former, mayRun: mayRun, instead: id, because: Failure(wrapping: error))
        }
        try await engine.delete(former.id, name + Self.old)
    }

    /// - Parameter mayRun: whether it ran when it was taken out of its place; one that had ended isn't begun once more.
    private func takeBack(
        _ former: FoundContainer, mayRun: Bool, instead id: String, because failure: Failure
    ) async throws -> Never {
        var failure = failure
        do {
            try await engine.stop(id, name)
            try await engine.delete(id, name)
            if try await engine.found(former.id)?.name != name {
                try await engine.rename(former.id, name + Self.old, to: name)
            }
            if mayRun { try await engine.start(former.id, name) }
            failure.message +=
                "; the container that was there before \(mayRun ? "runs again" : "is back in its place, ended as it was")"
        } catch {
            failure.message +=
                "; the container that was there before, now \(name)\(Self.old), couldn't be put back: \(Failure(wrapping: error).message)"
            throw failure
        }
        do {
            try secretFiles.removeAll(but: former.isOurs ? former.spec : nil)
        } catch {
            failure.message += "; \(Failure(wrapping: error).message)"
        }
        throw failure
    }
}
