// URLs as text. AWS signs the exact characters, so they are kept as they were written.

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

/// All but the unreserved characters of RFC 3986 as `%XX`, as AWS wants it.
func percentEncoded(_ text: String, keeping kept: String = "") -> String {
    let hex = Array("0123456789ABCDEF".utf8)
    var result: [UInt8] = []
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: "~"):
            result.append(byte)
        default:
            if kept.utf8.contains(byte) {
                result.append(byte)
            } else {
                result += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
    }
    return String(decoding: result, as: UTF8.self)
}

func percentDecoded(_ text: some StringProtocol) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "%"), rest.count >= 2,
            let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
        {
            bytes.append(value)
            rest = rest.dropFirst(2)
        } else {
            bytes.append(byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

/// `a=1&b=2`.
func formEncoded(_ fields: [(String, String)]) -> String {
    fields.map { "\(percentEncoded($0))=\(percentEncoded($1))" }.joined(separator: "&")
}
