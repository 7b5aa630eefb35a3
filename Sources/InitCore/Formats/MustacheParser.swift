// Mustache text → a tree. The rules for blanks around tags are those of chevron, which cfn-init uses: they agree with
// the Mustache specification on its own tests and differ where only tabs or the end of the file are concerned.

/// A mistake in a template, with the line it was made on, if it was on one.
package struct MustacheError: Error, Sendable, Equatable, CustomStringConvertible {
    package let line: Int?
    package let message: String
    /// The partial it stands in; nil for the template itself.
    package internal(set) var partial: String?

    package var description: String {
        let places = [partial.map { "partial \u{201C}\($0)\u{201D}" }, line.map { "line \($0)" }].compactMap(\.self)
        return places.isEmpty ? message : places.joined(separator: ", ") + ": " + message
    }
}

enum MustacheNode: Sendable {
    case text([UInt8])
    case value(MustacheName, escaped: Bool)
    case section(MustacheName, inverted: Bool, [MustacheNode])
    case partial(String, line: Int)
}

/// What a tag asks for: `.`, or a path through maps and lists.
enum MustacheName: Sendable {
    case current
    case path([String])

    init(_ text: String) {
        self =
            text == "."
            ? .current
            : .path(text.utf8.split(separator: 0x2E, omittingEmptySubsequences: false).map { String(Substring($0)) })
    }
}

struct MustacheParser {
    /// Sections inside each other; each costs the renderer a stack frame.
    static let deepestNesting = 128

    private enum Tag {
        case value, raw, section, inverted, end, partial, comment, delimiters
        /// `{{{name}}`: the third brace is missing. chevron prints nothing for it.
        case nothing
    }

    private struct Open {
        let name: String
        let inverted: Bool
        let line: Int
        var nodes: [MustacheNode] = []
    }

    private let bytes: [UInt8]
    private var at = 0
    private var left = Array("{{".utf8)
    private var right = Array("}}".utf8)
    private var standalone = true
    private var line = 1
    private var open: [Open] = []
    private var nodes: [MustacheNode] = []

    private init(_ text: String) { bytes = Array(text.utf8) }

    static func parse(_ text: String) throws(MustacheError) -> [MustacheNode] {
        var parser = MustacheParser(text)
        while parser.at < parser.bytes.count { try parser.step() }
        if let section = parser.open.last {
            throw MustacheError(
                line: section.line, message: "the section \u{201C}\(section.name)\u{201D} is never closed")
        }
        return parser.nodes
    }

    /// The text up to the next tag, and that tag.
    private mutating func step() throws(MustacheError) {
        guard let start = bytes.firstOccurrence(of: left, from: at), start + left.count < bytes.count else {
            // Delimiters that end the file are no tag; chevron drops them.
            append(text: at..<(bytes.firstOccurrence(of: left, from: at) ?? bytes.count))
            at = bytes.count
            return
        }
        let text = at..<start
        count(lines: text)
        let lineStart = bytes[text].lastIndex(of: Self.newline).map { $0 + 1 } ?? (standalone ? at : nil)
        standalone = lineStart.map { bytes.isBlank($0..<start) } ?? false

        at = start + left.count
        let tagLine = line
        let (tag, name) = try readTag()
        count(lines: start..<at)

        if standalone, tag != .value, tag != .raw {
            let end = bytes[at...].firstIndex(of: Self.newline)
            standalone = bytes.isBlank(at..<(end ?? bytes.count))
            if standalone, let end {
                line += 1
                at = end + 1
            }
        } else {
            standalone = false
        }
        // A partial keeps the blanks in front of it: they are its indentation. Of other tags only spaces go.
        let kept =
            standalone && tag != .partial
            ? bytes[text].lastIndex { $0 != 0x20 }.map { $0 + 1 } ?? text.lowerBound : start
        append(text: text.lowerBound..<kept)
        try add(tag, name, tagLine)
    }

