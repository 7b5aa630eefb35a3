// files: {PATH: {content | source, encoding, mode, owner, group, context, …}}: files and symbolic links, by path.

let filesSection = SectionType(key: "files") { input, diagnostics in
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
        if let name = node.given("authentication") {
            diagnostics.warning(
                name.path, "authenticated downloads aren't known to this version; it is fetched without")
        }
        let mode = FileMode(node, &diagnostics)
        guard
            let content = WishedContent(
                node, isLink: mode?.isLink ?? false, isPrivate: mode?.isPrivate ?? false, &diagnostics
            )
        else { return nil }
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

struct FileResource: Resource {
    let id: ResourceID
    /// Bytes; a longer file is told by its size.
    private static let longestDiff = 1 << 20

    let content: WishedContent
    /// The content, where the document has it as JSON.
    let json: JSONValue?
    let mode: UInt16?
    let owner: String?
    let group: String?
    let mark: Mark

    private var path: String { id.name }

    var secrets: [Secret] { if case .secret(let secret) = content { [secret] } else { [] } }

    var lonePath: String? {
        switch content {
        // Two spellings of one path would be written side by side.
        case .bytes, .secret:
            path.split(separator: "/").contains { $0 == "." || $0 == ".." } || path.contains("//") ? nil : path
        case .download, .link: nil
        }
    }

    func plan(_ now: Planning) async throws -> Plan {
        let found = try now.probe.status(path)
        var facts: [Fact] = []
        let owner = try await account(self.owner, "owner", now) { try await now.probe.user($0)?.id }
        let group = try await account(self.group, "group", now) { try await now.probe.group($0)?.id }
        if case .link(let target) = content { return try planLink(to: target, found, owner, group, now) }

        let standing = found?.kind == .file ? found : nil
        let wishedMode = mode ?? standing?.mode ?? 0o666 & ~now.probe.umask & 0o775
        if wishedMode != standing?.mode {
            facts.append(Fact("mode", standing.map { octal($0.mode) }, octal(wishedMode)))
        }
        facts += [owner, group].compactMap { $0?.fact(found) }

        let isPrivate = standing.map { $0.mode & 0o077 == 0 } ?? false
        switch try compare(standing, isPrivate: isPrivate, now) {
        case nil:
            guard !facts.isEmpty else { return .unchanged }
            // The original's services don't react to a mode or an owner alone.
            return .change(
                Change(
                    .update, facts: facts,
                    steps: [
                        // The mode too where only the owner differs: chown(2) takes setuid and setgid bits away.
                        .setAttributes(path: path, mode: wishedMode, owner: owner?.number, group: group?.number)
                    ], certainty: certainty(owner, group)))
        case let (fact, certainty)?:
            if let found, found.kind != .file { facts.insert(Fact("kind", found.kind.rawValue, "file"), at: 0) }
            let write = FileWrite(
                path, stepContent, mode: wishedMode, owner: owner?.number ?? standing?.owner,
                group: group?.number ?? standing?.group,
                keepsBackup: found != nil && !isPrivate && !isSecret && keepsBackups(path), template: template)
            return .change(
                Change(
                    found == nil ? .create : .update, facts: [fact] + facts, steps: [.write(write)],
                    certainty: certainty == .certain ? self.certainty(owner, group) : certainty, marks: [mark]))
        }
    }

    /// The real service hands maps over in any order: JSON that stands there with the same value is the same.
    private func matches(_ old: [UInt8], _ wished: [UInt8]) -> Bool {
        if old == wished { return true }
        guard let json, let standing = try? JSONParser.parse(old, name: path).value else { return false }
        return standing == json
    }

    private var isSecret: Bool { if case .secret = content { true } else { mode.map { $0 & 0o077 == 0 } ?? false } }

    private var stepContent: FileWrite.Content {
        switch content {
        case .bytes(let bytes): .bytes(bytes)
        case .secret(let secret): .secret(secret)
        case .download(let download, _): .download(download)
        case .link(let target): .bytes(Array(target.utf8))
        }
    }

    private var template: JSONValue? { if case .download(_, let template) = content { template } else { nil } }

    /// How the content differs from what stands there; nil: not at all.
    private func compare(
        _ standing: FileStatus?, isPrivate: Bool, _ now: Planning
    ) throws -> (Fact, Change.Certainty)? {
        switch content {
        case .link: return nil
        case .download(let download, let template):
            let fact = Fact(
                "content", standing == nil ? .absent : .text("\(standing?.size ?? 0) bytes"),
                .text("from \(download.shownURL)"))
            guard standing != nil, template == nil, let sum = download.sha256 else {
                return (fact, .knownAfter("download"))
            }
            return try now.probe.sha256(path) == sum ? nil : (fact, .certain)
        case .bytes(let wished):
            guard let standing else { return (Fact("content", .absent, .content(wished)), .certain) }
            // What can't be the same and is too long for a diff isn't read.
            let isWorthReading = standing.size == wished.count || standing.size <= Self.longestDiff
            let old = isWorthReading ? try now.probe.read(path) : nil
            if let old, matches(old, wished) { return nil }
            if isPrivate { return (Fact("content", .concealed, .concealed), .certain) }
            return (
                Fact("content", old.map { .content($0) } ?? .text("\(standing.size) bytes"), .content(wished)), .certain
            )
        case .secret(let secret):
            let isSame = try secret.reveal { wished in
                guard let standing, standing.size == wished.count || json != nil && standing.size <= Self.longestDiff
                else {
                    return false
                }
                return try matches(now.probe.read(path), wished)
            }
            return isSame ? nil : (Fact("content", standing == nil ? .absent : .concealed, .concealed), .certain)
        }
    }

    private func planLink(
        to target: String, _ found: FileStatus?, _ owner: Owner?, _ group: Owner?, _ now: Planning
    ) throws -> Plan {
        let standing = found?.kind == .link ? found : nil
        let facts = [owner, group].compactMap { $0?.fact(standing) }
        if standing != nil, try now.probe.linkTarget(path) == target {
            guard !facts.isEmpty else { return .unchanged }
            return .change(
                Change(
                    .update, facts: facts,
                    steps: [.setAttributes(path: path, mode: nil, owner: owner?.number, group: group?.number)],
                    certainty: certainty(owner, group)))
        }
        let before = try standing.map { _ in try "link to " + now.probe.linkTarget(path) } ?? found?.kind.rawValue
        let link = LinkWrite(
            path, target: target, owner: owner?.number, group: group?.number,
            keepsBackup: found.map { $0.kind != .link && $0.mode & 0o077 != 0 } ?? false && keepsBackups(path))
        return .change(
            Change(
                found == nil ? .create : .update, facts: [Fact("target", before, target)] + facts, steps: [.link(link)],
                certainty: certainty(owner, group), marks: [mark]))
    }

    // MARK: Owners

    private struct Owner {
        let property: String
        let name: String
        /// Nil: not there yet; something before it in this run may make it.
        let number: UInt32?
        let awaited: ResourceID?

        func fact(_ found: FileStatus?) -> Fact? {
            guard let number else {
                return Fact(
                    property, .absent, .text("\(name) (known after \(awaited.map(String.init(describing:)) ?? ""))"))
            }
            let current = property == "owner" ? found?.owner : found?.group
            return current == number ? nil : Fact(property, current.map(String.init), "\(name) (\(number))")
        }
    }

    private func account(
        _ name: String?, _ property: String, _ now: Planning, _ look: (String) async throws -> UInt32?
    ) async throws -> Owner? {
        guard let name, !name.isEmpty else { return nil }
        if let number = try await look(name) ?? UInt32(name) {
            return Owner(property: property, name: name, number: number, awaited: nil)
        }
        if let earlier = now.ledger.awaits("users", name) ?? now.ledger.awaits("groups", name)
            ?? now.ledger.awaits("packages", "users", "commands")
        {
            return Owner(property: property, name: name, number: nil, awaited: earlier)
        }
        let kind = property == "owner" ? "user" : "group"
        throw Failure(
            .host, "there is no \(kind) \(name) on this host; add it to \(kind)s, or mend \u{201C}\(property)\u{201D}")
    }

    private func certainty(_ owners: Owner?...) -> Change.Certainty {
        owners.compactMap { $0?.awaited }.first.map { .knownAfter("\($0)") } ?? .certain
    }
}

/// Every file of a `….d` directory is loaded by somebody, a backup too: cron.d, conf.d, hooks.d, sudoers.d.
private func keepsBackups(_ path: String) -> Bool {
    let directories = path.split(separator: "/").dropLast()
    return directories.last.map { !$0.hasSuffix(".d") } ?? true
}

func octal(_ mode: UInt16) -> String {
    let digits = String(mode, radix: 8)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}
