// The small XML that EC2 and S3 answer with: elements and text. Attributes are passed over, and there are no entities but
// the five of XML itself and numbers.

struct XMLElement: Sendable, Equatable {
    var name: String
    var text = ""
    var children: [XMLElement] = []

    subscript(name: String) -> XMLElement? { children.first { $0.name == name } }

    /// Nil where it isn't XML.
    init?(_ bytes: [UInt8]) {
        var reader = XMLReader(String(decoding: bytes, as: UTF8.self))
        guard let root = reader.element(depth: 0) else { return nil }
        self = root
    }

    init(name: String) { self.name = name }
}

private struct XMLReader {
    private var rest: Substring
    /// Answers are shallow; whoever sends more means harm.
    private static let deepest = 32

    init(_ text: String) { rest = text[...] }

    /// The next element, past declarations and comments.
    mutating func element(depth: Int) -> XMLElement? {
        guard depth < Self.deepest, skipToElement() else { return nil }
        rest.removeFirst()
        guard let end = rest.firstIndex(of: ">") else { return nil }
        let tag = rest[..<end]
        rest = rest[rest.index(after: end)...]
        let qualified = tag.prefix { !$0.isWhitespace && $0 != "/" }
        var element = XMLElement(name: String(qualified.split(separator: ":").last ?? ""))
        guard !element.name.isEmpty else { return nil }
        if tag.hasSuffix("/") { return element }
        while let next = rest.firstIndex(of: "<") {
            element.text += Self.decoded(rest[..<next])
            rest = rest[next...]
            if rest.hasPrefix("</") {
                guard let end = rest.firstIndex(of: ">"), rest[..<end].dropFirst(2).hasPrefix(qualified) else {
                    return nil
                }
                rest = rest[rest.index(after: end)...]
                return element
            }
            if skipAside() { continue }
            guard let child = self.element(depth: depth + 1) else { return nil }
            element.children.append(child)
        }
        return nil
    }

    private mutating func skipToElement() -> Bool {
        while let next = rest.firstIndex(of: "<") {
            rest = rest[next...]
            if !skipAside() { return !rest.hasPrefix("</") }
        }
        return false
    }

    /// A declaration or a comment; false if neither stands here.
    private mutating func skipAside() -> Bool {
        for (start, end) in [("<?", "?>"), ("<!--", "-->"), ("<!", ">")] where rest.hasPrefix(start) {
            rest = rest.firstRange(of: end).map { rest[$0.upperBound...] } ?? ""
            return true
        }
        return false
    }

    private static func decoded(_ text: Substring) -> String {
        guard text.contains("&") else { return String(text) }
        let named = ["lt": "<", "gt": ">", "amp": "&", "quot": "\"", "apos": "'"]
        var result = ""
        for (index, part) in text.split(separator: "&", omittingEmptySubsequences: false).enumerated() {
            guard index > 0, let end = part.firstIndex(of: ";") else {
                result += part
                continue
            }
            let name = part[..<end]
            let digits = name.hasPrefix("#x") ? UInt32(name.dropFirst(2), radix: 16) : UInt32(name.dropFirst())
            result += named[String(name)] ?? digits.flatMap(Unicode.Scalar.init).map { String($0) } ?? ""
            result += part[part.index(after: end)...]
        }
        return result
    }
}
