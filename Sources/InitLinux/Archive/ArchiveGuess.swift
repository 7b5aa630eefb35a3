import Glibc
import InitCore

/// What a file that isn't an archive looks like: most often somebody's error page under an archive's URL.
struct ArchiveGuess {
    private var head: [UInt8]

    init(_ descriptor: Int32) {
        head = [UInt8](repeating: 0, count: 512)
        let count = head.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        head.removeLast(head.count - max(count, 0))
    }

    /// With the reader's own words where it knew the format but couldn't go on.
    func failure(_ damage: String?) -> Failure {
        if let compression {
            let text = damage.map { "this is \(compression), but damaged or cut off: \($0)" }
            return Failure(.refused, text ?? "this is \(compression), but what it holds is no tar archive")
        }
        if starts("PK\u{3}\u{4}") || starts("PK\u{5}\u{6}") {
            return Failure(
                .refused, "this is a zip archive, but damaged or cut off: \(damage ?? "it has no directory")")
        }
        if let damage, !damage.isEmpty { return Failure(.refused, "the archive is damaged or cut off: \(damage)") }
        return Failure(.refused, "this is \(text): neither a tar nor a zip archive")
    }

    private var compression: String? {
        if starts([0x1F, 0x8B]) { return "gzip-compressed" }
        if starts("BZh") { return "bzip2-compressed" }
        if starts([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]) { return "xz-compressed" }
        if starts([0x28, 0xB5, 0x2F, 0xFD]) { return "zstd-compressed" }
        return nil
    }

    private var text: String {
        if head.isEmpty { return "an empty file" }
        if starts("7z\u{BC}".unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }) { return "a 7-Zip archive" }
        if starts("Rar!") { return "a RAR archive" }
        if starts("!<arch>") { return "a Debian package or ar archive" }
        if starts([0xED, 0xAB, 0xEE, 0xDB]) { return "an RPM package" }
        if starts("0707") { return "a cpio archive" }
        if starts([0x7F, 0x45, 0x4C, 0x46]) { return "a program (ELF)" }
        if starts("#!") { return "a script" }
        let start = String(decoding: head, as: UTF8.self).drop { $0.isWhitespace || $0 == "\u{FEFF}" }.lowercased()
        if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") { return "HTML (an error or sign-in page?)" }
        if start.hasPrefix("<?xml") || start.hasPrefix("<error") { return "XML (an error message?)" }
        if start.hasPrefix("{") || start.hasPrefix("[") { return "JSON (an error message?)" }
        let isText = head.allSatisfy { $0 >= 0x20 && $0 != 0x7F || (0x09...0x0D).contains($0) }
        return isText ? "text" : "a file of an unknown kind"
    }

    private func starts(_ bytes: [UInt8]) -> Bool { head.starts(with: bytes) }
    private func starts(_ text: String) -> Bool { head.starts(with: text.utf8) }
}
