// All files of one instance: the home's directories, config.yaml, settings.json, the unit's drop-in. One item of the report, so
// that a hundred users are a hundred items, carried out side by side.

/// What one of its files asks for.
struct CodeServerPart {
    var facts: [Fact] = []
    var steps: [Step] = []
    /// The process has to read it anew.
    var needsRestart = false
    var certainty = Change.Certainty.certain
    /// Why it is left as it is.
    var note: String?
}

struct CodeServerInstanceFiles: Resource {
    let id: ResourceID
    let instance: CodeServerInstance
    let program: CodeServerProgram
    let ownership: OwnershipMark
    let mark: Mark

    var runsSideBySide: Bool { true }
    var claims: [String] {
        ["the instance \(instance.name)", "an instance of the user \(instance.user)"]
            + [instance.address].compactMap(\.self).map { "an instance at \($0)" }
    }
    var secrets: [Secret] { instance.configuration.secrets }
    var references: [Reference] { instance.configuration.references.map(\.reference) }

    func plan(_ now: Planning) async throws -> Plan {
        let home: CodeServerHome
        switch try await CodeServerHome.of(instance, now) {
        case .home(let found): home = found
        case .later(let certainty):
            var facts = [Fact("user", nil, instance.user)]
            if let address = instance.configuration.address { facts.append(Fact("bind-addr", nil, address.text)) }
            return .change(Change(.create, facts: facts, steps: [], certainty: certainty, marks: [mark]))
        }
        let (path, ofProgram) = try program.path(now)
        let file = CodeServerConfigFile(
            instance: instance, ownership: ownership, configuration: try configuration(now))
        let parts = [
            try directories(home, now), try await file.plan(home, now),
            try CodeServerSettingsFile(instance: instance).plan(home, now), try dropIn(home, path, now),
        ]
        return plan(parts, ofProgram, isNew: try now.probe.status(CodeServerUnit.dropIn(instance.unit)) == nil)
    }

    private func plan(_ parts: [CodeServerPart], _ ofProgram: Change.Certainty, isNew: Bool) -> Plan {
        let facts = parts.flatMap(\.facts)
        let steps = parts.flatMap(\.steps)
        let certainty = parts.map(\.certainty).first { $0 != .certain } ?? .certain
        let notes = parts.compactMap(\.note)
        if facts.isEmpty, steps.isEmpty, certainty == .certain {
            return notes.isEmpty ? .unchanged : .noted(notes.joined(separator: "; "))
        }
        // Half of it would be a file without the others.
        return .change(
            Change(
                isNew ? .create : .update, facts: facts + notes.map { Fact("settings", nil, $0) },
                steps: certainty == .certain ? steps : [],
                certainty: certainty == .certain && isNew ? ofProgram : certainty,
                marks: parts.contains { $0.needsRestart || $0.certainty != .certain } ? [mark] : []))
    }

    /// Where the document doesn't say which code-server it is, the one that is there tells what it knows.
    private func configuration(_ now: Planning) throws -> CodeServerConfiguration {
        var configuration = instance.configuration
        if program.version == nil, let since = CodeServerKey.byName["cookie-suffix"]?.since,
            let version = try program.version(now), version >= since
        {
            configuration.fill("cookie-suffix", instance.name)
        }
        return configuration
    }

    private func directories(_ home: CodeServerHome, _ now: Planning) throws -> CodeServerPart {
        var part = CodeServerPart(steps: try home.missingDirectories(now))
        if let folder = home.folder, part.steps.contains(where: { $0.makes(folder) }) {
            part.facts.append(Fact("folder", nil, folder))
        }
        if part.steps.contains(where: { $0.makes(home.path) }) { part.facts.append(Fact("home", nil, home.path)) }
        if part.facts.isEmpty, let first = part.steps.first, case .makeDirectory(let path, _, _, _, _) = first {
            part.facts.append(Fact("directory", nil, path))
        }
        return part
    }

    private func dropIn(_ home: CodeServerHome, _ program: String, _ now: Planning) throws -> CodeServerPart {
        let path = CodeServerUnit.dropIn(instance.unit)
        let release = try self.program.release(at: program, now)
        let wished = Array(
            CodeServerUnit.dropIn(
                instance, home, program: program, release: release.name, shell: try shell(now), ownership
            ).utf8)
        let found = try now.probe.status(path)
        let old = try found.map { try $0.kind == .file ? now.probe.read(path) : [] }
        if let old, OwnershipMark(ofFile: old) == nil, !instance.adopts {
            throw Failure(
                .refused,
                "\(path) isn't ours: it has no line that says so; to have it replaced, write \u{201C}adopt\u{201D}: true beside \u{201C}config\u{201D}"
            )
        }
        if let old, release.certainty != .certain {
            let running = CodeServerUnit.release(ofDropIn: old).map(Fact.Value.text) ?? .absent
            return CodeServerPart(
                facts: [Fact("code-server", running, .unknown("perhaps another"))], certainty: release.certainty)
        }
        guard old != wished else { return CodeServerPart() }
        let isOfAnother = old.map { $0.drop { $0 != 0x0A } == wished.drop { $0 != 0x0A } } ?? false
        return CodeServerPart(
            facts: [Fact("unit", old.map(Fact.Value.content) ?? .absent, .content(wished))],
            steps: [.write(FileWrite(path, .bytes(wished), mode: 0o644, owner: 0, group: 0, keepsBackup: false))],
            needsRestart: !isOfAnother)
    }

    /// For a terminal, where the account has none to log in with, as those that the section users makes: nil: its own.
    private func shell(_ now: Planning) throws -> String? {
        guard try now.probe.status("/etc/passwd")?.kind == .file else { return nil }
        let text = String(decoding: try now.probe.read("/etc/passwd"), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix(instance.user + ":") }
        guard let shell = line?.split(separator: ":", omittingEmptySubsequences: false).last,
            shell.hasSuffix("/nologin") || shell.hasSuffix("/false")
        else { return nil }
        return try now.probe.status("/bin/bash") == nil ? "/bin/sh" : "/bin/bash"
    }
}

extension Step {
    fileprivate func makes(_ directory: String) -> Bool {
        if case .makeDirectory(directory, _, _, _, _) = self { true } else { false }
    }
}
