import Glibc
import InitCore

/// A directory and what lies below it. Everything is reached name by name from its descriptor and no link is ever
/// followed, so nothing that changes meanwhile can lead a write elsewhere.
final class DirectoryTree {
    private let top: Int32
    /// The directory asked for last: members come sorted, so mostly it is asked for again.
    private var last: (location: MemberPath, descriptor: Int32)?

    /// Takes the descriptor over.
    init(_ descriptor: Int32) { top = descriptor }

    deinit {
        forget()
        close(top)
    }

    /// To be called when a directory has been replaced or moved.
    func forget() {
        if let last { close(last.descriptor) }
        last = nil
    }

    /// For use with the `…at` calls, until another directory is asked for; nil: there is no such directory.
    func directory(_ location: MemberPath) throws -> Int32? {
        if location.isRoot { return top }
        if let last, last.location == location { return last.descriptor }
        var here = top
        for component in location.components {
            let next = openat(here, component.cString, pathOnly | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            let code = errno
            if here != top { close(here) }
            guard next >= 0 else { return try missing(location, code) }
            here = next
        }
        forget()
        last = (location, here)
        return here
    }

    func status(_ location: MemberPath) throws -> stat? {
        var status = stat()
        guard !location.isRoot else {
            guard fstat(top, &status) == 0 else { throw hostFailure("look at the destination") }
            return status
        }
        guard let parent = try directory(location.parent) else { return nil }
        guard fstatat(parent, location.name.cString, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            return try missing(location, errno)
        }
        return status
    }

    func linkTarget(_ location: MemberPath) throws -> [UInt8]? {
        guard let parent = try directory(location.parent) else { return nil }
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlinkat(parent, location.name.cString, &target, target.count)
        guard count >= 0 else { return errno == EINVAL ? nil : try missing(location, errno) }
        return target.prefix(count).map { UInt8(bitPattern: $0) }
    }

    /// Open for reading, the caller's to close; nil: it isn't there.
    func open(_ location: MemberPath, _ flags: Int32 = 0) throws -> Int32? {
        guard let parent = try directory(location.parent) else { return nil }
        let name = location.isRoot ? Array(".".utf8) : location.name
        // Not blocking: it may have become a fifo since it was looked at.
        let descriptor = openat(parent, name.cString, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags)
        return descriptor >= 0 ? descriptor : try missing(location, errno)
    }

    func isEmptyDirectory(_ location: MemberPath) throws -> Bool {
        guard let descriptor = try open(location, O_DIRECTORY) else { return false }
        return try namesClosing(descriptor).isEmpty
    }

    private func missing<T>(_ location: MemberPath, _ code: Int32) throws -> T? {
        if code == ENOENT || code == ENOTDIR || code == ELOOP { return nil }
        throw hostFailure("look at \(location.text)", code)
    }
}

/// O_PATH, which Swift's Glibc module hides: needs no permission to list the directory.
private let pathOnly: Int32 = 0o10000000

extension stat {
    var kind: mode_t { st_mode & S_IFMT }
    var permissions: UInt16 { UInt16(truncatingIfNeeded: st_mode & 0o7777) }
    var isDirectory: Bool { kind == S_IFDIR }
}

/// The names in a directory, whose descriptor is closed.
func namesClosing(_ descriptor: Int32) throws -> [[UInt8]] {
    guard let stream = fdopendir(descriptor) else {
        let failure = hostFailure("list a directory")
        close(descriptor)
        throw failure
    }
    defer { closedir(stream) }
    var names: [[UInt8]] = []
    while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
        if !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) { names.append(name) }
    }
    return names
}

/// Removes what has this name and all below it, as far as it can.
func removeTree(_ parent: Int32, _ name: [UInt8]) {
    if unlinkat(parent, name.cString, 0) == 0 || errno == ENOENT { return }
    // A directory of ours may have lost its bits already.
    fchmodat(parent, name.cString, 0o700, AT_SYMLINK_NOFOLLOW)
    let descriptor = openat(parent, name.cString, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    for inner in copy >= 0 ? (try? namesClosing(copy)) ?? [] : [] { removeTree(descriptor, inner) }
    close(descriptor)
    unlinkat(parent, name.cString, AT_REMOVEDIR)
}
