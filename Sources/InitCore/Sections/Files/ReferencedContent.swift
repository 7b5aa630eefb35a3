// A file's content that holds references: what it becomes once their values are known. It is secret from then on.

struct ReferencedContent: Sendable, Equatable {
    enum Form: Sendable, Equatable {
        case text(ReferencedText)
        case json(ReferencedJSON)
        /// Values in the text go in behind the rendering, values of the context before it, as a literal would.
        case template(ReferencedText, ReferencedJSON)
    }

    let form: Form

    var references: [NamedReference] {
        switch form {
        case .text(let text): text.references
        case .json(let json): json.references
        case .template(let text, let context): text.references + context.references
        }
    }

    /// - Returns: JSON as a value too, to be compared by it.
    /// - Throws: `Failure` where a value can't stand where it is wanted.
    func filled(_ values: ReferenceValues) throws -> (content: Secret, json: JSONValue?) {
        switch form {
        case .text(let text): return (try text.filled(values), nil)
        case .json(let json):
            let value = try json.filled(values)
            return (Secret(value.pythonText), value)
        case .template(let text, let context):
            let parts = try text.pieces.map { piece -> MustacheTemplate.Part in
                let value = try ReferencedText([piece], at: text.path).filledText(values)
                if case .literal = piece { return .template(value) }
                return .value(value)
            }
            let rendered = try MustacheTemplate(parts).render(try context.filled(values))
            return (Secret(rendered), nil)
        }
    }

    /// - Throws: `MustacheError` where the template is wrong, whatever the values are.
    func check() throws(MustacheError) {
        guard case .template(let text, _) = form else { return }
        _ = try MustacheTemplate(
            text.pieces.map { piece in
                switch piece {
                case .literal(let text): .template(text.reveal { String(decoding: $0, as: UTF8.self) })
                case .reference: .value("")
                }
            })
    }
}
