import Glibc
import InitCore

/// A directory being written to, opened once for all its files.
final class OpenDirectory {
    let path: String
    let descriptor: Int32
    let device: UInt64
    let inode: UInt64

    /// Makes what is missing of it: ours, 0755 whatever the umask, since others are to reach what lies there.
    /// - Parameters:
    ///   - base: who owns this directory could turn the way below it: no link is followed there, and nothing made behind one.
    ///   - made: collects the directories whose entries are new and not yet durable.
    /// - Throws: `Failure` of kind `refused` if a link stands below the base.
    init(_ path: String, below base: String? = nil, made: inout [String]) throws {
        let descriptor = try base.map { try Self.walk(path, below: $0, &made) } ?? Self.follow(path, &made)
        var info = stat()
        guard fstat(descriptor, &info) == 0 else {
            let failure = systemFailure("can't be looked at", path)
            close(descriptor)
            throw failure
        }
        self.path = path
        self.descriptor = descriptor
        device = UInt64(info.st_dev)
        inode = UInt64(info.st_ino)
    }

    deinit { close(descriptor) }

    // MARK: By path

    private static func follow(_ path: String, _ made: inout [String]) throws -> Int32 {
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
        var descriptor = Glibc.open(path.isEmpty ? "/" : path, flags)
        if descriptor < 0, errno == ENOENT {
            try make(path, &made)
            descriptor = Glibc.open(path, flags)
        }
        guard descriptor >= 0 else { throw systemFailure("the directory can't be opened", path) }
        return descriptor
    }

    private static func make(_ path: String, _ made: inout [String]) throws {
        if mkdir(path, 0o755) == 0 {
            openUp(Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC))
            made.append(parent(of: path))
            return
        }
        switch errno {
        case EEXIST: return
        case ENOENT:
            try make(parent(of: path), &made)
            try make(path, &made)
        default: throw systemFailure("the directory can't be made", path)
        }
    }

    /// One that was just made gets what the umask took. Takes the descriptor over.
    private static func openUp(_ descriptor: Int32) {
        defer { close(descriptor) }
        var info = stat()
        // A setgid bit is the parent's wish. Where a file system has modes of its own, these stay.
        if descriptor >= 0, fstat(descriptor, &info) == 0, info.st_uid == geteuid() {
            fchmod(descriptor, info.st_mode & 0o7000 | 0o755)
        }
    }

    // MARK: Link by link

    private static func walk(_ path: String, below base: String, _ made: inout [String]) throws -> Int32 {
        guard path == base || path.hasPrefix(base + "/") else {
            throw Failure(.host, "\(path) doesn't lie below \(base)")
        }
        var here = try follow(base, &made)
        var place = base
        for name in path.dropFirst(base.count).split(separator: "/").map(String.init) {
            place += "/" + name
            let above = here
            defer { close(above) }
            here = try enter(above, name, place)
        }
        return here
    }

    private static func enter(_ parent: Int32, _ name: String, _ place: String) throws -> Int32 {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        guard name != "..", name != "." else { throw refusal(place, "elsewhere") }
        var next = openat(parent, name, flags)
        if next < 0, errno == ENOENT {
            if mkdirat(parent, name, 0o755) == 0 {
                openUp(openat(parent, name, flags))
            } else if errno != EEXIST {
                throw systemFailure("the directory can't be made", place)
            }
            guard fsync(parent) == 0 else { throw systemFailure("the directory can't be made durable", place) }
            next = openat(parent, name, flags)
        }
        if next >= 0 { return next }
        let code = errno
        if code == ENOTDIR || code == ELOOP { throw refusal(place, readLink(place) ?? "no directory") }
        throw systemFailure("the directory can't be opened", place, code)
    }

    private static func refusal(_ path: String, _ target: String) -> Failure {
        Failure(
            .refused,
            "\(path) leads to \(target): somebody else may turn it, so nothing is written there; make it a directory"
        )
    }
}
