// HOME/.config/code-server/config.yaml: ours alone, 0600, the user's. Each value stands in its line as JSON, which YAML includes.

struct CodeServerConfigFile {
    let instance: CodeServerInstance
    let ownership: OwnershipMark
    /// Filled in where the document leaves it to the code-server that is installed.
    let configuration: CodeServerConfiguration

    /// - Throws: `Failure` where a file stands there that isn't ours.
    func plan(_ home: CodeServerHome, _ now: Planning) async throws -> CodeServerPart {
        let path = home.configuration
        let found = try now.probe.status(path)
        if let found, found.kind != .file {
            throw Failure(.refused, "\(path) is a \(found.kind.rawValue), and a file is wanted; move it away")
        }
        let old = try found.map { try now.probe.read(path, $0) } ?? []
        if found != nil, OwnershipMark(ofFile: old) == nil, !instance.adopts {
            throw Failure(
                .refused,
                "\(path) isn't ours: it has no line that says so; to have it replaced, write \u{201C}adopt\u{201D}: true beside \u{201C}config\u{201D}"
            )
        }
        let values: ReferenceValues
        switch try await now.resolve(configuration.references) {
        case .values(let found): values = found
        case .unknown(let certainty): return CodeServerPart(facts: facts(Self.read(old), nil), certainty: certainty)
        }
        let entries = try entries(values, old: Self.read(old), now)
        let text = entries.reduce(into: Array("# \(ownership.header)\n".utf8)) { text, entry in
            text += Array("\(entry.key): ".utf8)
            entry.value.reveal { text += $0 }
            text.append(UInt8(ascii: "\n"))
        }
        var part = CodeServerPart(facts: facts(Self.read(old), entries))
        part.needsRestart = !part.facts.isEmpty
        part.facts += found.map { home.ownerFacts($0, mode: 0o600) } ?? []
        if old != text, part.facts.isEmpty { part.facts.append(Fact("made by", nil, ownership.owner)) }
        if !part.facts.isEmpty {
            // For a mode or owner too: a change of those by path could be led elsewhere by the user.
            part.steps = [
                home.write(path, .secret(Secret(text)), mode: 0o600, owner: home.account.id, group: home.account.group)
            ]
        }
        return part
    }

    // MARK: Lines

    private typealias Entry = (key: String, value: Secret)

    private func entries(_ values: ReferenceValues, old: [String: String], _ now: Planning) throws -> [Entry] {
        try CodeServerKey.all.compactMap { key in
            switch configuration.values[key.name] {
            case nil: return nil
            case .plain(let text)?: return (key.name, Secret(text))
            case .secret(let text)?:
                let value = try text.filledText(values)
                try configuration.check(Secret(value), of: key, at: text.path)
                guard key.name == "password", configuration.hashesPassword, configuration.asksForPassword else {
                    return (key.name, Secret(JSONValue.string(value).pythonText))
                }
                let hash = try hashed(Secret(value), old: old["hashed-password"], now)
                return (
                    "hashed-password",
                    Secret(hash.reveal { JSONValue.string(String(decoding: $0, as: UTF8.self)).pythonText })
                )
            }
        }
    }

    /// The one that stands there, if it is of this password.
    private func hashed(_ password: Secret, old: String?, _ now: Planning) throws -> Secret {
        // Of the user's own making, perhaps: what code-server wouldn't read is none.
        if let old, case .string(let hash)? = try? JSONParser.parse(Array(old.utf8), name: "").value,
            hash.hasPrefix("$argon2"), try now.probe.passwordMatches(password, hash)
        {
            return Secret(hash)
        }
        return try now.probe.hashPassword(password, .argon2id)
    }

    /// Key by key; of what isn't known yet all that is wished for.
    private func facts(_ old: [String: String], _ new: [Entry]?) -> [Fact] {
        let names = CodeServerKey.all.map(\.name)
        let written = new.map { Dictionary(uniqueKeysWithValues: $0.map { ($0.key, $0.value) }) }
        return names.compactMap { name in
            let isSecret = CodeServerKey.byName[name]?.kind == .secret
            let before = old[name].map { isSecret ? Fact.Value.concealed : .text(Self.shown($0)) } ?? .absent
            guard let written else {
                guard let value = configuration.values[name], old[name] == nil else { return nil }
                if case .plain(let text) = value { return Fact(name, before, .text(Self.shown(text))) }
                return Fact(name, before, .concealed)
            }
            guard let after = written[name]?.reveal({ String(decoding: $0, as: UTF8.self) }) else {
                return old[name] == nil ? nil : Fact(name, before, .absent)
            }
            return after == old[name] ? nil : Fact(name, before, isSecret ? .concealed : .text(Self.shown(after)))
        }
    }

    private static func shown(_ value: String) -> String {
        if case .string(let text)? = try? JSONParser.parse(Array(value.utf8), name: "").value { return text }
        return value
    }

    /// Keys and what stands behind them, of a file that we wrote or that people wrote as simply.
    private static func read(_ bytes: [UInt8]) -> [String: String] {
        var values: [String: String] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) where line.first != "#" {
            guard let colon = line.firstRange(of: ": ") else { continue }
            values[String(line[..<colon.lowerBound])] = String(line[colon.upperBound...])
        }
        return values
    }
}

extension CodeServerHome {
    func ownerFacts(_ found: FileStatus, mode: UInt16) -> [Fact] {
        var facts: [Fact] = []
        if found.mode != mode { facts.append(Fact("mode", octal(found.mode), octal(mode))) }
        if found.owner != account.id { facts.append(Fact("owner", "\(found.owner)", "\(account.id)")) }
        if found.group != account.group { facts.append(Fact("group", "\(found.group)", "\(account.group)")) }
        return facts
    }
}
