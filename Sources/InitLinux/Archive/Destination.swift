import Glibc
import InitCore

/// The directory that an archive is unpacked to, by its real path: links on the way to it are the host's own business.
struct Destination {
    /// Absolute, without links or a slash at the end; empty: the root directory.
    let real: [UInt8]
    let exists: Bool

    init(_ path: String) throws {
        real = try Destination.resolve(Array(path.utf8))
        var status = stat()
        exists = lstat(real.isEmpty ? "/".utf8.cString : real.cString, &status) == 0
        guard !exists || status.isDirectory else { throw Failure(.host, "\(path) isn't a directory") }
    }

    var text: String { real.isEmpty ? "/" : shown(real) }
    var parent: [UInt8] { Array(real[..<(real.lastIndex(of: UInt8(ascii: "/")) ?? 0)]) }
    var name: [UInt8] { Array(real.dropFirst(parent.count + 1)) }

    func contains(_ path: [UInt8]) -> Bool {
        path == real || path.starts(with: real + [UInt8(ascii: "/")])
    }

    /// The place of an absolute path that is contained.
    func location(_ path: [UInt8]) -> MemberPath? {
        contains(path) ? MemberPath(normalising: path.dropFirst(real.count + 1)) : nil
    }

    /// Nil where it doesn't exist.
    func open() throws -> DirectoryTree? {
        exists ? DirectoryTree(try openDirectory(real)) : nil
    }

    private static func resolve(_ path: [UInt8]) throws -> [UInt8] {
        if let resolved = realpath(path.isEmpty ? ".".utf8.cString : path.cString, nil) {
            defer { free(resolved) }
            let bytes = UnsafeBufferPointer(start: resolved, count: strlen(resolved)).map { UInt8(bitPattern: $0) }
            return bytes == [UInt8(ascii: "/")] ? [] : bytes
        }
        guard errno == ENOENT else { throw hostFailure("find \(shown(path))") }
        var status = stat()
        if lstat(path.cString, &status) == 0 { throw Failure(.host, "\(shown(path)) is a link to nothing") }
        var trimmed = path[...]
        while trimmed.last == UInt8(ascii: "/") { trimmed.removeLast() }
        let slash = trimmed.lastIndex(of: UInt8(ascii: "/"))
        let parent = try resolve(slash.map { Array(trimmed[...$0]) } ?? [])
        let name = trimmed[(slash.map { $0 + 1 } ?? trimmed.startIndex)...]
        if name.elementsEqual(".".utf8) { return parent }
        if name.elementsEqual("..".utf8) { return Array(parent[..<(parent.lastIndex(of: UInt8(ascii: "/")) ?? 0)]) }
        return parent + [UInt8(ascii: "/")] + name
    }
}

/// By its real path, for use with the `…at` calls.
func openDirectory(_ path: [UInt8]) throws -> Int32 {
    let name = path.isEmpty ? "/".utf8.cString : path.cString
    let descriptor = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { throw hostFailure("open \(shown(path))") }
    return descriptor
}
