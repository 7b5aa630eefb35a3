import Glibc
package import InitCore

/// Lays an archive over a directory: what differs is replaced, what isn't in the archive stays. All members are
/// checked first, then staged; only when every one of them is complete and on disk does the first move into place.
package struct Unpacker: Sendable {
    let isRoot: Bool
    let umask: UInt32
    /// Bits that no member's mode may have.
    let forbiddenMode: UInt16
    let user: @Sendable (String) -> UInt32?
    let group: @Sendable (String) -> UInt32?

    /// `isRoot`: owners are compared and set, else all is ours. `user` and `group` give an account's number by its name.
    package init(
        isRoot: Bool, umask: UInt32, forbiddenMode: UInt16 = 0, user: @escaping @Sendable (String) -> UInt32?,
        group: @escaping @Sendable (String) -> UInt32?
    ) {
        self.isRoot = isRoot
        self.umask = umask
        self.forbiddenMode = forbiddenMode
        self.user = user
        self.group = group
    }

    /// Holds an archive (a regular file, open for reading) against what is there; writes nothing.
    package func compare(
        _ archive: Int32, to destination: String, stripsTopLevel: Bool = false, allowsSetuid: Bool = false
    ) throws -> ArchiveComparison {
        try ArchiveSurvey(
            self, archive, to: destination, stripsTopLevel: stripsTopLevel, allowsSetuid: allowsSetuid
        ).comparison
    }

    /// What differed before and doesn't now. Nothing in it: nothing was touched. Thrown: nothing was changed.
    package func unpack(
        _ archive: Int32, to destination: String, stripsTopLevel: Bool = false, allowsSetuid: Bool = false
    ) throws -> ArchiveComparison {
        let survey = try ArchiveSurvey(
            self, archive, to: destination, stripsTopLevel: stripsTopLevel, allowsSetuid: allowsSetuid)
        removeLeftovers(survey.destination)
        if survey.destination.exists {
            if survey.entries.contains(where: \.differs) { try renew(survey, archive) }
        } else {
            try create(survey, archive)
        }
        return survey.comparison
    }

    private func renew(_ survey: ArchiveSurvey, _ archive: Int32) throws {
        guard let tree = try survey.destination.open(), let directory = try tree.directory(.root) else { return }
        var before = stat()
        fstat(directory, &before)
        do {
            let stage = try ArchiveStage(in: directory)
            try lay(survey.entries, from: archive, over: tree, stage, newRoot: false)
        } catch {
            // The stage came and went.
            futimens(directory, [before.st_atim, before.st_mtim])
            throw error
        }
    }

    /// A destination that doesn't exist yet appears all at once.
    private func create(_ survey: ArchiveSurvey, _ archive: Int32) throws {
        let made = try makeParents(survey.destination.parent)
        do {
            let parent = try openDirectory(survey.destination.parent)
            defer { close(parent) }
            let stage = try ArchiveStage(in: parent)
            let name = "new".utf8.cString
            let root = try makeDirectory(stage.descriptor, name)
            let entries = survey.entries
            try lay(entries, from: archive, over: DirectoryTree(root), stage, newRoot: true)
            let code = withExtendedLifetime(stage) {
                renameat(stage.descriptor, name, parent, survey.destination.name.cString)
            }
            guard code == 0 else { throw hostFailure("put \(survey.destination.text) in its place") }
            fsync(parent)
        } catch {
            for path in made.reversed() { rmdir(path.cString) }
            throw error
        }
    }

    private func lay(
        _ entries: [ArchiveEntry], from archive: Int32, over tree: DirectoryTree, _ stage: ArchiveStage, newRoot: Bool
    ) throws {
        var staging = try ArchiveStaging(tree, stage, self)
        try staging.fill(entries, from: archive)
        var placement = ArchivePlacement(tree, staging, self)
        try placement.place(entries, newRoot: newRoot)
    }

    /// Those that had to be made, outermost first.
    private func makeParents(_ path: [UInt8]) throws -> [[UInt8]] {
        var missing: [[UInt8]] = []
        var path = path
        while !path.isEmpty, access(path.cString, F_OK) != 0, errno == ENOENT {
            missing.append(path)
            path = Array(path[..<(path.lastIndex(of: UInt8(ascii: "/")) ?? 0)])
        }
        var made: [[UInt8]] = []
        do {
            for path in missing.reversed() {
                close(try makeDirectory(AT_FDCWD, path.cString))
                made.append(path)
            }
        } catch {
            for path in made.reversed() { rmdir(path.cString) }
            throw error
        }
        return made
    }

    /// With the mode of our umask, whatever the process's; open.
    private func makeDirectory(_ parent: Int32, _ name: [CChar]) throws -> Int32 {
        guard mkdirat(parent, name, 0o777 & ~umask) == 0 else { throw hostFailure("make a directory") }
        let descriptor = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw hostFailure("open a directory that was just made") }
        var status = stat()
        // Its setgid bit, if any, is the parent's wish.
        if fstat(descriptor, &status) == 0 { fchmod(descriptor, status.st_mode & 0o7000 | (0o777 & ~umask)) }
        return descriptor
    }

    private func removeLeftovers(_ destination: Destination) {
        for path in [destination.real, destination.parent] {
            guard let directory = try? openDirectory(path) else { continue }
            ArchiveStage.removeLeftovers(in: directory)
            close(directory)
        }
    }
}
