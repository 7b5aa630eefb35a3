import Glibc
import InitCore

/// Takes in all members of an archive before anything is written, and says what is wrong with any of them.
struct ArchiveCheck {
    static let memberLimit = 1_000_000

    let stripsTopLevel: Bool
    let allowsSetuid: Bool
    private(set) var complaints = Complaints()
    private var ordinal = -1
    private var entries: [ArchiveEntry] = []
    private var indices: [MemberPath: Int] = [:]
    private var latest = 0

    init(stripsTopLevel: Bool, allowsSetuid: Bool) {
        self.stripsTopLevel = stripsTopLevel
        self.allowsSetuid = allowsSetuid
    }

    /// Its place if it's a file that is worth comparing right away: where it lands unless links or an archive without
    /// a single top level decide otherwise.
    mutating func add(_ member: ArchiveMember, user: UInt32?, group: UInt32?) throws -> MemberPath? {
        ordinal += 1
        guard ordinal < Self.memberLimit else {
            throw Failure(.refused, "the archive has more than \(Self.memberLimit) members")
        }
        guard member.name.count <= PATH_MAX else {
            complaints.add(shown(member.name.prefix(60)) + "\u{2026}", "is a name of \(member.name.count) bytes")
            return nil
        }
        guard let path = MemberPath(normalising: member.name), !member.name.isEmpty else {
            complaints.add(member.text, member.name.isEmpty ? "is no name" : "leads out of the destination")
            return nil
        }
        guard let kind = kind(of: member) else { return nil }
        if member.isEncrypted { complaints.add(member.text, "is encrypted") }
        // On a directory setgid only hands its group on.
        if member.mode & 0o6000 != 0, !allowsSetuid, kind != .directory {
            complaints.add(member.text, "has a setuid or setgid bit, which wasn't allowed")
        }
        if path.isRoot, kind != .directory { complaints.add(member.text, "would replace the destination itself") }
        let entry = ArchiveEntry(
            ordinal: ordinal, path: path, location: path, kind: kind, mode: member.mode, size: member.size,
            modified: member.modified, user: user, group: group)
        if let index = indices[path] {
            entries[index] = entry
            latest = index
        } else {
            latest = entries.count
            indices[path] = latest
            entries.append(entry)
        }
        guard kind == .file, complaints.isEmpty else { return nil }
        return stripsTopLevel ? path.withoutTop : path
    }

    /// What the comparison with `add`'s place gave.
    mutating func note(sameContent: Bool) {
        entries[latest].sameContent = sameContent
    }

    private mutating func kind(of member: ArchiveMember) -> ArchiveEntry.Kind? {
        switch member.kind {
        case .file: return .file
        case .directory: return .directory
        case .symlink(let target):
            if target.isEmpty { complaints.add(member.text, "is a link to nothing") }
            return .symlink(target: target)
        case .hardlink(let target):
            if let path = MemberPath(normalising: target) { return .hardlink(to: path) }
            complaints.add(member.text, "is a hard link to \(shown(target)), out of the destination")
        case .other(let what): complaints.add(member.text, "is \(what)")
        }
        return nil
    }

    /// All entries at their places, parents first, the destination's own among them if the archive has it.
    consuming func finish(_ destination: Destination) throws -> [ArchiveEntry] {
        stripTopLevel()
        resolveHardlinks()
        let places = MemberPlaces(entries, destination)
        let placed = places.resolve(entries, &complaints)
        guard complaints.isEmpty else {
            throw Failure(.refused, "the archive can't be unpacked to \(destination.text): \(complaints.text)")
        }
        return placed
    }

    private mutating func stripTopLevel() {
        guard stripsTopLevel else { return }
        let tops = Set(entries.lazy.filter { !$0.path.isRoot }.map(\.path.top))
        let isDirectory = entries.allSatisfy {
            $0.isDirectory || $0.path.isRoot || $0.path.top.count < $0.path.bytes.count
        }
        guard tops.count == 1, isDirectory else {
            // Compared at a place without its top level, which it keeps.
            for index in entries.indices { entries[index].sameContent = nil }
            return
        }
        entries.removeAll { $0.path.withoutTop.isRoot }
        for index in entries.indices {
            entries[index].path = entries[index].path.withoutTop
            entries[index].location = entries[index].path
            if case .hardlink(let target) = entries[index].kind {
                entries[index].kind = .hardlink(to: target.withoutTop)
            }
        }
    }

    /// Hard links to hard links, and to symbolic links, become what those are.
    private mutating func resolveHardlinks() {
        indices = Dictionary(entries.enumerated().map { ($1.path, $0) }) { $1 }
        for index in entries.indices {
            guard case .hardlink(var target) = entries[index].kind else { continue }
            for _ in 0..<40 {
                guard let found = indices[target], case .hardlink(let next) = entries[found].kind else { break }
                target = next
            }
            switch indices[target].map({ entries[$0].kind }) {
            case .file: entries[index].kind = .hardlink(to: target)
            case .symlink(let end): entries[index].kind = .symlink(target: end)
            default:
                complaints.add(entries[index].path.text, "is a hard link to \(target.text), no file of the archive")
            }
        }
    }
}
