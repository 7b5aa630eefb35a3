import CArchive
import CLinux
import Glibc
import InitCore

/// Renames staged members into place, parents first, and remembers each move: when one fails, all are taken back.
struct ArchivePlacement {
    private enum Move {
        /// Nothing stood there.
        case placed(ArchiveEntry, Int, ArchiveStage)
        /// What stood there is in the stage now.
        case exchanged(ArchiveEntry, Int, ArchiveStage)
        /// Of a directory that was there before.
        case attributes(ArchiveEntry, stat)
    }

    private let tree: DirectoryTree
    private let unpacker: Unpacker
    private let staging: ArchiveStaging
    private var moves: [Move] = []
    /// Directories that something moved into, as they were.
    private var touched: [MemberPath: stat] = [:]

    init(_ tree: DirectoryTree, _ staging: ArchiveStaging, _ unpacker: Unpacker) {
        self.tree = tree
        self.staging = staging
        self.unpacker = unpacker
    }

    /// Everything, or nothing.
    mutating func place(_ entries: [ArchiveEntry], newRoot: Bool) throws {
        do {
            for (index, entry) in entries.enumerated() {
                if let stage = staging.stage(of: entry) { try move(entry, index, stage) }
            }
            // Inside out: a directory that may not be written to any more is done with.
            for entry in entries.reversed() where entry.isDirectory && (newRoot || !entry.location.isRoot) {
                try finish(entry)
            }
            for location in touched.keys { try synchronise(location) }
        } catch {
            throw undone(after: error)
        }
    }

    private mutating func move(_ entry: ArchiveEntry, _ index: Int, _ stage: ArchiveStage) throws {
        guard let parent = try tree.directory(entry.location.parent) else {
            throw Failure(.host, "\(entry.location.parent.text) went away while the archive was unpacked")
        }
        let (from, name) = (ArchiveStaging.name(index), entry.location.name.cString)
        let above = entry.location.parent
        var before = stat()
        if touched[above] == nil, fstat(parent, &before) == 0 { touched[above] = before }
        let standing = try tree.status(entry.location)
        if let standing {
            guard try !standing.isDirectory || tree.isEmptyDirectory(entry.location) else {
                throw Failure(.host, "\(entry.location.text) has become a directory with something in it")
            }
            if linuxExchange(stage.descriptor, from, parent, name) == 0 {
                moves.append(.exchanged(entry, index, stage))
            } else {
                try replace(entry, standing, from: stage.descriptor, from, to: parent, name)
            }
        } else {
            guard renameat(stage.descriptor, from, parent, name) == 0 else { throw misplaced(entry) }
            moves.append(.placed(entry, index, stage))
        }
        if entry.isDirectory || standing?.isDirectory == true { tree.forget() }
    }

    /// Where the file system can't exchange (NFS, some FUSE ones, a directory of an overlay's lower layer): for good.
    private func replace(
        _ entry: ArchiveEntry, _ standing: stat, from stage: Int32, _ from: [CChar], to parent: Int32, _ name: [CChar]
    ) throws {
        guard errno == EINVAL || errno == ENOSYS || errno == EXDEV else { throw misplaced(entry) }
        if standing.isDirectory || entry.isDirectory {
            let code = unlinkat(parent, name, standing.isDirectory ? AT_REMOVEDIR : 0)
            guard code == 0 else { throw misplaced(entry) }
        }
        guard renameat(stage, from, parent, name) == 0 else { throw misplaced(entry) }
    }

    private func misplaced(_ entry: ArchiveEntry) -> Failure { hostFailure("put \(entry.location.text) in its place") }

    /// A directory's owner, mode and time, once all is in it.
    private mutating func finish(_ entry: ArchiveEntry) throws {
        let changes = entry.differs
        guard changes || touched[entry.location] != nil else { return }
        guard let descriptor = try tree.open(entry.location, O_DIRECTORY) else { return }
        defer { close(descriptor) }
        var before = stat()
        guard fstat(descriptor, &before) == 0 else { throw hostFailure("look at \(entry.location.text)") }
        if staging.stage(of: entry) == nil { moves.append(.attributes(entry, before)) }
        if changes {
            let mode = entry.ordinal == nil ? 0o777 & ~unpacker.umask : mode_t(entry.mode)
            try attribute(descriptor, entry.user ?? .max, entry.group ?? .max, mode, entry)
        }
        if entry.ordinal != nil, let modified = entry.modified { futimens(descriptor, modified.pair) }
        guard fsync(descriptor) == 0 else { throw hostFailure("write \(entry.location.text) to disk") }
    }

    private func attribute(
        _ descriptor: Int32, _ user: UInt32, _ group: UInt32, _ mode: mode_t, _ entry: ArchiveEntry
    ) throws {
        if unpacker.isRoot, fchown(descriptor, user, group) != 0 {
            throw hostFailure("give \(entry.location.text) its owner")
        }
        guard fchmod(descriptor, mode & 0o7777) == 0 else { throw hostFailure("chmod \(entry.location.text)") }
    }

    private func synchronise(_ location: MemberPath) throws {
        guard let descriptor = try tree.open(location, O_DIRECTORY) else { return }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw hostFailure("write \(location.text) to disk") }
    }

    private mutating func undone(after error: any Error) -> any Error {
        tree.forget()
        var lost: [String] = []
        for move in moves.reversed() where !undo(move) {
            switch move {
            case .placed(let entry, _, _), .exchanged(let entry, _, _), .attributes(let entry, _):
                lost.append(entry.location.text)
            }
        }
        for (location, before) in touched { restoreTime(location, before) }
        guard var failure = error as? Failure, !lost.isEmpty else { return error }
        let more = lost.count > 5 ? " and \(lost.count - 5) more" : ""
        failure.message += "; and could not be put back: \(lost.prefix(5).joined(separator: ", "))\(more)"
        return failure
    }

    private func restoreTime(_ location: MemberPath, _ before: stat) {
        guard let descriptor = try? tree.open(location, O_DIRECTORY) else { return }
        futimens(descriptor, [before.st_atim, before.st_mtim])
        close(descriptor)
    }

    private func undo(_ move: Move) -> Bool {
        defer { tree.forget() }
        switch move {
        case .placed(let entry, let index, let stage):
            guard let parent = try? tree.directory(entry.location.parent) else { return false }
            return renameat(parent, entry.location.name.cString, stage.descriptor, ArchiveStaging.name(index)) == 0
        case .exchanged(let entry, let index, let stage):
            guard let parent = try? tree.directory(entry.location.parent) else { return false }
            let (name, there) = (entry.location.name.cString, ArchiveStaging.name(index))
            return linuxExchange(parent, name, stage.descriptor, there) == 0
        case .attributes(let entry, let before):
            guard let descriptor = try? tree.open(entry.location, O_DIRECTORY) else { return false }
            defer { close(descriptor) }
            try? attribute(descriptor, before.st_uid, before.st_gid, before.st_mode, entry)
            return futimens(descriptor, [before.st_atim, before.st_mtim]) == 0
        }
    }
}
