import Crypto
import Glibc
import InitCore

/// As much of a download as lies in its file, and what is needed to go on from there.
struct ArrivedBody {
    /// The file doesn't take what arrives.
    struct Unwritable: Error { let code: Int32 }

    private let file: Int32
    private(set) var count = 0
    /// The most there ever was: a transfer that gets further each time comes to an end.
    private(set) var furthest = 0
    private var sha256 = SHA256()
    private var md5 = Insecure.MD5()
    /// Bytes of the whole, where the server tells.
    private(set) var total: Int?
    /// Whether somebody in between may have written it.
    private(set) var isWebPage = false
    /// By which the server knows whether what is there is still the same: a strong ETag, else Last-Modified.
    private var validator: String?

    init(file: Int32) { self.file = file }

    var isWhole: Bool { count == total }

    /// Asks for the rest, where there is a beginning.
    var headers: [(name: String, value: String)] {
        guard count > 0, let validator else { return [] }
        return [(name: "Range", value: "bytes=\(count)-"), (name: "If-Range", value: validator)]
    }

    /// The whole is about to arrive.
    mutating func begin(length: Int?, etag: String?, lastModified: String?, type: String? = nil) throws {
        guard ftruncate(file, 0) == 0, lseek(file, 0, SEEK_SET) == 0 else { throw Unwritable(code: errno) }
        count = 0
        (sha256, md5) = (SHA256(), Insecure.MD5())
        total = length
        isWebPage = type?.lowercased().hasPrefix("text/html") ?? false
        validator = etag.flatMap { $0.hasPrefix("W/") ? nil : $0 } ?? lastModified
    }

    /// What is there is of no use.
    mutating func forget() throws { try begin(length: nil, etag: nil, lastModified: nil) }

    /// Whether a part of the whole is the one that was asked for. `bytes 100-199/200`
    func continues(with range: String?) -> Bool {
        guard count > 0, let range, range.hasPrefix("bytes ") else { return false }
        let halves = range.dropFirst(6).split(separator: "/")
        guard halves.count == 2, Int(halves[0].prefix { $0 != "-" }) == count else { return false }
        return total == nil || halves[1] == "*" || Int(halves[1]) == total
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while rest.count > 0 {
            let written = write(file, rest.baseAddress, rest.count)
            if written < 0 {
                if errno == EINTR { continue }
                throw Unwritable(code: errno)
            }
            let done = UnsafeRawBufferPointer(rebasing: rest[..<written])
            sha256.update(bufferPointer: done)
            md5.update(bufferPointer: done)
            count += written
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
        furthest = max(furthest, count)
    }

    /// In lower-case hexadecimal.
    var sum: String { hexadecimal(sha256.finalize()) }
    var sumMD5: String { hexadecimal(md5.finalize()) }
}
