import Glibc
import InitCore

/// Moves members' contents in pieces: the same two buffers for all of an archive.
final class ContentReader {
    private static let size = 128 << 10
    private let ours = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    private let theirs = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)

    deinit {
        ours.deallocate()
        theirs.deallocate()
    }

    /// Whether a regular file with the member's content stands there: by size, then byte by byte.
    func matches(_ file: inout ArchiveFile, _ size: Int, _ tree: DirectoryTree, _ place: MemberPath) throws -> Bool {
        guard let status = try tree.status(place), status.kind == S_IFREG, status.st_size == size,
            let descriptor = try tree.open(place)
        else { return false }
        defer { close(descriptor) }
        while true {
            let count = try file.read(into: .init(start: theirs, count: Self.size))
            let found = try fill(descriptor, count, place)
            guard found == count, memcmp(ours, theirs, count) == 0 else { return false }
            if count == 0 { return true }
        }
    }

    /// Writes the member's content to a descriptor.
    func copy(_ file: inout ArchiveFile, to descriptor: Int32, _ entry: ArchiveEntry) throws {
        var total = 0
        while case let count = try file.read(into: .init(start: theirs, count: Self.size)), count > 0 {
            var done = 0
            while done < count {
                let written = write(descriptor, theirs + done, count - done)
                guard written >= 0 || errno == EINTR else { throw hostFailure("write \(entry.path.text)") }
                done += max(written, 0)
            }
            total += count
        }
        guard total == entry.size else {
            throw Failure(
                .refused,
                "the archive is damaged: \u{201C}\(entry.path.text)\u{201D} has \(total) bytes, not \(entry.size)")
        }
    }

    private func fill(_ descriptor: Int32, _ count: Int, _ place: MemberPath) throws -> Int {
        var done = 0
        while done < count {
            let got = read(descriptor, ours + done, count - done)
            guard got >= 0 || errno == EINTR else { throw hostFailure("read \(place.text)") }
            if got == 0 { break }
            done += max(got, 0)
        }
        return done
    }
}
