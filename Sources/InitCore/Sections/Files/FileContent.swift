// What a file item says its content is, with cfn-init's rules for strings, JSON, base64 and templates.

enum WishedContent: Sendable, Equatable {
    case bytes([UInt8])
    case secret(Secret)
    /// Known once its references are resolved, and then secret.
    case referenced(ReferencedContent)
    /// Rendered with the context after the download, if there is one.
    case download(WishedDownload, context: ReferencedJSON?)
    case link(target: String)

    /// Nil after a complaint.
    init?(_ item: JSONNode, mode: FileMode?, _ authentication: Authentication, _ diagnostics: inout Diagnostics) {
        let content = item.given("content")
        let source = item.given("source")
        let address = source?.text(&diagnostics, wanted: "a URL") ?? ""
        let readsReferences = item.given("references")?.flag(&diagnostics) ?? true
        if mode?.isLink == true {
            self.init(linkTo: content, of: item, &diagnostics)
            return
        }
        if let content, content.value.isTruthy || address.isEmpty {
            for (key, what) in [("sha256", "a sum is"), ("authentication", "credentials are")] {
                guard let node = item.given(key) else { continue }
                diagnostics.ignored(node.path, "\(what) for downloads, and here is content")
            }
            if !address.isEmpty {
                diagnostics.warning(item.path, "both content and source are here; content counts, as in cfn-init")
            }
            self.init(content, of: item, isPrivate: mode?.isPrivate ?? false, readsReferences, &diagnostics)
        } else if let source, !address.isEmpty {
            self.init(source: source, address, of: item, readsReferences, authentication, &diagnostics)
        } else {
            diagnostics.error(item.path, "neither content nor source is here")
            return nil
        }
        if !references.isEmpty, item.given("mode") == nil {
            diagnostics.warning(
                item.path,
                "what its reference stands for goes into this file, and without a mode everybody here may read it; add \"mode\": \"000600\""
            )
        }
    }

    /// Of what goes into the file; not of who fetches it.
    private var references: [NamedReference] {
        switch self {
        case .referenced(let content): content.references
        case .download(_, let context): context?.references ?? []
        case .bytes, .secret, .link: []
        }
    }

    private init?(linkTo target: JSONNode?, of item: JSONNode, _ diagnostics: inout Diagnostics) {
        guard let node = target, let target = node.text(&diagnostics, wanted: "the link's target"), !target.isEmpty
        else {
            diagnostics.error(
                item.path, "a mode of 120… makes a symbolic link, whose target stands in \u{201C}content\u{201D}")
            return nil
        }
        if Reference.isIn(target) {
            diagnostics.ignored(node.path, "a reference stands here, and a link's target is seen by everybody")
        }
        self = .link(target: target)
    }

    private init?(
        source: JSONNode, _ address: String, of item: JSONNode, _ readsReferences: Bool,
        _ authentication: Authentication, _ diagnostics: inout Diagnostics
    ) {
        let context = item.given("context")
        if let context, !context.isMap { context.complain("a map", &diagnostics) }
        let scheme = Reference.Scheme(of: address)
        guard readsReferences, scheme == .ssm || scheme == .secretsManager || address.hasPrefix(Reference.opening)
        else {
            let download = WishedDownload(
                source, address, of: item, authentication, named: item.given("authentication"), &diagnostics)
            guard let download else { return nil }
            self = .download(download, context: context.map { ReferencedJSON($0, readsReferences, &diagnostics) })
            return
        }
        do throws(ReferenceError) {
            self = .referenced(
                ReferencedContent(form: .text(ReferencedText(try Reference(address), at: source.path))))
        } catch {
            diagnostics.error(source.path, error.message)
            return nil
        }
        if let context { Self.warnOfValue(context, &diagnostics) }
        for key in ["sha256", "authentication"] {
            guard let node = item.given(key) else { continue }
            diagnostics.ignored(node.path, "this is for downloads, and the source is a reference")
        }
    }

    private static func warnOfValue(_ context: JSONNode, _ diagnostics: inout Diagnostics) {
        diagnostics.warning(context.path, "what a reference stands for is no template; the context isn't used")
    }

    // MARK: Content

    private init?(
        _ content: JSONNode, of item: JSONNode, isPrivate: Bool, _ readsReferences: Bool,
        _ diagnostics: inout Diagnostics
    ) {
        let encoding = item.given("encoding")
        let isBase64 = encoding?.value == .string("base64")
        if let encoding, !isBase64, encoding.value != .string("plain"), encoding.value.isTruthy {
            diagnostics.ignored(
                encoding.path, "only \u{201C}base64\u{201D} and \u{201C}plain\u{201D} are known encodings")
        }
        let bytes: [UInt8]?
        switch content.value {
        case .string(let text) where isBase64: bytes = Self.decoded(text, content, of: item, &diagnostics)
        case .string(let text):
            switch Self.text(text, content, of: item, readsReferences, &diagnostics) {
            case .referenced(let found)?:
                self = .referenced(found)
                return
            case .bytes(let found)?: bytes = found
            default: return nil
            }
        default:
            guard !isBase64 else {
                content.complain("base64 in a string", &diagnostics)
                return nil
            }
            let json = ReferencedJSON(content, readsReferences, &diagnostics)
            guard json.references.isEmpty else {
                self = .referenced(ReferencedContent(form: .json(json)))
                return
            }
            bytes = Array(content.value.pythonText.utf8)
        }
        guard let bytes else { return nil }
        let isSecret =
            isPrivate || holdsPrivateKey(bytes) || holdsSecret(content.value)
            || item.given("context").map { holdsSecret($0.value) } ?? false
        self = isSecret ? .secret(Secret(bytes)) : .bytes(bytes)
    }

    private static func decoded(
        _ text: String, _ content: JSONNode, of item: JSONNode, _ diagnostics: inout Diagnostics
    ) -> [UInt8]? {
        if let context = item.given("context") {
            diagnostics.warning(context.path, "base64 content is no template; the context isn't used")
        }
        guard let bytes = lenientBase64(text) else {
            diagnostics.error(content.path, "this is not base64: its padding is wrong")
            return nil
        }
        return bytes
    }

    /// Either `.bytes` or `.referenced`; nil after a complaint.
    private static func text(
        _ text: String, _ content: JSONNode, of item: JSONNode, _ readsReferences: Bool,
        _ diagnostics: inout Diagnostics
    ) -> WishedContent? {
        let found =
            readsReferences
            ? ReferencedText(reading: text, at: content.path, takesObjects: true, &diagnostics)
            : ReferencedText(literal: text, at: content.path)
        guard let found else { return nil }
        guard let context = item.given("context") else {
            return found.references.isEmpty
                ? .bytes(Array(text.utf8)) : .referenced(ReferencedContent(form: .text(found)))
        }
        guard context.isMap else {
            context.complain("a map", &diagnostics)
            return nil
        }
        if found.isOneReference {
            warnOfValue(context, &diagnostics)
            return .referenced(ReferencedContent(form: .text(found)))
        }
        let values = ReferencedJSON(context, readsReferences, &diagnostics)
        do {
            guard found.references.isEmpty, values.references.isEmpty else {
                let content = ReferencedContent(form: .template(found, values))
                try content.check()
                return .referenced(content)
            }
            return .bytes(Array(try MustacheTemplate(text).render(context.value).utf8))
        } catch {
            diagnostics.error(content.path, "\(error)")
            return nil
        }
    }
}

extension JSONNode {
    /// A file's content that isn't text but JSON.
    var jsonContent: JSONValue? {
        guard let content = given("content")?.value else { return nil }
        if case .string = content { return nil }
        return content
    }
}
