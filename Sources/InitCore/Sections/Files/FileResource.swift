// One file or link: how it differs from what stands there, and the one write that puts it right.

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

    var path: String { id.name }

    var secrets: [Secret] { if case .secret(let secret) = content { [secret] } else { [] } }

    var references: [Reference] {
        switch content {
        case .referenced(let content): content.references.map(\.reference)
        case .download(let download, let context):
            (download.references + (context?.references ?? [])).map(\.reference)
        case .bytes, .secret, .link: []
        }
    }

    var lonePath: String? {
        switch content {
        // Two spellings of one path would be written side by side.
        case .bytes, .secret, .referenced:
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
        guard let difference = try await compare(standing, isPrivate: isPrivate, now) else {
            guard !facts.isEmpty else { return .unchanged }
            // The original's services don't react to a mode or an owner alone.
            return .change(
                Change(
                    .update, facts: facts,
                    steps: [
                        // The mode too where only the owner differs: chown(2) takes setuid and setgid bits away.
                        .setAttributes(path: path, mode: wishedMode, owner: owner?.number, group: group?.number)
                    ], certainty: certainty(owner, group)))
        }
        if let found, found.kind != .file { facts.insert(Fact("kind", found.kind.rawValue, "file"), at: 0) }
        let write = difference.content.map {
            FileWrite(
                path, $0, mode: wishedMode, owner: owner?.number ?? standing?.owner,
                group: group?.number ?? standing?.group,
                keepsBackup: found != nil && !isPrivate && !isSecret && keepsBackups(path),
                template: difference.template)
        }
        return .change(
            Change(
                found == nil ? .create : .update, facts: [difference.fact] + facts,
                steps: write.map { [.write($0)] } ?? [],
                certainty: difference.certainty == .certain ? certainty(owner, group) : difference.certainty,
                marks: [mark]))
    }

    private var isSecret: Bool {
        if let mode, mode & 0o077 == 0 { return true }
        switch content {
        case .secret, .referenced: return true
        case .download(_, let context): return context.map { !$0.references.isEmpty || holdsSecret($0.value) } ?? false
        case .bytes, .link: return false
        }
    }

    // MARK: Content

    /// How the content differs, and what puts it right; nil content: not known in this dry run.
    private struct Difference {
        let fact: Fact
        var certainty = Change.Certainty.certain
        var content: FileWrite.Content?
        var template: TemplateContext?
    }

    /// Nil: what stands there is right.
    private func compare(_ standing: FileStatus?, isPrivate: Bool, _ now: Planning) async throws -> Difference? {
        switch content {
        case .link: return nil
        case .bytes(let wished): return try compare(wished, standing, isPrivate: isPrivate, now)
        case .secret(let wished): return try compare(wished, json, standing, now)
        case .referenced(let wished):
            switch try await now.resolve(wished.references) {
            case .values(let values):
                let (content, json) = try wished.filled(values)
                return try compare(content, json, standing, now)
            case .unknown(let certainty):
                let after = standing == nil ? Fact.Value.concealed : .unknown("a secret that isn't known yet")
                return Difference(
                    fact: Fact("content", standing == nil ? .absent : .concealed, after), certainty: certainty)
            }
        case .download(let wished, let context): return try await compare(wished, context, standing, now)
        }
    }

    private func compare(
        _ wished: [UInt8], _ standing: FileStatus?, isPrivate: Bool, _ now: Planning
    ) throws -> Difference? {
        guard let standing else {
            return Difference(fact: Fact("content", .absent, .content(wished)), content: .bytes(wished))
        }
        // What can't be the same and is too long for a diff isn't read.
        let isWorthReading = standing.size == wished.count || standing.size <= Self.longestDiff
        let old = isWorthReading ? try now.probe.read(path) : nil
        if let old, matches(old, wished, json) { return nil }
        let before = old.map { Fact.Value.content($0) } ?? .text("\(standing.size) bytes")
        return Difference(
            fact: isPrivate ? Fact("content", .concealed, .concealed) : Fact("content", before, .content(wished)),
            content: .bytes(wished))
    }

    private func compare(
        _ wished: Secret, _ json: JSONValue?, _ standing: FileStatus?, _ now: Planning
    ) throws -> Difference? {
        let isSame = try wished.reveal { wished in
            guard let standing, standing.size == wished.count || json != nil && standing.size <= Self.longestDiff
            else { return false }
            return try matches(now.probe.read(path), wished, json)
        }
        if isSame { return nil }
        return Difference(
            fact: Fact("content", standing == nil ? .absent : .concealed, .concealed), content: .secret(wished))
    }

    private func compare(
        _ wished: WishedDownload, _ context: ReferencedJSON?, _ standing: FileStatus?, _ now: Planning
    ) async throws -> Difference? {
        var difference = Difference(
            fact: Fact(
                "content", standing.map { .text("\($0.size) bytes") } ?? .absent,
                .text("from \(wished.bare.shownURL)")), certainty: .knownAfter("download"))
        if standing != nil, context == nil, let sum = wished.sha256 {
            // What is right already needs nobody's credentials.
            if try now.probe.sha256(path) == sum { return nil }
            difference.certainty = .certain
        }
        switch try await now.resolve(wished.references + (context?.references ?? [])) {
        case .values(let values):
            difference.content = .download(try wished.download(values))
            difference.template = try context.map { TemplateContext(try $0.filled(values)) }
        case .unknown(let certainty): difference.certainty = certainty
        }
        return difference
    }

    /// The real service hands maps over in any order: JSON that stands there with the same value is the same.
    private func matches(_ old: [UInt8], _ wished: [UInt8], _ json: JSONValue?) -> Bool {
        if old == wished { return true }
        guard let json, let standing = try? JSONParser.parse(old, name: path).value else { return false }
        return standing == json
    }

    // MARK: Links

    private func planLink(
        to target: String, _ found: FileStatus?, _ owner: FileOwner?, _ group: FileOwner?, _ now: Planning
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
