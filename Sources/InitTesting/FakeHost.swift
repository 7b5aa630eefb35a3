// A host in memory. What a fixture doesn't plan for (a query, a command, a download, an archive) is told to `unplanned`,
// with which a test fails: nothing happens by accident. Faults.swift makes it fail or die at a chosen moment.

package import InitCore
import Synchronization

package final class FakeHost: Sendable {
    struct Inside: Sendable {
        var state: FakeState
        var moments: [Moment] = []
        var fault: Fault?
        var isDead = false
        var attempts: [String: Int] = [:]
        var fetches = FakeFetches()
        /// Seconds.
        var now = 0.0
        /// When each is to wake.
        var sleepers: [Int: Double] = [:]
        var sleeps = 0
        /// What each check was answered last in this run.
        var isReady: [String: Bool] = [:]
    }

    let world: FakeWorld
    let inside: Mutex<Inside>
    let unplanned: @Sendable (String) -> Void

    package init(_ world: FakeWorld, unplanned: @escaping @Sendable (String) -> Void) {
        self.world = world
        self.unplanned = unplanned
        inside = Mutex(Inside(state: world.state))
    }

    package var state: FakeState { inside.withLock(\.state) }

    /// - Parameters:
    ///   - performing: without it, any step is one that should not have been taken.
    ///   - runsTests: whether commands' `test` and `defaults` are run.
    package func host(performing: Bool = true, runsTests: Bool = true) -> Host {
        guard performing else {
            return Host(
                probe: probe(performing: performing, runsTests: runsTests),
                perform: { try self.refuse("perform \($0)") },
                commit: { try self.refuse("write \($0.map(\.path))") },
                pending: PendingStore(load: { self.state.pending }, save: { _ in try self.refuse("save pending") }),
                prefetch: { self.prefetch($0, again: $1, performing: performing) },
                check: { target, _ in
                    let _: Void? = try? self.refuse("ask for \(target)")
                    return .wrong("not asked in a dry run")
                },
                sleep: { _ in }, stopReason: { nil }, clock: { 0 })
        }
        return Host(
            probe: probe(performing: performing, runsTests: runsTests), perform: perform, commit: commit,
            pending: PendingStore(load: { self.state.pending }, save: save),
            prefetch: { self.prefetch($0, again: $1, performing: performing) },
            check: { target, _ in self.check(target) }, sleep: { await self.sleep($0) }, stopReason: { nil },
            clock: { self.inside.withLock(\.now) })
    }

    /// Says that it isn't planned for, and fails.
    func refuse<Result>(_ what: String) throws -> Result {
        unplanned("not planned for in this fixture: \(what)")
        throw Failure(.host, "not planned for in this fixture: \(what)")
    }

    // MARK: Looking

    private func probe(performing: Bool, runsTests: Bool) -> Probe {
        var probe = Probe(
            status: { self.state.tree[$0]?.status },
            read: { try self.state.tree.read($0) },
            linkTarget: { try self.state.tree.linkTarget($0) },
            names: { self.state.tree.names($0) },
            sha256: { try self.state.tree.sha256($0) },
            user: { self.state.users[$0] },
            group: { name in self.state.groups[name].map { GroupAccount(name: name, id: $0) } },
            compare: compare,
            unit: { name, _ in self.state.unitState(name) },
            umask: world.umask,
            ask: { query in try self.state.answers[query.key] ?? self.refuse("the query \u{201C}\(query.key)\u{201D}")
            },
            test: { command in
                guard runsTests else { return nil }
                return try self.inside.withLock { try self.run(command, &$0).command }
            },
            resolve: { try self.resolve($0, performing: performing) })
        // Of the same form as the real ones, but for the salt: a fixture can hold one.
        probe.hashPassword = { password, scheme in Secret(Self.hash(password, scheme)) }
        probe.passwordMatches = { password, hash in
            [PasswordScheme.bcrypt(cost: 5), .argon2id].contains { Self.hash(password, $0) == hash }
        }
        probe.certificate = FakeCertificates.report
        probe.dns = zones(performing: performing)
        probe.docker = docker
        return probe
    }

    private static func hash(_ password: Secret, _ scheme: PasswordScheme) -> String {
        let sum = FakeTree.sha256(password.reveal { $0 }).prefix(22)
        return switch scheme {
        case .bcrypt: "$2y$05$\(sum)"
        case .argon2id: "$argon2id$v=19$m=65536,t=3,p=4$\(sum)"
        }
    }

    private func archive(_ unpacking: Unpacking) throws -> [(name: String, node: FakeNode)] {
        let place =
            switch unpacking.origin {
            case .path(let path): path
            case .download(let download): try asked(download)
            }
        let archive = try world.archives[place] ?? refuse("the archive \(place)")
        return try archive.members(of: unpacking)
    }

    @Sendable private func compare(_ unpacking: Unpacking) throws -> ArchiveComparison {
        let members = try archive(unpacking)
        return ArchiveComparison(members: members.count, differing: differing(members, unpacking, state))
    }

    /// The URL, if those who may ask for it do.
    private func asked(_ download: Download) throws -> String {
        let who =
            switch download.access {
            case .ofURL: ""
            case .basic(let user, let password): "basic \(user) \(password.revealedText)"
            case .keys(let id, let secret): "keys \(id) \(secret.revealedText)"
            case .role(let name): "role \(name)"
            }
        guard who == world.access[download.url] ?? "" else {
            return try refuse("the download \(download.url) by \u{201C}\(who)\u{201D}")
        }
        return download.url
    }

    private func differing(
        _ members: [(name: String, node: FakeNode)], _ unpacking: Unpacking, _ state: FakeState
    ) -> [String] {
        members.filter { state.tree[unpacking.destination + "/" + $0.name] != $0.node }.map(\.name)
    }

    // MARK: Doing

    @Sendable private func perform(_ step: Step) async throws -> StepResult {
        try inside.withLock { inside in
            try reach(.step(step), &inside)
            switch step {
            case .write(let write): return try self.write(write, &inside)
            case .link(let link):
                let node = FakeNode(.link(link.target), owner: link.owner ?? 0, group: link.group ?? 0)
                try inside.state.tree.write(link.path, node, keepingBackup: link.keepsBackup)
                return StepResult(changed: true)
            case .setAttributes(let path, let mode, let owner, let group):
                try inside.state.tree.setAttributes(path, mode: mode, owner: owner, group: group)
                return StepResult(changed: true)
            case .unpack(let unpacking):
                let members = try archive(unpacking)
                let isSame = differing(members, unpacking, inside.state).isEmpty
                for (name, node) in members { inside.state.tree.set(unpacking.destination + "/" + name, node) }
                return StepResult(changed: !isSame)
            case .run(let command): return try run(command, isStep: true, &inside)
            case .unit(let action): return try act(action, &inside)
            case .remove(let path):
                let stood = inside.state.tree[path] != nil
                inside.state.tree.remove(path)
                return StepResult(changed: stood)
            case .makeDirectory(let path, let mode, let owner, let group, _):
                guard inside.state.tree[path] == nil else { return StepResult(changed: false) }
                inside.state.tree.set(path, FakeNode(.directory, mode: mode, owner: owner ?? 0, group: group ?? 0))
                return StepResult(changed: true)
            case .docker(let action): return try inside.state.docker.perform(action, &inside.state.tree)
            case .dns(let change): return try self.change(change, &inside)
            case .replace(let set):
                if let check = set.check, let result = try run(check.command, &inside).command, !result.succeeded {
                    throw check.failure(result)
                }
                for write in set.writes { _ = try self.write(write, &inside) }
                for path in set.removals { inside.state.tree.remove(path) }
                for link in set.links {
                    let node = FakeNode(.link(link.target), owner: link.owner ?? 0, group: link.group ?? 0)
                    try inside.state.tree.write(link.path, node, keepingBackup: link.keepsBackup)
                }
                return StepResult(changed: true)
            }
        }
    }

    @Sendable private func commit(_ writes: [FileWrite]) async throws -> BatchResult {
        try inside.withLock { inside in
            var result = BatchResult(changed: [])
            for write in writes {
                do {
                    try reach(.file(write.path), &inside)
                    result.changed.append(try self.write(write, &inside).changed)
                } catch {
                    if inside.isDead { throw error }
                    result.failure = Failure(wrapping: error)
                    break
                }
            }
            return result
        }
    }

    @Sendable private func save(_ reactions: [DueReaction]) throws {
        try inside.withLock { inside in
            try reach(.save(reactions), &inside)
            inside.state.pending = reactions
        }
    }

    private func write(_ write: FileWrite, _ inside: inout Inside) throws -> StepResult {
        var bytes: [UInt8]
        switch write.content {
        case .bytes(let content): bytes = content
        case .secret(let secret): bytes = secret.reveal { $0 }
        case .download(let download):
            bytes = try world.downloads[asked(download)] ?? refuse("the download \(download.url)")
            if let sum = download.sha256, FakeTree.sha256(bytes) != sum {
                throw Failure(.refused, "\(download.shownURL) has another SHA-256 sum")
            }
            if let context = write.template {
                bytes = try context.render(String(decoding: bytes, as: UTF8.self))
            }
        }
        let node = FakeNode(.file(bytes), mode: write.mode, owner: write.owner ?? 0, group: write.group ?? 0)
        if case .download = write.content, inside.state.tree[write.path] == node { return StepResult(changed: false) }
        try inside.state.tree.write(write.path, node, keepingBackup: write.keepsBackup)
        return StepResult(changed: true)
    }

    private func act(_ action: UnitAction, _ inside: inout Inside) throws -> StepResult {
        guard let unit = inside.state.units[action.name] else {
            throw Failure(.commandFailed, "systemctl \(action.verb.rawValue) \(action.name): there is no such unit")
        }
        switch action.verb {
        case .enable, .disable:
            guard unit.enablement == .enabled || unit.enablement == .disabled else {
                throw Failure(.commandFailed, "systemctl \(action.verb.rawValue) \(action.name): \(unit.enablement)")
            }
            inside.state.units[action.name]?.enablement = action.verb == .enable ? .enabled : .disabled
        case .start, .restart:
            inside.state.units[action.name]?.isActive = true
            inside.state.load(action.name)
        case .stop: inside.state.units[action.name]?.isActive = false
        }
        return StepResult(changed: true)
    }
}

extension Secret {
    var revealedText: String { reveal { String(decoding: $0, as: UTF8.self) } }
}
