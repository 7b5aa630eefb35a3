// Mustache for the content of files that give a `context`. Everything follows chevron 0.14, which cfn-init uses, its
// quirks included, so that a template renders to the same bytes:
// - only & < > " are escaped; lists and maps print as Python writes them, true as True
// - a map without the wanted key hands the question to the map outside, in the middle of a dotted name too
// - a falsy item of a list renders nothing
// - `{{.}}` that stands for true prints what stands one scope outside
// Not taken over: attributes of Python's objects (`{{name.upper}}`), which are missing here.

package struct MustacheTemplate: Sendable {
    private let nodes: [MustacheNode]

    /// Parses the text once; it may then be rendered any number of times.
    package init(_ text: String) throws(MustacheError) { nodes = try MustacheParser.parse(text) }

    init(_ nodes: [MustacheNode]) { self.nodes = nodes }

    /// - Parameter partials: the text of `{{> name}}`; nil, a partial that doesn't exist, renders as nothing.
    package func render(
        _ context: JSONValue, partials: (String) -> String? = { _ in nil }
    ) throws(MustacheError) -> String {
        var renderer = MustacheRenderer(context)
        try renderer.render(nodes, partials)
        return String(decoding: renderer.output, as: UTF8.self)
    }
}

private struct MustacheRenderer {
    /// Partials may include themselves; the data ends that, or this does.
    static let deepestNesting = 256
    /// As in chevron, the indentation of indented partials inside each other doubles at every level.
    static let deepestPadding = 1 << 16
    /// Lists inside lists multiply.
    static let largestOutput = 64 << 20

    private(set) var output: [UInt8] = []
    /// The innermost one last.
    private var scopes: [JSONValue]
    /// What each newline of a partial's text is followed by.
    private var padding: [UInt8] = []
    /// Where the output of the innermost list item or partial begins: what stands before isn't its indentation.
    private var start = 0
    private var depth = 0
    private var parsed: [String: [MustacheNode]] = [:]
    private var partialName: String?

    init(_ context: JSONValue) { scopes = [context] }

    mutating func render(_ nodes: [MustacheNode], _ partials: (String) -> String?) throws(MustacheError) {
        for node in nodes {
            guard output.count <= Self.largestOutput else {
                throw MustacheError(
                    line: nil, message: "the rendered text exceeds \(Self.largestOutput >> 20) MiB",
                    partial: partialName)
            }
            switch node {
            case .text(let text): append(text)
            case .value(let name, let escaped): append(value(of: name, escaped: escaped), escaped: escaped)
            case .section(let name, let inverted, let body):
                try section(lookUp(name), inverted: inverted, body, partials)
            case .partial(let name, let line): try partial(name, line, partials)
            }
        }
    }

    private mutating func section(
        _ value: JSONValue, inverted: Bool, _ body: [MustacheNode], _ partials: (String) -> String?
    ) throws(MustacheError) {
        if inverted { return value.isTruthy ? () : try inside(.bool(true), body, partials) }
        guard case .array(let items) = value else { return try inside(value, body, partials) }
        let outer = start
        for item in items {
            start = output.count
            try inside(item, body, partials)
        }
        start = outer
    }

    private mutating func inside(
        _ value: JSONValue, _ body: [MustacheNode], _ partials: (String) -> String?
    ) throws(MustacheError) {
        guard value.isTruthy else { return }
        scopes.append(value)
        depth += 1
        try render(body, partials)
        depth -= 1
        scopes.removeLast()
    }

    private mutating func partial(
        _ name: String, _ line: Int, _ partials: (String) -> String?
    ) throws(MustacheError) {
        let outside = (start, padding, partialName)
        guard depth < Self.deepestNesting, padding.count <= Self.deepestPadding else {
            throw MustacheError(
                line: line, message: "the partial \u{201C}\(name)\u{201D} includes itself without end",
                partial: partialName)
        }
        let nodes = try parse(name, partials)
        let lineStart = output[start...].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? start
        let isIndented = lineStart < output.count && output.isBlank(lineStart..<output.count)
        if isIndented { padding += output[lineStart...] }
        start = output.count
        partialName = name
        depth += 1
        try render(nodes, partials)
        depth -= 1
        // The padding that followed the last newline belongs to no line.
        if isIndented {
            while output.count > start, let last = output.last, last == 0x20 || last == 0x09 { output.removeLast() }
        }
        (start, padding, partialName) = outside
    }

    private mutating func parse(_ name: String, _ partials: (String) -> String?) throws(MustacheError) -> [MustacheNode]
    {
        if let nodes = parsed[name] { return nodes }
        do {
            let nodes = try MustacheParser.parse(partials(name) ?? "")
            parsed[name] = nodes
            return nodes
        } catch {
            throw MustacheError(line: error.line, message: error.message, partial: name)
        }
    }

    // MARK: Values

    private func value(of name: MustacheName, escaped: Bool) -> JSONValue {
        let value = lookUp(name)
        if case .current = name, escaped, value == .bool(true), scopes.count > 1 { return scopes[scopes.count - 2] }
        return value
    }

    private func lookUp(_ name: MustacheName) -> JSONValue {
        guard case .path(let path) = name else { return scopes.last ?? .null }
        for scope in scopes.reversed() {
            if let found = scope.member(at: path) { return found.emptyIfHollow }
        }
        return .string("")
    }

    private mutating func append(_ text: [UInt8]) {
        guard !padding.isEmpty else {
            output += text
            return
        }
        for byte in text {
            output.append(byte)
            guard byte == UInt8(ascii: "\n") else { continue }
            output += padding
            if output.count > Self.largestOutput { return }
        }
    }

    private mutating func append(_ value: JSONValue, escaped: Bool) {
        let text = value.pythonString
        output += escaped ? htmlEscaped(text) : Array(text.utf8)
    }
}

/// As `{{name}}` writes it; chevron leaves the apostrophe alone.
func htmlEscaped(_ text: String) -> [UInt8] {
    var result: [UInt8] = []
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "&"): result += "&amp;".utf8
        case UInt8(ascii: "<"): result += "&lt;".utf8
        case UInt8(ascii: ">"): result += "&gt;".utf8
        case UInt8(ascii: "\""): result += "&quot;".utf8
        default: result.append(byte)
        }
    }
    return result
}

extension JSONValue {
    /// One step per part of the path: by key in a map, by number in a list or a string.
    fileprivate func member(at path: [String]) -> JSONValue? {
        var value = self
        for part in path {
            switch value {
            case .object(let object):
                guard let member = object[part] else { return nil }
                value = member
            case .array(let items):
                guard let place = Self.place(part, among: items.count) else { return nil }
                value = items[place]
            case .string(let text):
                let scalars = text.unicodeScalars
                guard let place = Self.place(part, among: scalars.count) else { return nil }
                value = .string(String(scalars[scalars.index(scalars.startIndex, offsetBy: place)]))
            case .null, .bool, .number: return nil
            }
        }
        return value
    }

    /// Python counts from the end with negative numbers.
    private static func place(_ text: String, among count: Int) -> Int? {
        guard let number = Int(text) else { return nil }
        let place = number < 0 ? number + count : number
        return (0..<count).contains(place) ? place : nil
    }

    /// What is null or holds nothing prints as nothing when asked for by name.
    fileprivate var emptyIfHollow: JSONValue {
        switch self {
        case .null, .array, .object: isTruthy ? self : .string("")
        case .bool, .number, .string: self
        }
    }
}
