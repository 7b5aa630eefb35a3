/// A name of the DNS: lower case, no dot at its end. What Route 53 writes as `\052` is a plain `*` here.
package struct DNSName: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package struct Mistake: Error, Sendable, Equatable {
        package let message: String
    }

    /// Octets of a name as a text, without the last dot (RFC 1035, 2.3.4).
    private static let longest = 253

    /// As a server tells it; anything goes.
    package init(told text: String) {
        var rest = text.lowercased()[...]
        if rest.hasSuffix(".") { rest.removeLast() }
        description = String(rest.replacing("\\052", with: "*"))
    }

    /// As a person writes it.
    package init(_ text: String) throws(Mistake) {
        let name = DNSName(told: text.trimmingBlanks())
        let labels = name.labels
        guard labels.count > 1, name.description.utf8.count <= Self.longest else {
            throw Mistake(message: "\u{201C}\(text)\u{201D} is no full name of a host; dev.example.com is one")
        }
        for (index, label) in labels.enumerated() where !(index == 0 && label == "*") {
            guard (1...63).contains(label.utf8.count) else {
                throw Mistake(
                    message: "\u{201C}\(text)\u{201D} has a part of \(label.utf8.count) characters; 1 to 63 may be")
            }
            guard let wrong = label.unicodeScalars.first(where: { !Self.isPlain($0) }) else { continue }
            let advice =
                wrong == "*"
                ? "; a * stands for the whole first part or not at all"
                : wrong.isASCII ? "" : "; other letters are written in their xn-- form"
            throw Mistake(
                message: "\u{201C}\(wrong)\u{201D} can't stand in a name, as in \u{201C}\(text)\u{201D}\(advice)")
        }
        self = name
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) || scalar == "-" || scalar == "_"
    }

    package var labels: [Substring] { description.split(separator: ".", omittingEmptySubsequences: false) }

    package var isWildcard: Bool { description.hasPrefix("*.") }

    package func isWithin(_ zone: DNSName) -> Bool {
        self == zone || description.hasSuffix(".\(zone)")
    }

    /// Without the first part.
    package var parent: DNSName { DNSName(told: labels.dropFirst().joined(separator: ".")) }

    /// By which Route 53 sorts: the parts from the last to the first, and a dot.
    /// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
    package var sortKey: String { labels.reversed().joined(separator: ".") + "." }
}

/// Where in a zone's list some names stand.
package struct DNSRange: Sendable, Equatable {
    /// To begin with.
    package let start: DNSName
    /// Sort keys of what is wanted lie between these.
    package let first: String
    package let last: String

    /// Nil: no names.
    package init?(_ names: some Collection<DNSName>) {
        // Where a * is sorted in isn't told, so all that lies beside it is taken.
        let starts = names.map { $0.isWildcard ? $0.parent : $0 }
        guard let start = starts.min(by: { $0.sortKey < $1.sortKey }) else { return nil }
        self.start = start
        first = start.sortKey
        last = names.map { $0.isWildcard ? $0.parent.sortKey + "~" : $0.sortKey }.max() ?? first
    }

    /// All of a zone, and whatever is asked for beside it: it isn't there.
    package init(whole zone: DNSName) {
        start = zone
        first = ""
        last = "~"
    }

    /// Whether the list from this name on holds nothing of it any more.
    package func endsBefore(_ name: DNSName) -> Bool { (name.isWildcard ? name.parent : name).sortKey > last }

    /// Whether it begins behind this name.
    package func startsAfter(_ name: DNSName) -> Bool { !name.isWildcard && name.sortKey < first }

    package func covers(_ other: DNSRange) -> Bool { first <= other.first && other.last <= last }
}
