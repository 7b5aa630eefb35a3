import CArchive
import CLinux
import Glibc
import InitCore

/// A hidden directory in which members wait until all of them are there. A lock on it tells a live one from what a
/// killed run left behind.
final class ArchiveStage {
    static let prefix = ".ide-init-stage-"

    let descriptor: Int32
    private let parent: Int32
    private let name: [UInt8]

    /// In the directory of this descriptor, of which it keeps a copy.
    init(in directory: Int32) throws {
        var made: [UInt8]?
        for _ in 0..<100 where made == nil {
            let letters = "abcdefghijklmnopqrstuvwxyz0123456789"
            let suffix = String((0..<6).compactMap { _ in letters.randomElement() })
            let name = Array((Self.prefix + suffix).utf8)
            if mkdirat(directory, name.cString, 0o700) == 0 {
                made = name
            } else if errno != EEXIST {
                throw hostFailure("make a staging directory")
            }
        }
        guard let made else { throw hostFailure("make a staging directory") }
        name = made
        parent = fcntl(directory, F_DUPFD_CLOEXEC, 0)
        descriptor = openat(directory, made.cString, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard parent >= 0, descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let failure = hostFailure("open the staging directory")
            unlinkat(directory, made.cString, AT_REMOVEDIR)
            throw failure
        }
    }

    deinit {
        removeTree(parent, name)
        close(descriptor)
        close(parent)
    }

    /// Everything in its file system is on disk when this returns.
    func synchronise() throws {
        guard linuxSyncFileSystem(descriptor) == 0 else { throw hostFailure("write what was unpacked to disk") }
    }

    /// Removes what killed runs of ours left in a directory.
    static func removeLeftovers(in directory: Int32) {
        let copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let names = try? namesClosing(copy) else { return }
        for name in names where name.starts(with: prefix.utf8) {
            var status = stat()
            let found = openat(directory, name.cString, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard found >= 0 else { continue }
            let isDead = flock(found, LOCK_EX | LOCK_NB) == 0
            if isDead, fstat(found, &status) == 0, status.st_uid == geteuid() { removeTree(directory, name) }
            close(found)
        }
    }
}
