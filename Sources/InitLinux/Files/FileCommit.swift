// Writes files in batches: stage all, make all durable at once, rename all, make the directories durable.

import CLinux
import Glibc
package import InitCore

/// Fetches a download's body into an open file, checked against its sum.
package typealias Fetch = @Sendable (_ download: Download, _ into: Int32) async throws -> Void

struct FileCommit: Sendable {
    /// Up to so many files an fsync each is cheaper than flushing the whole file system.
    private static let fewFiles = 4

    let root: Root

    func commit(_ writes: [FileWrite]) -> BatchResult {
        var result = BatchResult(changed: [])
        while result.failure == nil, result.changed.count < writes.count {
            let part = commitDistinct(writes[result.changed.count...])
            result.changed += part.changed
            result.failure = part.failure
        }
        return result
    }

    /// As many as go to places of their own: two paths may lead to one file through linked directories.
    private func commitDistinct(_ writes: ArraySlice<FileWrite>) -> BatchResult {
        var batch = Batch(root: root)
        var failure: Failure?
        do {
            for write in writes where try !batch.stage(write) { break }
        } catch {
            failure = Failure(wrapping: error)
        }
        do {
            try batch.makeDurable(syncingWhole: batch.count > Self.fewFiles)
        } catch {
            batch.discard(from: 0)
            return BatchResult(changed: [], failure: Failure(wrapping: error))
        }
        return batch.rename(failure)
    }

    /// One write whose content has to be fetched first.
    func download(_ write: FileWrite, _ download: Download, _ fetch: Fetch) async throws -> StepResult {
        var made: [String] = []
        let place = try root.resolve(write.path)
        let directory = try OpenDirectory(parent(of: place), made: &made)
        var staged = try StagedFile(
            in: directory, name: lastComponent(of: place), mode: write.mode, owner: write.owner, group: write.group,
            path: write.path)
        do {
            try await fetch(download, staged.descriptor)
            if let context = write.template { try render(&staged, context, write.path) }
            if try isStanding(staged, at: place, write) {
                staged.discard()
                return StepResult(changed: false)
            }
            try staged.makeDurable(path: write.path)
            try staged.rename(keepingBackup: write.keepsBackup, path: write.path)
        } catch {
            staged.discard()
            throw error
        }
        try syncDirectories([directory.path] + made)
        return StepResult(changed: true)
    }

    private func render(_ staged: inout StagedFile, _ context: TemplateContext, _ path: String) throws {
        lseek(staged.descriptor, 0, SEEK_SET)
        let text = try readAll(staged.descriptor, path)
        guard let template = String(validating: text, as: UTF8.self) else {
            throw Failure(.refused, "\(path): the download is no UTF-8 text, so it can't be a template")
        }
        let rendered = try context.render(template)
        guard lseek(staged.descriptor, 0, SEEK_SET) == 0, ftruncate(staged.descriptor, 0) == 0 else {
            throw systemFailure("can't be written", path)
        }
        try staged.write(rendered, path: path)
    }

    private func isStanding(_ staged: borrowing StagedFile, at place: String, _ write: FileWrite) throws -> Bool {
        var old = stat()
        var new = stat()
        guard lstat(place, &old) == 0, old.st_mode & S_IFMT == S_IFREG, fstat(staged.descriptor, &new) == 0 else {
            return false
        }
        guard old.st_size == new.st_size, old.st_mode == new.st_mode, old.st_uid == new.st_uid, old.st_gid == new.st_gid
        else {
            return false
        }
        let probe = FileProbe(root: Root())
        return try probe.sha256(place) == probe.sha256(parent(of: place) + "/" + staged.temporary)
    }

    func link(_ link: LinkWrite) throws -> StepResult {
        var batch = Batch(root: root)
        try batch.stage(link)
        if let failure = batch.rename(nil).failure { throw failure }
        return StepResult(changed: true)
    }

