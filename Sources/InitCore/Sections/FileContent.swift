// What a file item says its content is, with cfn-init's rules for strings, JSON, base64 and templates.

enum WishedContent: Sendable, Equatable {
    case bytes([UInt8])
    case secret(Secret)
    /// Rendered with the context after the download, if there is one.
    case download(Download, template: JSONValue?)
    case link(target: String)

    /// Nil after a complaint.
    init?(_ node: JSONNode, isLink: Bool, isPrivate: Bool, _ diagnostics: inout Diagnostics) {
        let content = node.given("content")
        let source = node.given("source")?.text(&diagnostics, wanted: "a URL") ?? ""
        if isLink {
            guard let target = content?.text(&diagnostics, wanted: "the link's target"), !target.isEmpty else {
                diagnostics.error(
                    node.path, "a mode of 120… makes a symbolic link, whose target stands in \u{201C}content\u{201D}")
                return nil
            }
            self = .link(target: target)
            return
        }
        if let content, content.value.isTruthy || source.isEmpty {
            if let sum = node.given("sha256") {
                diagnostics.ignored(sum.path, "a sum is for downloads, and here is content")
            }
            if !source.isEmpty {
                diagnostics.warning(node.path, "both content and source are here; content counts, as in cfn-init")
            }
            guard let bytes = Self.bytes(content, of: node, &diagnostics) else { return nil }
            let isSecret =
                isPrivate || holdsPrivateKey(bytes) || holdsSecret(content.value)
                || node.given("context").map { holdsSecret($0.value) } ?? false
            self = isSecret ? .secret(Secret(bytes)) : .bytes(bytes)
            return
        }
        guard !source.isEmpty else {
            diagnostics.error(node.path, "neither content nor source is here")
            return nil
        }
        guard let url = httpURL(source) else {
            let found = source.contains("://") ? unknownScheme(source) : "\u{201C}\(source)\u{201D} is no URL"
            diagnostics.error(node.path.appending("source"), found)
            return nil
        }
        let context = node.given("context")
        if let context, !context.isMap { context.complain("a map", &diagnostics) }
        self = .download(Download(url: url, sha256: node.sha256(&diagnostics)), template: context?.value)
    }

    private static func bytes(_ content: JSONNode, of node: JSONNode, _ diagnostics: inout Diagnostics) -> [UInt8]? {
        let encoding = node.given("encoding")
        let isBase64 = encoding?.value == .string("base64")
        if let encoding, !isBase64, encoding.value != .string("plain"), encoding.value.isTruthy {
            diagnostics.ignored(
                encoding.path, "only \u{201C}base64\u{201D} and \u{201C}plain\u{201D} are known encodings")
        }
        guard case .string(let text) = content.value else {
            if isBase64 {
                content.complain("base64 in a string", &diagnostics)
                return nil
            }
            return Array(content.value.pythonText.utf8)
        }
        if isBase64 {
            if node.given("context") != nil {
                diagnostics.warning(
                    node.path.appending("context"), "base64 content is no template; the context isn't used")
            }
            guard let bytes = lenientBase64(text) else {
                diagnostics.error(content.path, "this is not base64: its padding is wrong")
                return nil
            }
            return bytes
        }
        guard let context = node.given("context") else { return Array(text.utf8) }
        guard context.isMap else {
            context.complain("a map", &diagnostics)
            return nil
        }
        do {
            return Array(try MustacheTemplate(text).render(context.value).utf8)
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

/// Base64 as Python's `b64decode` takes it: characters outside the alphabet are dropped; nil if the padding is wrong.
package func lenientBase64(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    var buffer: UInt32 = 0
    var sextets = 0
    var padding = 0
    for byte in text.utf8 {
        let value: UInt8
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte + 4
        case UInt8(ascii: "+"): value = 62
        case UInt8(ascii: "/"): value = 63
        case UInt8(ascii: "="):
            padding += 1
            // Enough padding for the group ends the data, as in Python.
            if sextets >= 2, sextets + padding >= 4 {
                bytes += tail(buffer, sextets)
                return bytes
            }
            continue
        default: continue
        }
        padding = 0
        buffer = buffer << 6 | UInt32(value)
        sextets += 1
        if sextets == 4 {
            bytes += [
                UInt8(truncatingIfNeeded: buffer >> 16), UInt8(truncatingIfNeeded: buffer >> 8),
                UInt8(truncatingIfNeeded: buffer),
            ]
            buffer = 0
            sextets = 0
        }
    }
    return sextets == 0 ? bytes : nil
}

private func tail(_ buffer: UInt32, _ sextets: Int) -> [UInt8] {
    sextets == 2
        ? [UInt8(truncatingIfNeeded: buffer >> 4)]
        : [UInt8(truncatingIfNeeded: buffer >> 10), UInt8(truncatingIfNeeded: buffer >> 2)]
}
