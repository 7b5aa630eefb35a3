// The live host: every probe and every step, under one root. The switch in `perform` is the whole dangerous surface.

import CLinux
import Glibc
package import InitCore

package struct LinuxHost: Sendable {
    /// - Parameter onHost: for the directories and files that are mounted into containers.
    package typealias PerformDocker =
        @Sendable (
            DockerAction, _ onHost: @escaping @Sendable (Step) async throws -> StepResult
        ) async throws -> StepResult

    private let root: Root
    private let accounts: Accounts
    private let runner: CommandRunner
    private let queries: QueryRunner
    private let units: Units
    private let commit: FileCommit
    private let fetch: Fetch
    private let readiness: ReadinessProbe?
    private let resolve: @Sendable (Reference) async throws -> Secret?
    private let prefetch: @Sendable (_ references: [Reference], _ again: Bool) -> Void
    private let docker: DockerProbe
    private let performDocker: PerformDocker
    private let stop: StopSwitch
    private let umask: UInt16
    private let runsTests: Bool
    /// Hosted zones; nil: they are no concern of this root.
    package var zones: (probe: DNSProbe, change: @Sendable (DNSChange) async throws -> StepResult)?

    /// - Parameters:
    ///   - isRehearsal: a dry run: no query may leave a trace.
    ///   - runsTests: whether commands' own `test` and `defaults` are run.
    package init(
        root: Root, scrubber: Scrubber, stop: StopSwitch, runGuard: RunGuard? = nil, isRehearsal: Bool, runsTests: Bool,
        fetch: @escaping Fetch, resolve: @escaping @Sendable (Reference) async throws -> Secret?,
        prefetch: @escaping @Sendable (_ references: [Reference], _ again: Bool) -> Void,
        askHTTP: @escaping @Sendable (HTTPCheck, _ within: Double) async -> CheckAnswer,
        docker: DockerProbe = .absent, performDocker: @escaping PerformDocker = { _, _ in try DockerProbe.refuse() }
    ) {
        let host = CommandRunner(
            root: Root(), accounts: Accounts(root: Root(), getent: nil), scrubber: scrubber, stop: stop)
        let getent: @Sendable (String, String) async throws -> String? = { database, name in
            var command = Command("getent", .arguments(["getent", database, name]))
            command.separatesErrors = true
            let result = await host.run(command)
            return result.succeeded ? result.text.split(separator: "\n").first.map(String.init) : nil
        }
        self.root = root
        accounts = Accounts(root: root, getent: root.isHost ? getent : nil)
        runner = CommandRunner(
            root: root, accounts: accounts, scrubber: scrubber, stop: stop, runGuard: runGuard)
        queries = QueryRunner(root: root, runner: runner, mayWrite: !isRehearsal)
        units = Units(root: root, runner: runner)
        commit = FileCommit(root: root)
        readiness =
            root.isHost
            ? ReadinessProbe(
                units: units, runner: runner, stop: stop, askHTTP: askHTTP, container: docker.container) : nil
        self.fetch = fetch
        self.resolve = resolve
        self.prefetch = prefetch
        self.docker = root.isHost ? docker : .absent
        self.performDocker = performDocker
        self.stop = stop
        self.runsTests = runsTests
        umask = Self.processUmask()
    }

    /// Read rather than set and set back, between which another thread might make a file.
    private static func processUmask() -> UInt16 {
        let status = (try? FileProbe(root: Root()).read("/proc/self/status")) ?? []
        let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("Umask:") }
        // Linux before 4.7 doesn't tell.
        return line?.split(separator: "\t").last.flatMap { UInt16($0, radix: 8) } ?? 0o022
    }

    package var host: Host {
        let commit = commit
        let stop = stop
        let pending = PendingFile(root: root)
        var host = Host(
            probe: probe,
            perform: perform,
            commit: { writes in await blocking { commit.commit(writes) } },
            pending: PendingStore(load: pending.load, save: pending.save),
            prefetch: prefetch,
            check: check,
            sleep: { await stop.sleep($0) },
            stopReason: { stop.stopReason },
            clock: monotonicSeconds)
        host.conclude = units.conclude
        return host
    }

    private var check: (@Sendable (ReadinessCheck.Target, Double) async -> CheckAnswer)? {
        guard let readiness else { return nil }
        return { await readiness.ask($0, within: $1) }
    }

    private var probe: Probe {
        let files = FileProbe(root: root)
        var probe = Probe(
            status: files.status, read: files.read, linkTarget: files.linkTarget, names: files.names,
            sha256: files.sha256,
            user: accounts.user, group: accounts.group, compare: compare, unit: units.state, umask: umask,
            ask: queries.ask,
            test: { [runner, runsTests] command in runsTests ? await runner.run(command) : nil },
            resolve: resolve)
        probe.hashPassword = PasswordHash.make
        probe.passwordMatches = PasswordHash.matches
        probe.docker = docker
        probe.certificate = CertificateCheck.report
        probe.dns = zones?.probe ?? .none
        return probe
    }

    @Sendable private func perform(_ step: Step) async throws -> StepResult {
        switch step {
        case .write(let write):
            if case .download(let download) = write.content { return try await commit.download(write, download, fetch) }
            let result = await blocking { [commit] in commit.commit([write]) }
            if let failure = result.failure { throw failure }
            return StepResult(changed: result.changed == [true])
        case .link(let link): return try commit.link(link)
        case .setAttributes(let path, let mode, let owner, let group):
            return try commit.setAttributes(path, mode: mode, owner: owner, group: group)
        case .unpack(let unpacking): return try await unpack(unpacking)
        case .run(let command): return StepResult(changed: true, command: await runner.run(command))
        case .unit(let action): return try await units.perform(action)
        case .remove(let path): return try commit.remove(path)
        case .makeDirectory(let path, let mode, let owner, let group, let base):
            return try commit.makeDirectory(path, mode: mode, owner: owner, group: group, linkFreeBelow: base)
        case .dns(let change):
            guard let zones else { throw DNSProbe.refusal }
            return try await zones.change(change)
        case .replace(let set):
            return try await commit.replaceTogether(set, by: StagedCheck(root: root, runner: runner))
        case .docker(let action): return try await performDocker(action, perform)
        }
    }

    // MARK: Archives

    private func unpacker(_ unpacking: Unpacking) -> Unpacker {
        Unpacker(
            isRoot: geteuid() == 0 && !unpacking.takesOver, umask: unpacking.takesOver ? 0o022 : UInt32(umask),
            forbiddenMode: unpacking.takesOver ? 0o022 : 0, user: accounts.localUserID, group: accounts.localGroupID)
    }

    @Sendable private func compare(_ unpacking: Unpacking) throws -> ArchiveComparison {
        guard case .path(let path) = unpacking.origin else { return ArchiveComparison(members: 0, differing: []) }
        let archive = try openArchive(path)
        defer { close(archive) }
        return try unpacker(unpacking).compare(
            archive, to: root.resolve(unpacking.destination, followingLast: true),
            stripsTopLevel: unpacking.stripsTopLevel,
            allowsSetuid: unpacking.allowsSetuid)
    }

    private func openArchive(_ path: String) throws -> Int32 {
        let archive = open(try root.resolve(path, followingLast: true), O_RDONLY | O_CLOEXEC)
        guard archive >= 0 else { throw systemFailure("the archive can't be opened", path) }
        return archive
    }

    private func unpack(_ unpacking: Unpacking) async throws -> StepResult {
        let archive: Int32
        switch unpacking.origin {
        case .path(let path): archive = try openArchive(path)
        case .download(let download):
            archive = try spool()
            do {
                try await fetch(download, archive)
            } catch {
                close(archive)
                throw error
            }
            lseek(archive, 0, SEEK_SET)
        }
        defer { close(archive) }
        let result = try unpacker(unpacking).unpack(
            archive, to: root.resolve(unpacking.destination, followingLast: true),
            stripsTopLevel: unpacking.stripsTopLevel,
            allowsSetuid: unpacking.allowsSetuid)
        return StepResult(changed: !result.differing.isEmpty)
    }

    /// A file without a name for a download on its way: gone whatever happens to us.
    private func spool() throws -> Int32 {
        for directory in ["/var/tmp", "/tmp"] {
            let place = try root.resolve(directory, followingLast: true)
            let descriptor = open(place, linuxUnnamedFile | O_RDWR | O_CLOEXEC, 0o600)
            if descriptor >= 0 { return descriptor }
            // Not every file system can do that.
            var template = Array("\(place)/ide-init.XXXXXX".utf8CString)
            let named = mkstemp(&template)
            if named >= 0 {
                unlink(template)
                return named
            }
        }
        throw systemFailure("a download can't be kept there", "/var/tmp")
    }
}
