// A moment in UTC as text: ISO 8601, and as cfn-hup stores it (Python's datetime without a zone).

package struct UTCTime: Sendable, Equatable {
    /// Since 1970.
    let microseconds: Int64
    package var secondsSince1970: Double { Double(microseconds) / 1e6 }

    /// Rounded as `datetime.utcfromtimestamp` rounds.
    package init(seconds: Double) {
        guard seconds.isFinite, abs(seconds) < 1e11 else {
            microseconds = 0
            return
        }
        let whole = seconds.rounded(.towardZero)
        microseconds = Int64(whole) * 1_000_000 + Int64(((seconds - whole) * 1e6).rounded(.toNearestOrEven))
    }

    /// `2026-01-31T12:00:00[.123456][Z|+00:00]`, also between the quotes that the original stores with it.
    package init?(_ text: String) {
        var text = text[...]
        if text.hasPrefix("\""), text.hasSuffix("\""), text.count > 1 { text = text.dropFirst().dropLast() }
        for zone in ["Z", "+00:00"] where text.hasSuffix(zone) { text = text.dropLast(zone.count) }
        let halves = text.split(omittingEmptySubsequences: false) { $0 == "T" || $0 == " " }
        guard halves.count == 2 else { return nil }
        let date = halves[0].split(separator: "-", omittingEmptySubsequences: false)
        let clock = halves[1].split(separator: ":", omittingEmptySubsequences: false)
        guard date.count == 3, clock.count == 3, let year = Self.number(date[0], 4),
            let month = Self.number(date[1], 2),
            let day = Self.number(date[2], 2), let hour = Self.number(clock[0], 2),
            let minute = Self.number(clock[1], 2),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60
        else { return nil }
        let parts = clock[2].split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let second = Self.number(parts[0], 2), second < 60 else { return nil }
        var fraction: Int64 = 0
        if parts.count == 2 {
            guard (1...6).contains(parts[1].count), let digits = Self.number(parts[1], parts[1].count) else {
                return nil
            }
            fraction = digits * Self.power(6 - parts[1].count)
        }
        let seconds = Self.days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
        microseconds = seconds * 1_000_000 + fraction
    }

    /// `isoformat()`: the fraction only where there is one.
    package var iso: String { microseconds % 1_000_000 == 0 ? seconds : full }

    /// `2026-01-31T12:00:00.000000`
    var full: String { "\(seconds).\(Self.digits(Self.modulo(microseconds, 1_000_000), 6))" }

    private var seconds: String {
        let seconds = Self.quotient(microseconds, 1_000_000)
        let clock = Self.modulo(seconds, 86_400)
        // https://howardhinnant.github.io/date_algorithms.html, civil_from_days
        let shifted = Self.quotient(seconds, 86_400) + 719_468
        let era = Self.quotient(shifted, 146_097)
        let dayOfEra = Self.modulo(shifted, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let year = yearOfEra + era * 400 + (month < 10 ? 0 : 1)
        let date =
            "\(Self.digits(year, 4))-\(Self.digits(month < 10 ? month + 3 : month - 9, 2))-\(Self.digits(day, 2))"
        return
            "\(date)T\(Self.digits(clock / 3600, 2)):\(Self.digits(clock / 60 % 60, 2)):\(Self.digits(clock % 60, 2))"
    }

    /// days_from_civil
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = quotient(year, 400)
        let yearOfEra = modulo(year, 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func quotient(_ value: Int64, _ by: Int64) -> Int64 { (value - modulo(value, by)) / by }
    private static func modulo(_ value: Int64, _ by: Int64) -> Int64 { (value % by + by) % by }
    private static func power(_ exponent: Int) -> Int64 { (0..<exponent).reduce(1) { result, _ in result * 10 } }

    private static func number(_ text: Substring, _ width: Int) -> Int64? {
        text.count == width && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int64(text) : nil
    }

    private static func digits(_ value: Int64, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
