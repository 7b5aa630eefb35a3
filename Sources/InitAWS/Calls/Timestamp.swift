// The three ways in which AWS writes a moment.

import Glibc
import InitCore

enum Timestamp {
    /// `20150830T123600Z`, of SigV4.
    static func compact(_ seconds: Double) -> String { text(seconds, "%Y%m%dT%H%M%SZ") }

    /// Seconds since 1970 of `2026-01-01T00:00:00Z`.
    static func iso(_ text: String) -> Double? { UTCTime(text)?.secondsSince1970 }

    /// Of an HTTP `Date` header: `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func http(_ text: String) -> Double? {
        let words = text.split { $0 == " " || $0 == ":" || $0 == "," }
        guard words.count == 8, words[7] == "GMT", let month = months.firstIndex(of: String(words[2])) else {
            return nil
        }
        let numbers = [words[1], words[3], words[4], words[5], words[6]].compactMap { Int32($0) }
        guard numbers.count == 5 else { return nil }
        return seconds(numbers[1], month: Int32(month + 1), day: numbers[0], numbers[2], numbers[3], numbers[4])
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func seconds(
        _ year: Int32, month: Int32, day: Int32, _ hour: Int32, _ minute: Int32, _ second: Int32
    ) -> Double {
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year - 1900, month - 1, day)
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (hour, minute, second)
        return Double(timegm(&parts))
    }

    private static func text(_ seconds: Double, _ format: String) -> String {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        var buffer = [CChar](repeating: 0, count: 64)
        let count = strftime(&buffer, buffer.count, format, &parts)
        return String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
