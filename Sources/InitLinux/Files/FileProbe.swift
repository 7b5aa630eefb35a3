// Looking at files: nothing here writes, not even an access time (O_NOATIME where it is allowed to).

import CLinux
import Crypto
import Glibc
import InitCore

struct FileProbe: Sendable {
    let root: Root

    func status(_ path: String) throws -> FileStatus? {
        let place = try root.resolve(path)
        var info = stat()
        guard lstat(place, &info) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw systemFailure("can't be looked at", path)
        }
        return FileStatus(info)
    }

    func read(_ path: String) throws -> [UInt8] {
        let descriptor = try open(path)
        defer { close(descriptor) }
        return try readAll(descriptor, path)
    }

    func linkTarget(_ path: String) throws -> String {
        guard let target = readLink(try root.resolve(path)) else {
            throw systemFailure("can't be read as a link", path)
        }
        return target
    }

    func names(_ path: String) throws -> [String] {
        guard let directory = opendir(try root.resolve(path, followingLast: true)) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw systemFailure("can't be listed", path)
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    func sha256(_ path: String) throws -> String {
        let descriptor = try open(path)
        defer { close(descriptor) }
        var hash = SHA256()
        try withUnsafeTemporaryAllocation(byteCount: 1 << 17, alignment: 16) { buffer in
            while true {
                let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                if count == 0 { return }
                if count < 0 {
                    if errno == EINTR { continue }
                    throw systemFailure("can't be read", path)
                }
                hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
        return hexadecimal(hash.finalize())
    }

    private func open(_ path: String) throws -> Int32 {
        let place = try root.resolve(path)
        let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        var descriptor = Glibc.open(place, flags | linuxNoAccessTime)
        if descriptor < 0, errno == EPERM { descriptor = Glibc.open(place, flags) }
        guard descriptor >= 0 else { throw systemFailure("can't be read", path) }
        return descriptor
    }
}

func readAll(_ descriptor: Int32, _ path: String) throws -> [UInt8] {
    var info = stat()
    guard fstat(descriptor, &info) == 0 else { throw systemFailure("can't be read", path) }
    // One byte more than it has shows the end without a second look in the usual case.
    var capacity = max(Int(info.st_size), 4095) + 1
    var bytes: [UInt8] = []
    while true {
        let old = bytes.count
        let chunk = try [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            var got: Int
            repeat { got = Glibc.read(descriptor, buffer.baseAddress, buffer.count) } while got < 0 && errno == EINTR
            guard got >= 0 else { throw systemFailure("can't be read", path) }
            count = got
        }
        if old == 0, chunk.count < capacity, chunk.count == Int(info.st_size) { return chunk }
        if chunk.isEmpty { return bytes }
        bytes += chunk
        capacity = 1 << 16
    }
}

extension FileStatus {
    init(_ info: stat) {
        let kind: Kind =
            switch info.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .link
            default: .other
            }
        self.init(
            kind: kind, mode: UInt16(info.st_mode & 0o7777), owner: info.st_uid, group: info.st_gid,
            size: Int(info.st_size),
            age: Double(time(nil) - info.st_mtim.tv_sec))
    }
}