    private mutating func add(_ tag: Tag, _ name: String, _ tagLine: Int) throws(MustacheError) {
        switch tag {
        case .comment, .nothing: break
        case .value: append(.value(MustacheName(name), escaped: true))
        case .raw: append(.value(MustacheName(name), escaped: false))
        case .partial: append(.partial(name, line: tagLine))
        case .delimiters:
            let parts = name.utf8.split(separator: 0x20)
            guard let first = parts.first, let last = parts.last else {
                throw MustacheError(line: tagLine, message: "a tag that sets delimiters names none")
            }
            (left, right) = (Array(first), Array(last))
        case .section, .inverted:
            guard open.count < Self.deepestNesting else {
                throw MustacheError(
                    line: tagLine, message: "more than \(Self.deepestNesting) sections stand inside each other")
            }
            open.append(Open(name: name, inverted: tag == .inverted, line: tagLine))
        case .end:
            guard let section = open.popLast() else {
                throw MustacheError(
                    line: tagLine, message: "\u{201C}\(name)\u{201D} is closed here, but no section is open")
            }
            guard section.name == name else {
                throw MustacheError(
                    line: tagLine,
                    message: "\u{201C}\(name)\u{201D} is closed here, but the section \u{201C}\(section.name)\u{201D} "
                        + "of line \(section.line) is still open")
            }
            append(.section(MustacheName(name), inverted: section.inverted, section.nodes))
        }
    }

    /// Reads from behind the left delimiter to behind the right one.
    private mutating func readTag() throws(MustacheError) -> (Tag, String) {
        guard let end = bytes.firstOccurrence(of: right, from: at) else {
            throw MustacheError(line: line, message: "a tag opens here and is never closed")
        }
        var content = at..<end
        guard let sigil = bytes[content].first else { throw MustacheError(line: line, message: "an empty tag") }
        at = end + right.count
        let tag: Tag
        switch sigil {
        case UInt8(ascii: "!"): tag = .comment
        case UInt8(ascii: "#"): tag = .section
        case UInt8(ascii: "^"): tag = .inverted
        case UInt8(ascii: "/"): tag = .end
        case UInt8(ascii: ">"): tag = .partial
        case UInt8(ascii: "&"): tag = .raw
        case UInt8(ascii: "="):
            guard content.count > 1, bytes[end - 1] == sigil else {
                throw MustacheError(line: line, message: "a tag that sets delimiters must end with =")
            }
            content = content.lowerBound..<end - 1
            tag = .delimiters
        case UInt8(ascii: "{"):
            let braced = left == Array("{{".utf8) && right == Array("}}".utf8)
            if braced, at < bytes.count, bytes[at] == UInt8(ascii: "}") {
                at += 1
                tag = .raw
            } else {
                tag = .nothing
            }
        default: tag = .value
        }
        if tag != .value { content = content.dropFirst() }
        return (tag, bytes.trimmed(content))
    }

    // MARK: Bookkeeping

    private static let newline = UInt8(ascii: "\n")

    private mutating func count(lines range: Range<Int>) {
        for byte in bytes[range] where byte == Self.newline { line += 1 }
    }

    private mutating func append(text range: Range<Int>) {
        if !range.isEmpty { append(.text(Array(bytes[range]))) }
    }

    private mutating func append(_ node: MustacheNode) {
        if open.isEmpty { nodes.append(node) } else { open[open.count - 1].nodes.append(node) }
    }
}

extension [UInt8] {
    func firstOccurrence(of wanted: [UInt8], from start: Int) -> Int? {
        guard let first = wanted.first else { return nil }
        var place = start
        while let found = self[place...].firstIndex(of: first) {
            if self[found...].starts(with: wanted) { return found }
            place = found + 1
        }
        return nil
    }

    /// Nothing but what Python calls blank; also true of nothing at all.
    func isBlank(_ range: Range<Int>) -> Bool {
        String(decoding: self[range], as: UTF8.self).unicodeScalars.allSatisfy(\.isPythonSpace)
    }

    fileprivate func trimmed(_ range: Range<Int>) -> String {
        let scalars = String(decoding: self[range], as: UTF8.self).unicodeScalars
        let tail = scalars.drop(while: \.isPythonSpace)
        guard let last = tail.lastIndex(where: { !$0.isPythonSpace }) else { return "" }
        return String(tail[...last])
    }
}

extension Unicode.Scalar {
    /// `str.isspace()`: the four information separators count too.
    fileprivate var isPythonSpace: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }
}
