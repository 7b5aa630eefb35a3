import Glibc
import InitCore

/// An archive checked and held against its destination; nothing is written. Contents are compared while the members
/// are checked, so that an archive that is in place already is read once.
struct ArchiveSurvey {
    private(set) var entries: [ArchiveEntry]
    private(set) var comparison = ArchiveComparison(members: 0, differing: [])
    let destination: Destination

    init(_ unpacker: Unpacker, _ archive: Int32, to path: String, stripsTopLevel: Bool, allowsSetuid: Bool) throws {
        destination = try Destination(path)
        let tree = try destination.open()
        let owners = OwnerNumbers(unpacker)
        let reader = ContentReader()
        var check = ArchiveCheck(stripsTopLevel: stripsTopLevel, allowsSetuid: allowsSetuid)
        var file = try ArchiveFile(archive)
        while var member = try file.next() {
            member.mode &= ~unpacker.forbiddenMode
            let (user, group) = owners.numbers(member)
            if let place = try check.add(member, user: user, group: group), let tree {
                check.note(sameContent: try reader.matches(&file, member.size, tree, place))
            }
        }
        entries = try check.finish(destination)
        if let tree {
            try compareMoved(archive, tree, reader)
            try compare(tree, ownership: unpacker.isRoot)
        } else {
            for index in entries.indices { entries[index].differs = true }
        }
        comparison = Self.summary(entries, isNew: tree == nil)
    }

    /// Files that land elsewhere than first thought: a second reading, only for those.
    private mutating func compareMoved(_ archive: Int32, _ tree: DirectoryTree, _ reader: ContentReader) throws {
        var indices: [Int: Int] = [:]
        for (index, entry) in entries.enumerated() where entry.kind == .file {
            guard entry.location != entry.path || entry.sameContent == nil, let ordinal = entry.ordinal else {
                continue
            }
            indices[ordinal] = index
        }
        guard !indices.isEmpty else { return }
        var file = try ArchiveFile(archive)
        var ordinal = 0
        while let member = try file.next() {
            if let index = indices[ordinal] {
                let place = entries[index].location
                entries[index].sameContent = try reader.matches(&file, member.size, tree, place)
            }
            ordinal += 1
        }
    }

    private mutating func compare(_ tree: DirectoryTree, ownership: Bool) throws {
        for index in entries.indices {
            entries[index].differs = try !isInPlace(entries[index], tree, ownership: ownership)
        }
        // A hard link is in place if it is one with its target, and that stays.
        let files = Dictionary(entries.enumerated().map { ($1.location, $0) }) { $1 }
        for index in entries.indices {
            guard case .hardlink(let target) = entries[index].kind, !entries[index].differs else { continue }
            let (ours, other) = (try tree.status(entries[index].location), try tree.status(target))
            let isOne = ours?.st_ino == other?.st_ino && ours?.st_dev == other?.st_dev
            entries[index].differs = !isOne || files[target].map { entries[$0].differs } ?? true
        }
    }

    private static func summary(_ entries: [ArchiveEntry], isNew: Bool) -> ArchiveComparison {
        let members = entries.filter { $0.ordinal != nil && !$0.location.isRoot }
        let differing = members.filter(\.differs).map(\.path.text)
        // Nothing may be in it, but there must be a directory.
        return ArchiveComparison(members: members.count, differing: differing.isEmpty && isNew ? ["."] : differing)
    }

    private func isInPlace(_ entry: ArchiveEntry, _ tree: DirectoryTree, ownership: Bool) throws -> Bool {
        // A directory that stood there before isn't ours to chmod: `tar -C x .` carries the mode and owner of x.
        if entry.location.isRoot { return true }
        guard let status = try tree.status(entry.location) else { return false }
        guard entry.isDirectory == status.isDirectory else {
            if status.isDirectory, try !tree.isEmptyDirectory(entry.location) {
                throw Failure(
                    .host,
                    "\(destination.text)/\(entry.location.text) is a directory with something in it, "
                        + "but a \(entry.kind == .file ? "file" : "link") in the archive; move it away first")
            }
            return false
        }
        guard entry.ordinal != nil else { return true }
        if ownership, let user = entry.user, user != status.st_uid { return false }
        if ownership, let group = entry.group, group != status.st_gid { return false }
        switch entry.kind {
        case .directory: return status.permissions == entry.mode
        case .file: return status.kind == S_IFREG && status.permissions == entry.mode && entry.sameContent == true
        case .hardlink: return status.kind == S_IFREG
        case .symlink(let target): return try tree.linkTarget(entry.location) == target
        }
    }
}

/// Owners' numbers by their names, each asked for once.
final class OwnerNumbers {
    private let unpacker: Unpacker
    private var users: [String: UInt32?] = [:]
    private var groups: [String: UInt32?] = [:]

    init(_ unpacker: Unpacker) { self.unpacker = unpacker }

    /// As root by name if there is such an account, else by number; nil: ours.
    func numbers(_ member: ArchiveMember) -> (user: UInt32?, group: UInt32?) {
        guard unpacker.isRoot else { return (nil, nil) }
        return (number(member.user, &users, unpacker.user), number(member.group, &groups, unpacker.group))
    }

    private func number(
        _ owner: ArchiveMember.Owner?, _ known: inout [String: UInt32?], _ ask: (String) -> UInt32?
    ) -> UInt32? {
        guard let owner, let name = owner.name else { return owner?.id }
        let number = known[name] ?? ask(name)
        known.updateValue(number, forKey: name)
        return number ?? owner.id
    }
}
