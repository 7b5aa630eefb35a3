// URLs as text. AWS signs the exact characters, so they are kept as they were written.

import InitCore

/// An http or https URL in its parts, as they stand in it.
struct URLParts: Sendable, Equatable {
    /// Lower case.
    var scheme: String
    /// Host and port, without user and password.
    var authority: String
    /// Begins with a slash.
    var path: String
    /// Without the question mark; nil: there is none.
    var query: String?

    /// Nil for anything without scheme and host.
    init?(_ url: String) {
        guard let separator = url.firstRange(of: "://") else { return nil }
        scheme = url[..<separator.lowerBound].lowercased()
        var rest = url[separator.upperBound...]
        if let fragment = rest.firstIndex(of: "#") { rest = rest[..<fragment] }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        rest = rest.dropFirst(authority.count)
        self.authority = String(authority.split(separator: "@", omittingEmptySubsequences: false).last ?? "")
        guard !scheme.isEmpty, !self.authority.isEmpty else { return nil }
        let path = rest.prefix { $0 != "?" }
        self.path = path.isEmpty ? "/" : String(path)
        rest = rest.dropFirst(path.count)
        query = rest.isEmpty ? nil : String(rest.dropFirst())
    }

    var text: String { "\(scheme)://\(authority)\(path)" + (query.map { "?\($0)" } ?? "") }

    /// Lower case, without the port; an IPv6 address keeps its brackets.
    var host: String {
        if authority.hasPrefix("[") { return authority.prefix { $0 != "]" } + "]" }
        return authority.prefix { $0 != ":" }.lowercased()
    }

    /// What a `Location` header means, seen from here.
    func resolving(_ location: String) -> String {
        if location.firstRange(of: "://") != nil { return location }
        if location.hasPrefix("//") { return "\(scheme):\(location)" }
        if location.hasPrefix("/") { return "\(scheme)://\(authority)\(location)" }
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "/"
        return "\(scheme)://\(authority)\(folder)\(location)"
    }
}

/// The same with what may stand in no URL as `%XX`: blanks, quotes, what isn't ASCII. What is encoded already stays.
func urlQuoted(_ url: String) -> String {
    let forbidden = Array(" \"<>\\^`{|}".utf8)
    guard url.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F || forbidden.contains($0) }) else { return url }
    return url.unicodeScalars.map { scalar in
        let isForbidden = scalar.value <= 0x20 || scalar.value >= 0x7F || forbidden.contains(UInt8(scalar.value))
        return isForbidden ? percentEncoded(String(scalar)) : String(scalar)
    }.joined()
}

/// `a=1&b=2`.
func formEncoded(_ fields: [(String, String)]) -> String {
    fields.map { "\(percentEncoded($0))=\(percentEncoded($1))" }.joined(separator: "&")
}
