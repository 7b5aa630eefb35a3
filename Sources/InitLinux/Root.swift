// The directory that counts as `/`. Every path of the document passes through here once.

import Glibc
import InitCore

package struct Root: Sendable {
    /// Without a slash at its end; empty for the host's own root.
    package let directory: String

    package init(_ directory: String = "/") {
        var text = directory[...]
        while text.hasSuffix("/") { text.removeLast() }
        self.directory = String(text)
    }

    package var isHost: Bool { directory.isEmpty }

    /// Where a path lies on the host. Links in its parents are followed inside the root, as they'd be after a boot from it;
    /// one at its end only on demand.
    package func resolve(_ path: String, followingLast: Bool = false) throws -> String {
        if isHost { return path }
        let parts = path.split(separator: "/").map(String.init)
        guard let last = parts.last, !followingLast, last != ".", last != ".." else {
            return directory + (try walk(parts))
        }
        return directory + (try walk(parts.dropLast())) + "/" + last
    }

    private func walk(_ parts: some BidirectionalCollection<String>) throws -> String {
        var rest = Array(parts.reversed())
        var done: [String] = []
        var links = 0
        while let part = rest.popLast() {
            switch part {
            case ".", "": continue
            case "..": _ = done.popLast()
            default:
                let here = directory + "/" + (done + [part]).joined(separator: "/")
                guard let target = readLink(here) else {
                    done.append(part)
                    continue
                }
                links += 1
                guard links <= 40 else { throw Failure(.host, "\(here): too many symbolic links (ELOOP)") }
                if target.hasPrefix("/") { done = [] }
                rest += target.split(separator: "/").map(String.init).reversed()
            }
        }
        return done.isEmpty ? "" : "/" + done.joined(separator: "/")
    }
}

/// The target of a symbolic link; nil if there is none at the path.
func readLink(_ path: String) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
        guard let base = buffer.baseAddress else { return nil }
        let count = readlink(path, base, buffer.count)
        guard count >= 0 else { return nil }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// The failure that errno tells, at a path.
func systemFailure(_ doing: String, _ path: String, _ code: Int32 = errno) -> Failure {
    Failure(
        code == EACCES || code == EPERM ? .unreadable : .host, "\(path): \(doing): \(String(cString: strerror(code)))")
}
