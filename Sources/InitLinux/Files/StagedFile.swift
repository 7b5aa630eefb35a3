// One write on its way: staged beside its place with its final mode and owner before its first byte, then renamed over
// what stands there. Until that rename nothing of the old is touched.

import CLinux
import Glibc
import InitCore

func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
    return String(path[..<slash])
}

func lastComponent(of path: String) -> String {
    String(path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...])
}

struct StagedFile: ~Copyable {
    let directory: OpenDirectory
    let name: String
    /// Fixed, so that a killed run's left-over is found and replaced by the next one.
    let temporary: String
    private(set) var descriptor: Int32

    /// - Parameter path: as the document has it, for messages.
    init(in directory: OpenDirectory, name: String, mode: UInt16, owner: UInt32?, group: UInt32?, path: String) throws {
        self.directory = directory
        self.name = name
        let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        var temporary = Self.temporaryName(of: name)
        descriptor = openat(directory.descriptor, temporary, flags, 0o600)
        if descriptor < 0, errno == EEXIST {
            // A killed run's left-over; or somebody's who may write here, and must not be able to hold us up.
            if unlinkat(directory.descriptor, temporary, 0) != 0 {
                temporary = Self.temporaryName(of: "\(UInt32.random(in: 0 ... .max)).\(name)")
            }
            descriptor = openat(directory.descriptor, temporary, flags, 0o600)
        }
        self.temporary = temporary
        guard descriptor >= 0 else { throw systemFailure("can't be staged in its directory", path) }
        let user = owner ?? geteuid()
        let team = group ?? getegid()
        let needsOwner = user != geteuid() || team != getegid()
        // The owner first: a change of owner takes setuid bits away.
        if (needsOwner && fchown(descriptor, user, team) != 0) || fchmod(descriptor, mode_t(mode)) != 0 {
            let failure = systemFailure("its mode or owner can't be set", path)
            discard()
            throw failure
        }
    }

    static func temporaryName(of name: String) -> String {
        name.utf8.count <= 240
            ? ".\(name).ide-init" : ".\(name.prefix(50)).\(name.utf8.reduce(5381) { $0 &* 33 &+ UInt64($1) }).ide-init"
    }

    mutating func write(_ bytes: [UInt8], path: String) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw systemFailure("can't be written", path)
            }
            rest = rest.dropFirst(count)
        }
    }

    /// While it is open.
    var inode: UInt64? {
        var info = stat()
        return fstat(descriptor, &info) == 0 ? UInt64(info.st_ino) : nil
    }

    func makeDurable(path: String) throws {
        guard fsync(descriptor) == 0 else { throw systemFailure("can't be made durable", path) }
    }

    mutating func closeFile() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    /// Puts it into place; what stood there may be kept as `NAME.bak`.
    mutating func rename(keepingBackup: Bool, path: String) throws {
        closeFile()
        try replace(temporary, name, in: directory, keepingBackup: keepingBackup, path: path)
    }

    mutating func discard() {
        closeFile()
        unlinkat(directory.descriptor, temporary, 0)
    }
}

/// Makes a staged file durable that was closed meanwhile.
/// - Throws: `Failure` of kind `refused` where something else bears its name by now: whoever may write there may have put a link in
///   its place, or a fifo, on which we would wait for ever.
func syncStaged(_ directory: OpenDirectory, _ temporary: String, inode: UInt64, path: String) throws {
    let descriptor = openat(directory.descriptor, temporary, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    defer { close(descriptor) }
    var info = stat()
    guard descriptor >= 0, fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG,
        UInt64(info.st_ino) == inode
    else {
        throw Failure(
            .refused,
            "\(path): somebody put something else in the place of what was staged for it; look who writes there")
    }
    guard fsync(descriptor) == 0 else { throw systemFailure("can't be made durable", path) }
}

/// Renames one entry of a directory over another. At every moment either the old or the new one stands there.
func replace(_ new: String, _ name: String, in directory: OpenDirectory, keepingBackup: Bool, path: String) throws {
    let at = directory.descriptor
    var info = stat()
    let stands = fstatat(at, name, &info, AT_SYMLINK_NOFOLLOW) == 0
    if stands, info.st_mode & S_IFMT == S_IFDIR { return try displaceDirectory(new, name, in: directory, path: path) }
    if stands, keepingBackup {
        let spare = StagedFile.temporaryName(of: name + ".bak")
        unlinkat(at, spare, 0)
        let isLinked = linkat(at, name, at, spare, 0) == 0
        // Without hard links (vfat) it is away for a moment.
        guard isLinked || errno == EPERM || errno == EOPNOTSUPP,
            renameat(at, isLinked ? spare : name, at, name + ".bak") == 0
        else { throw systemFailure("the old content can't be kept as \(name).bak", path) }
        // Renaming one name of a file over another of the same file does nothing and leaves both.
        unlinkat(at, spare, 0)
    }
    guard renameat(at, new, at, name) == 0 else { throw systemFailure("can't be put in place", path) }
}

/// A directory stands where a file or link is to be: they change places, and the directory becomes `NAME.bak`.
private func displaceDirectory(_ new: String, _ name: String, in directory: OpenDirectory, path: String) throws {
    let at = directory.descriptor
    var info = stat()
    guard fstatat(at, name + ".bak", &info, AT_SYMLINK_NOFOLLOW) != 0 else {
        throw Failure(
            .host, "\(path): a directory stands here, and \(name).bak, where it would go, exists; move one of them away"
        )
    }
    guard linuxExchange(at, new, at, name) == 0 else {
        throw systemFailure("can't change places with the directory that stands here", path)
    }
    guard renameat(at, new, at, name + ".bak") == 0 else {
        throw systemFailure("the directory that stood here can't be kept as \(name).bak; it is \(new)", path)
    }
}