    /// Files that belong together: nothing has changed where staging one of them fails, or their check says no.
    func replaceTogether(_ set: FileSet, by stagedCheck: StagedCheck) async throws -> StepResult {
        var batch = Batch(root: root)
        var links = Batch(root: root)
        do {
            for write in set.writes {
                guard try batch.stage(write) else {
                    throw Failure(.host, "\(write.path): another file of this set leads to the same place")
                }
            }
            try batch.makeDurable(syncingWhole: batch.count > Self.fewFiles)
            for link in set.links { try links.stage(link) }
            if let check = set.check {
                let entries = batch.staged + links.staged + (try set.removals.compactMap(removal))
                try await stagedCheck.ask(check, over: entries)
            }
        } catch {
            batch.discard(from: 0)
            links.discard(from: 0)
            throw error
        }
        // Links first: where one is to be put back, the only note of it may stand in a file that goes.
        if let failure = links.rename(nil).failure {
            batch.discard(from: 0)
            throw failure
        }
        if let failure = batch.rename(nil).failure { throw failure }
        for path in set.removals { _ = try remove(path) }
        return StepResult(changed: true)
    }

    /// Nil where there is nothing to remove.
    private func removal(_ path: String) throws -> StagedCheck.Entry? {
        let place = try root.resolve(path)
        var info = stat()
        guard lstat(place, &info) == 0 else { return nil }
        return StagedCheck.Entry(directory: parent(of: place), name: lastComponent(of: place), temporary: nil)
    }

    func remove(_ path: String) throws -> StepResult {
        let place = try root.resolve(path)
        if unlink(place) != 0 {
            if errno == ENOENT { return StepResult(changed: false) }
            throw systemFailure("can't be removed", path)
        }
        try syncDirectories([parent(of: place)])
        return StepResult(changed: true)
    }

    func makeDirectory(
        _ path: String, mode: UInt16, owner: UInt32?, group: UInt32?, linkFreeBelow base: String? = nil
    ) throws -> StepResult {
        let place = try root.resolve(path)
        var made: [String] = []
        let directory = try OpenDirectory(parent(of: place), below: root.isHost ? base : nil, made: &made)
        let name = lastComponent(of: place)
        // Nobody else may look in before it is whose it is to be.
        guard mkdirat(directory.descriptor, name, 0o700) == 0 else {
            var found = stat()
            let stood = errno == EEXIST && stat(place, &found) == 0 && found.st_mode & S_IFMT == S_IFDIR
            if stood { return StepResult(changed: false) }
            throw systemFailure("the directory can't be made", path)
        }
        // By what was opened, and only if that is ours still: who may write here could have put a link there, or another.
        let new = openat(directory.descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        defer { close(new) }
        var info = stat()
        guard new >= 0, fstat(new, &info) == 0, info.st_uid == geteuid() else {
            throw Failure(.refused, "\(path) was taken away when it had just been made; look who writes there")
        }
        if owner != nil || group != nil, fchown(new, owner ?? .max, group ?? .max) != 0 {
            throw systemFailure("its owner can't be set", path)
        }
        guard fchmod(new, mode_t(mode)) == 0 else { throw systemFailure("its mode can't be set", path) }
        try syncDirectories([directory.path] + made)
        return StepResult(changed: true)
    }

    func setAttributes(_ path: String, mode: UInt16?, owner: UInt32?, group: UInt32?) throws -> StepResult {
        let place = try root.resolve(path)
        if owner != nil || group != nil {
            guard lchown(place, owner ?? .max, group ?? .max) == 0 else {
                throw systemFailure("its owner can't be set", path)
            }
        }
        if let mode {
            guard fchmodat(AT_FDCWD, place, mode_t(mode), 0) == 0 else {
                throw systemFailure("its mode can't be set", path)
            }
        }
        return StepResult(changed: true)
    }
}

/// The files of one commit.
private struct Batch: ~Copyable {
    private struct Entry {
        let directory: OpenDirectory
        let name: String
        let temporary: String
        /// Nil: a link.
        let inode: UInt64?
        /// As the document has it, for messages.
        let path: String
        let keepsBackup: Bool
    }

    private struct Place: Hashable {
        let device: UInt64
        let directory: UInt64
        let name: [UInt8]
    }

    /// How a directory was reached: one that was opened by another way isn't known to be the same.
    private struct Way: Hashable {
        let path: String
        let base: String?
    }

    private let root: Root
    private var entries: [Entry] = []
    private var directories: [Way: OpenDirectory] = [:]
    private var made: [String] = []
    private var places: Set<Place> = []

    init(root: Root) { self.root = root }

    var count: Int { entries.count }

    var staged: [StagedCheck.Entry] {
        entries.map {
            StagedCheck.Entry(directory: $0.directory.path, name: $0.name, temporary: $0.temporary)
        }
    }

