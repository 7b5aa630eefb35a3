/// An image as it is asked for: `[REGISTRY/]NAME[:TAG][@sha256:DIGEST]`.
/// https://github.com/distribution/reference/blob/main/reference.go
package struct ImageName: Sendable, Hashable, CustomStringConvertible {
    /// `docker.io` where none is named.
    package let registry: String
    /// With its registry where one is named, without tag and digest.
    package let repository: String
    package let tag: String?
    package let digest: String?

    package static let hub = "docker.io"

    /// Nil for anything that isn't one.
    package init?(_ text: String) {
        var rest = text[...]
        var digest: String?
        if let at = rest.firstIndex(of: "@") {
            digest = String(rest[rest.index(after: at)...])
            rest = rest[..<at]
            guard let sum = digest?.dropFirst("sha256:".count), digest?.hasPrefix("sha256:") == true,
                sum.utf8.count == 64,
                sum.allSatisfy({ $0.isHexDigit && !$0.isUppercase })
            else { return nil }
        }
        var tag: String?
        let lastSlash = rest.lastIndex(of: "/") ?? rest.startIndex
        if let colon = rest[lastSlash...].lastIndex(of: ":") {
            tag = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
            guard let tag, (1...128).contains(tag.utf8.count), Self.isPlain(tag, others: "_.-"),
                tag.first != ".", tag.first != "-"
            else { return nil }
        }
        var parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        registry =
            parts.count > 1 && (parts[0].contains(".") || parts[0].contains(":") || parts[0] == "localhost")
            ? String(parts.removeFirst()) : Self.hub
        guard !parts.isEmpty, registry.allSatisfy({ $0.isASCII && !$0.isWhitespace }),
            parts.allSatisfy({ !$0.isEmpty && Self.isPlain($0, others: "_.-") && $0.lowercased() == $0 })
        else { return nil }
        repository = String(rest)
        self.tag = tag
        self.digest = digest
    }

    private static func isPlain(_ text: some StringProtocol, others: String) -> Bool {
        text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || others.contains($0)) }
    }

    /// What the Engine is asked for: a name without a tag means `latest`.
    package var wanted: String { digest ?? tag ?? "latest" }

    package var description: String {
        repository + (tag.map { ":\($0)" } ?? (digest == nil ? ":latest" : "")) + (digest.map { "@\($0)" } ?? "")
    }

}
