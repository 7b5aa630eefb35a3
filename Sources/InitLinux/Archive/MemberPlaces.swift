import Glibc

/// Where members land when links are on the way: the host's file system seen with the archive's members laid over it.
final class MemberPlaces {
    private let destination: Destination
    private let kinds: [MemberPath: ArchiveEntry.Kind]
    /// Real paths of directories that were looked up before; nil: unreachable.
    private var directories: [MemberPath: [UInt8]?] = [:]

    init(_ entries: [ArchiveEntry], _ destination: Destination) {
        self.destination = destination
        kinds = Dictionary(entries.map { ($0.path, $0.kind) }) { $1 }
    }

    /// Entries at their places, sorted, with the directories that no member names.
    func resolve(_ entries: [ArchiveEntry], _ complaints: inout Complaints) -> [ArchiveEntry] {
        var placed: [MemberPath: ArchiveEntry] = [:]
        for var entry in entries {
            guard let location = location(of: entry, &complaints) else { continue }
            if location.top.starts(with: ArchiveStage.prefix.utf8) {
                complaints.add(entry.path.text, "has a name that is kept for staging")
            }
            entry.location = location
            if case .hardlink(let target) = entry.kind, let place = place(target) { entry.kind = .hardlink(to: place) }
            if let other = placed[location] {
                guard other.isDirectory, entry.isDirectory else {
                    complaints.add(entry.path.text, "lands in the same place as \u{201C}\(other.path.text)\u{201D}")
                    continue
                }
                if (other.ordinal ?? 0) > (entry.ordinal ?? 0) { continue }
            }
            placed[location] = entry
        }
        for entry in placed.values.sorted(by: { $0.location < $1.location }) where !entry.location.isRoot {
            addParents(of: entry, &placed, &complaints)
        }
        return placed.values.sorted { $0.location < $1.location }
    }

    private func addParents(
        of entry: ArchiveEntry, _ placed: inout [MemberPath: ArchiveEntry], _ complaints: inout Complaints
    ) {
        var parent = entry.location.parent
        while !parent.isRoot {
            if let above = placed[parent] {
                if !above.isDirectory {
                    complaints.add(
                        entry.path.text, "is below \u{201C}\(above.path.text)\u{201D}, which is no directory")
                }
                // Its own parents are, or will be, seen to.
                return
            }
            placed[parent] = ArchiveEntry(path: parent, location: parent, kind: .directory, mode: 0)
            parent = parent.parent
        }
    }

    private func location(of entry: ArchiveEntry, _ complaints: inout Complaints) -> MemberPath? {
        guard let real = entry.isDirectory ? directory(entry.path) : parentAndName(entry.path) else {
            complaints.add(entry.path.text, "is reached through too many links")
            return nil
        }
        if let location = destination.location(real) { return location }
        complaints.add(
            entry.path.text, "is written through a link that leads out of the destination, to \(shown(real))")
        return nil
    }

    private func place(_ path: MemberPath) -> MemberPath? { parentAndName(path).flatMap(destination.location) }

    private func parentAndName(_ path: MemberPath) -> [UInt8]? {
        directory(path.parent).map { $0 + [slash] + path.name }
    }

    private func directory(_ path: MemberPath) -> [UInt8]? {
        if path.isRoot { return destination.real }
        if let known = directories[path] { return known }
        var hops = 40
        let real = directory(path.parent).flatMap { follow(from: $0, path.name, &hops) }
        directories.updateValue(real, forKey: path)
        return real
    }

    /// Walks a path as the kernel would if the archive's links were there already.
    private func follow(from start: [UInt8], _ path: [UInt8], _ hops: inout Int) -> [UInt8]? {
        var here = path.first == slash ? [] : start
        for component in path.split(separator: slash) where !component.elementsEqual(".".utf8) {
            if component.elementsEqual("..".utf8) {
                here = Array(here[..<(here.lastIndex(of: slash) ?? 0)])
                continue
            }
            let child = here + [slash] + component
            guard let target = linkTarget(child) else {
                here = child
                continue
            }
            hops -= 1
            guard hops > 0, let next = follow(from: here, target, &hops) else { return nil }
            here = next
        }
        return here
    }

    private func linkTarget(_ path: [UInt8]) -> [UInt8]? {
        switch destination.location(path).flatMap({ kinds[$0] }) {
        case .symlink(let target): return target
        case .file, .hardlink: return nil
        case .directory, nil: break
        }
        // A link on disk counts only if it leads to a directory: any other is replaced where one is needed.
        var status = stat()
        guard stat(path.cString, &status) == 0, status.isDirectory else { return nil }
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path.cString, &target, target.count)
        return count > 0 ? target.prefix(count).map { UInt8(bitPattern: $0) } : nil
    }

    private let slash = UInt8(ascii: "/")
}
