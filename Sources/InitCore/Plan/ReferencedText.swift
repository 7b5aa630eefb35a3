// Text and JSON with references inside, and what they become once the values are known.

/// A reference and the place where the document names it, for messages.
package struct NamedReference: Sendable, Equatable {
    package let reference: Reference
    package let path: DocumentPath
}

/// Literal pieces and references, in order.
package struct ReferencedText: Sendable, Equatable {
    package enum Piece: Sendable, Equatable {
        /// Sealed, since what stands beside a password is often one too.
        case literal(Secret)
        case reference(Reference)
    }

    package let pieces: [Piece]
    package let path: DocumentPath

    /// - Parameter takesObjects: whether an `s3://` as the whole text is a reference; elsewhere it is an address that other
    ///   programs read.
    /// - Throws: for a reference that is none of the known spellings.
    package init(_ text: String, at path: DocumentPath, takesObjects: Bool = false) throws(ReferenceError) {
        self.path = path
        if Self.isWhole(text, takesObjects: takesObjects) {
            pieces = [.reference(try Reference(text))]
            return
        }
        var pieces: [Piece] = []
        for part in try Self.parts(of: text) {
            switch part {
            case .literal(let bytes): pieces.append(.literal(Secret(bytes)))
            case .reference(let body): pieces.append(.reference(try Reference(inside: body)))
            }
        }
        self.pieces = pieces.isEmpty ? [.literal(Secret(""))] : pieces
    }

    enum Part {
        case literal([UInt8])
        /// What stands between `{{resolve:` and `}}`.
        case reference(Substring)
    }

    static func parts(of text: String) throws(ReferenceError) -> [Part] {
        guard Reference.isIn(text) else { return text.isEmpty ? [] : [.literal(Array(text.utf8))] }
        var parts: [Part] = []
        var rest = text.utf8[...]
        var literal: [UInt8] = []
        while let start = rest.firstIndex(of: UInt8(ascii: "{")) {
            literal += rest[..<start]
            rest = rest[start...]
            guard rest.starts(with: Reference.opening.utf8) else {
                literal.append(rest.removeFirst())
                continue
            }
            let body = rest.dropFirst(Reference.opening.utf8.count)
            guard let end = firstClosing(body) else {
                throw ReferenceError("\(Reference.opening)… opens here and is never closed by \(Reference.closing)")
            }
            if !literal.isEmpty { parts.append(.literal(literal)) }
            literal = []
            parts.append(.reference(Substring(body[..<end])))
            rest = body[end...].dropFirst(Reference.closing.utf8.count)
        }
        literal += rest
        if !literal.isEmpty { parts.append(.literal(literal)) }
        return parts
    }

    init(_ reference: Reference, at path: DocumentPath) { self.init([.reference(reference)], at: path) }

    init(_ pieces: [Piece], at path: DocumentPath) {
        self.pieces = pieces
        self.path = path
    }

    /// Nothing in it is read as a reference.
    package init(literal text: String, at path: DocumentPath) {
        pieces = [.literal(Secret(text))]
        self.path = path
    }

    /// Whether it is spelled like a reference and nothing else, rightly or not. A text that goes on behind a blank is a text.
    static func isWhole(_ text: String, takesObjects: Bool) -> Bool {
        guard let scheme = Reference.Scheme(of: text), scheme != .s3 || takesObjects else { return false }
        return !text.trimmingBlanks().utf8.contains { $0 <= 0x20 }
    }

    private static func firstClosing(_ text: Substring.UTF8View) -> Substring.UTF8View.Index? {
        text.indices.first { text[$0...].starts(with: Reference.closing.utf8) }
    }

    package var references: [NamedReference] {
        pieces.compactMap {
            if case .reference(let reference) = $0 { NamedReference(reference: reference, path: path) } else { nil }
        }
    }

    package var isOneReference: Bool { pieces.count == 1 && !references.isEmpty }

    // MARK: Once the values are known

    package func filled(_ values: ReferenceValues) throws -> Secret {
        var bytes: [UInt8] = []
        for piece in pieces { try values.secret(of: piece).reveal { bytes += $0 } }
        return Secret(bytes)
    }

    /// - Throws: `Failure` where a value can't be a part of a text.
    package func filledText(_ values: ReferenceValues) throws -> String {
        var text = ""
        for piece in pieces {
            text += try values.secret(of: piece).reveal { bytes in
                guard let part = String(validating: bytes, as: UTF8.self) else {
                    let subject = if case .reference(let reference) = piece { "\(reference)" } else { "a text" }
                    throw Failure(
                        .refused, "\(subject), named in \(path): its value is no UTF-8 text, so it can't stand here")
                }
                return part
            }
        }
        return text
    }
}

/// JSON of the document, some of whose strings hold references.
struct ReferencedJSON: Sendable, Equatable {
    let value: JSONValue
    /// By the string as it is written, byte for byte.
    private var texts: [[UInt8]: ReferencedText] = [:]
    private(set) var references: [NamedReference] = []

    /// Complains of each reference that is malformed; its string is then taken as it stands.
    init(_ node: JSONNode, _ readsReferences: Bool = true, _ diagnostics: inout Diagnostics) {
        value = node.value
        if readsReferences { collect(node, &diagnostics) }
    }

    private mutating func collect(_ node: JSONNode, _ diagnostics: inout Diagnostics) {
        switch node.value {
        case .null, .bool, .number: break
        case .string(let text):
            let found = ReferencedText(reading: text, at: node.path, &diagnostics)
            guard let found, !found.references.isEmpty else { return }
            references += found.references
            texts[Array(text.utf8)] = found
        case .array: for item in node.items { collect(item, &diagnostics) }
        case .object:
            for (key, member) in node.members {
                if Reference.isIn(key) {
                    diagnostics.ignored(member.path, "a reference stands in a key; only values may hold one")
                }
                collect(member, &diagnostics)
            }
        }
    }

    func filled(_ values: ReferenceValues) throws -> JSONValue {
        texts.isEmpty ? value : try filled(value, values)
    }

    private func filled(_ value: JSONValue, _ values: ReferenceValues) throws -> JSONValue {
        switch value {
        case .null, .bool, .number: return value
        case .string(let text): return try texts[Array(text.utf8)].map { .string(try $0.filledText(values)) } ?? value
        case .array(let items): return .array(try items.map { try filled($0, values) })
        case .object(let object):
            return .object(JSONObject(try object.members.map { ($0, try filled($1, values)) }))
        }
    }
}

extension ReferencedText {
    /// Complains where a reference is malformed, and then takes the text as it stands.
    init?(reading text: String, at path: DocumentPath, takesObjects: Bool = false, _ diagnostics: inout Diagnostics) {
        do throws(ReferenceError) {
            try self.init(text, at: path, takesObjects: takesObjects)
        } catch {
            diagnostics.ignored(path, error.message)
            guard diagnostics.isCompatible else { return nil }
            self.init(literal: text, at: path)
        }
    }
}