    /// - Returns: false if its place is taken by an earlier one.
    mutating func stage(_ write: FileWrite) throws -> Bool {
        let place = try root.resolve(write.path)
        // Another root is being made, not lived in.
        let directory = try self.directory(parent(of: place), below: root.isHost ? write.linkFreeBelow : nil)
        let name = lastComponent(of: place)
        let key = Place(device: directory.device, directory: directory.inode, name: Array(name.utf8))
        guard places.insert(key).inserted else { return false }
        var staged = try StagedFile(
            in: directory, name: name, mode: write.mode, owner: write.owner, group: write.group, path: write.path)
        do {
            switch write.content {
            case .bytes(let bytes): try staged.write(bytes, path: write.path)
            case .secret(let secret): try secret.reveal { try staged.write($0, path: write.path) }
            case .download: throw Failure(.host, "\(write.path): a download can't be part of a batch")
            }
        } catch {
            staged.discard()
            throw error
        }
        let inode = staged.inode
        staged.closeFile()
        entries.append(
            Entry(
                directory: directory, name: name, temporary: staged.temporary, inode: inode, path: write.path,
                keepsBackup: write.keepsBackup))
        return true
    }

    mutating func stage(_ link: LinkWrite) throws {
        let place = try root.resolve(link.path)
        let directory = try self.directory(parent(of: place), below: nil)
        let name = lastComponent(of: place)
        let temporary = StagedFile.temporaryName(of: name)
        unlinkat(directory.descriptor, temporary, 0)
        guard symlinkat(link.target, directory.descriptor, temporary) == 0 else {
            throw systemFailure("the link can't be made", link.path)
        }
        if link.owner != nil || link.group != nil {
            let flags = AT_SYMLINK_NOFOLLOW
            guard fchownat(directory.descriptor, temporary, link.owner ?? .max, link.group ?? .max, flags) == 0 else {
                let failure = systemFailure("the link's owner can't be set", link.path)
                unlinkat(directory.descriptor, temporary, 0)
                throw failure
            }
        }
        entries.append(
            Entry(
                directory: directory, name: name, temporary: temporary, inode: nil, path: link.path,
                keepsBackup: link.keepsBackup))
    }

    private mutating func directory(_ path: String, below base: String?) throws -> OpenDirectory {
        let way = Way(path: path, base: base)
        if let directory = directories[way] { return directory }
        let directory = try OpenDirectory(path, below: base, made: &made)
        directories[way] = directory
        return directory
    }

    func makeDurable(syncingWhole: Bool) throws {
        var done: Set<UInt64> = []
        for entry in entries {
            guard let inode = entry.inode else { continue }
            if syncingWhole {
                guard done.insert(entry.directory.device).inserted else { continue }
                guard linuxSyncFileSystem(entry.directory.descriptor) == 0 else {
                    throw systemFailure("its file system can't be flushed", entry.path)
                }
            } else {
                try syncStaged(entry.directory, entry.temporary, inode: inode, path: entry.path)
            }
        }
    }

    /// - Parameter failure: of the write after the last staged one.
    func rename(_ failure: Failure?) -> BatchResult {
        var result = BatchResult(changed: [], failure: failure)
        for (index, entry) in entries.enumerated() {
            do {
                try replace(
                    entry.temporary, entry.name, in: entry.directory,
                    keepingBackup: entry.keepsBackup, path: entry.path)
                result.changed.append(true)
            } catch {
                discard(from: index)
                result.failure = Failure(wrapping: error)
                break
            }
        }
        do {
            for directory in directories.values where fsync(directory.descriptor) != 0 {
                throw systemFailure("the directory can't be made durable", directory.path)
            }
            try syncDirectories(made)
        } catch {
            // In place, but a power cut may undo it: that's a failure of the last one.
            if result.failure == nil {
                _ = result.changed.popLast()
                result.failure = Failure(wrapping: error)
            }
        }
        return result
    }

    func discard(from index: Int) {
        for entry in entries[index...] {
            unlinkat(entry.directory.descriptor, entry.temporary, 0)
        }
    }
}

/// Makes new and renamed entries durable.
func syncDirectories(_ paths: [String]) throws {
    for path in Set(paths) {
        let descriptor = open(path.isEmpty ? "/" : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(descriptor) }
        guard descriptor >= 0, fsync(descriptor) == 0 else {
            throw systemFailure("the directory can't be made durable", path)
        }
    }
}
