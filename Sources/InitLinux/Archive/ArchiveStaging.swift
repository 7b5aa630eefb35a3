import Glibc
import InitCore

/// Makes the members that differ, complete in content, mode, owner and time, where nobody looks yet.
struct ArchiveStaging {
    private let tree: DirectoryTree
    private let unpacker: Unpacker
    private let device: dev_t
    private let main: ArchiveStage
    /// On other file systems that are mounted below the destination: a rename can't cross over.
    private var others: [dev_t: ArchiveStage] = [:]
    private var staged: [MemberPath: ArchiveStage] = [:]

    init(_ tree: DirectoryTree, _ main: ArchiveStage, _ unpacker: Unpacker) throws {
        self.tree = tree
        self.main = main
        self.unpacker = unpacker
        device = try tree.status(.root)?.st_dev ?? 0
    }

    /// Where an entry waits; nil: it needs no replacing.
    func stage(of entry: ArchiveEntry) -> ArchiveStage? { staged[entry.location] }

    /// Its name there.
    static func name(_ index: Int) -> [CChar] { "\(index)".utf8.cString }

    /// Reads the archive once more; only the members that differ are written.
    mutating func fill(_ entries: [ArchiveEntry], from archive: Int32) throws {
        let reader = ContentReader()
        var indices: [Int: Int] = [:]
        for (index, entry) in entries.enumerated() where entry.differs && !entry.location.isRoot {
            switch entry.kind {
            case .file: if let ordinal = entry.ordinal { indices[ordinal] = index }
            case .symlink(let target): try makeLink(entry, index, target)
            case .directory: try makeDirectory(entry, index)
            case .hardlink: break
            }
        }
        if !indices.isEmpty {
            var file = try ArchiveFile(archive)
            var ordinal = 0
            while try file.next() != nil {
                if let index = indices[ordinal] { try makeFile(entries[index], index, &file, reader) }
                ordinal += 1
            }
        }
        let places = Dictionary(entries.enumerated().map { ($1.location, $0) }) { $1 }
        for (index, entry) in entries.enumerated() where entry.differs {
            guard case .hardlink(let target) = entry.kind else { continue }
            try makeHardlink(entry, index, target, places[target])
        }
        try main.synchronise()
        for other in others.values { try other.synchronise() }
    }

    private mutating func makeFile(
        _ entry: ArchiveEntry, _ index: Int, _ file: inout ArchiveFile, _ reader: ContentReader
    ) throws {
        let stage = try stage(for: entry)
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let descriptor = openat(stage.descriptor, Self.name(index), flags, 0o600)
        guard descriptor >= 0 else { throw hostFailure("stage \(entry.path.text)") }
        defer { close(descriptor) }
        try reader.copy(&file, to: descriptor, entry)
        if unpacker.isRoot, fchown(descriptor, entry.user ?? .max, entry.group ?? .max) != 0 {
            throw hostFailure("give \(entry.path.text) its owner")
        }
        // After the owner: changing that clears the setuid bit.
        guard fchmod(descriptor, mode_t(entry.mode)) == 0 else { throw hostFailure("chmod \(entry.path.text)") }
        if let modified = entry.modified { futimens(descriptor, modified.pair) }
    }

    private mutating func makeLink(_ entry: ArchiveEntry, _ index: Int, _ target: [UInt8]) throws {
        let (stage, name) = (try stage(for: entry).descriptor, Self.name(index))
        guard symlinkat(target.cString, stage, name) == 0 else { throw hostFailure("stage \(entry.path.text)") }
        let (user, group) = (entry.user ?? .max, entry.group ?? .max)
        if unpacker.isRoot, fchownat(stage, name, user, group, AT_SYMLINK_NOFOLLOW) != 0 {
            throw hostFailure("give \(entry.path.text) its owner")
        }
        if let modified = entry.modified { utimensat(stage, name, modified.pair, AT_SYMLINK_NOFOLLOW) }
    }

    /// Open to us alone until what belongs in it is there; one that exists only gets other attributes, later.
    private mutating func makeDirectory(_ entry: ArchiveEntry, _ index: Int) throws {
        if let status = try tree.status(entry.location), status.isDirectory { return }
        let stage = try stage(for: entry).descriptor
        guard mkdirat(stage, Self.name(index), 0o700) == 0 else { throw hostFailure("stage \(entry.path.text)") }
    }

    private mutating func makeHardlink(
        _ entry: ArchiveEntry, _ index: Int, _ target: MemberPath, _ targetIndex: Int?
    ) throws {
        let stage = try stage(for: entry).descriptor
        var code: Int32 = -1
        if let source = staged[target], let targetIndex {
            code = linkat(source.descriptor, Self.name(targetIndex), stage, Self.name(index), 0)
        } else if let parent = try tree.directory(target.parent) {
            code = linkat(parent, target.name.cString, stage, Self.name(index), 0)
        }
        guard code == 0 else { throw hostFailure("link \(entry.path.text) to \(target.text)") }
    }

    private mutating func stage(for entry: ArchiveEntry) throws -> ArchiveStage {
        let stage = try nearestStage(entry.location)
        staged[entry.location] = stage
        return stage
    }

    private mutating func nearestStage(_ location: MemberPath) throws -> ArchiveStage {
        var parent = location.parent
        while !parent.isRoot {
            if let stage = staged[parent] { return stage }
            if let directory = try tree.directory(parent) {
                var status = stat()
                guard fstat(directory, &status) == 0 else { throw hostFailure("look at \(parent.text)") }
                if status.st_dev == device { return main }
                if let stage = others[status.st_dev] { return stage }
                ArchiveStage.removeLeftovers(in: directory)
                let stage = try ArchiveStage(in: directory)
                others[status.st_dev] = stage
                return stage
            }
            parent = parent.parent
        }
        return main
    }
}

extension ArchiveMember.Time {
    /// Access and modification, as the system calls take them.
    var pair: [timespec] {
        let time = timespec(tv_sec: seconds, tv_nsec: nanoseconds)
        return [time, time]
    }
}
