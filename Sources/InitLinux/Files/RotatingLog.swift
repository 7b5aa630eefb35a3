// The cfn-* commands' logs: what is appended, and what is kept of it.

import Glibc
import Synchronization

/// A log of at most 5 MiB, with five old ones beside it (`.1` … `.5`); readable by root alone, as output may hold anything.
package final class RotatingLog: Sendable {
    private static let mostBytes = 5 << 20

    private let path: String
    private let descriptor: Mutex<Int32>

    package init?(_ path: String) {
        self.path = path
        let opened = Self.open(path)
        guard opened >= 0 else { return nil }
        descriptor = Mutex(opened)
    }

    deinit { descriptor.withLock { _ = close($0) } }

    private static func open(_ path: String) -> Int32 {
        let opened = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        var info = stat()
        // Others may read an older one if they could; nobody else writes to it.
        if opened >= 0, fstat(opened, &info) == 0, info.st_mode & 0o022 != 0 { fchmod(opened, info.st_mode & 0o755) }
        return opened
    }

    package func append(_ entry: String) {
        descriptor.withLock { descriptor in
            var info = stat()
            if fstat(descriptor, &info) == 0, info.st_size >= Self.mostBytes {
                for number in (1..<5).reversed() { rename("\(path).\(number)", "\(path).\(number + 1)") }
                rename(path, "\(path).1")
                close(descriptor)
                descriptor = Self.open(path)
            }
            let bytes = Array(entry.utf8)
            _ = write(descriptor, bytes, bytes.count)
        }
    }

    /// Local time with milliseconds behind a comma, as Python's logging.
    package static func timestamp() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        localtime_r(&now.tv_sec, &parts)
        func digits(_ value: some BinaryInteger, _ count: Int) -> String {
            let text = String(Int(value))
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        let day = "\(parts.tm_year + 1900)-\(digits(parts.tm_mon + 1, 2))-\(digits(parts.tm_mday, 2))"
        let time = "\(digits(parts.tm_hour, 2)):\(digits(parts.tm_min, 2)):\(digits(parts.tm_sec, 2))"
        return "\(day) \(time),\(digits(now.tv_nsec / 1_000_000, 3))"
    }
}
