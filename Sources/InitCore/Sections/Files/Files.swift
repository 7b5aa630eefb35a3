// files: {PATH: {content | source, encoding, mode, owner, group, context, …}}: files and symbolic links, by path.

let filesSection = SectionType(key: "files", references: [["*", "content"], ["*", "source"], ["*", "context"]]) {
    input, diagnostics in
    input.sortedItems(&diagnostics).compactMap { path, node in
        _ = node.map(&diagnostics)
        node.checkKeys(
            [
                "content", "source", "encoding", "mode", "owner", "group", "authentication", "context", "sha256",
                "references",
            ],
            &diagnostics)
        guard path.hasPrefix("/"), let name = path.split(separator: "/").last, name != ".", name != "..",
            !path.hasSuffix("/")
        else {
            diagnostics.error(node.path, "this is no absolute path of a file")
            return nil
        }
        guard !(name.hasPrefix(".") && name.hasSuffix(".ide-init")) else {
            diagnostics.error(node.path, "files are staged under names like this one; choose another")
            return nil
        }
        if let content = node.given("content"), case .string(let text) = content.value {
            OldSpellings.warn(of: text, at: content.path, &diagnostics)
        }
        let mode = FileMode(node, &diagnostics)
        guard let content = WishedContent(node, mode: mode, input.authentication, &diagnostics) else { return nil }
        return FileResource(
            id: input.id(path), content: content, json: node.jsonContent, mode: mode?.bits,
            owner: node.given("owner")?.text(&diagnostics), group: node.given("group")?.text(&diagnostics),
            mark: input.mark(path))
    }
}

/// A mode as cfn-init reads it: octal in a string, whose format bits may ask for a link.
struct FileMode: Equatable {
    let bits: UInt16
    let isLink: Bool
    /// Group and others can't read it.
    var isPrivate: Bool { !isLink && bits & 0o077 == 0 }

    init?(_ node: JSONNode, _ diagnostics: inout Diagnostics) {
        guard let node = node.given("mode") else { return nil }
        guard case .string(let written) = node.value else {
            node.complain("an octal mode in quotes, like \"000644\" (JSON has no octal numbers)", &diagnostics)
            return nil
        }
        let trimmed = written.trimmingBlanks()
        let digits = trimmed.lowercased().hasPrefix("0o") ? String(trimmed.dropFirst(2)) : trimmed
        // YAML reads an unquoted 000644 as octal and hands on 420.
        let meant = Int(trimmed).flatMap { Self.likely.contains($0) ? String($0, radix: 8) : nil }
        guard let value = UInt32(digits, radix: 8) else {
            let hint = meant.map { "; \(trimmed) is 000\($0) written in YAML without quotes" } ?? ""
            diagnostics.error(node.path, "\u{201C}\(written)\u{201D} is no octal mode like \"000644\"\(hint)")
            return nil
        }
        if let meant, trimmed.count == 3 {
            diagnostics.warning(
                node.path, "\(trimmed) is taken as octal; if 000\(meant) is meant, put quotes around it in the YAML")
        }
        bits = UInt16(value & 0o7777)
        isLink = value & 0o170000 == 0o120000
    }

    private static let likely: Set<Int> = [
        0o400, 0o440, 0o444, 0o600, 0o640, 0o644, 0o660, 0o664, 0o700, 0o750, 0o755, 0o777,
    ]
}
