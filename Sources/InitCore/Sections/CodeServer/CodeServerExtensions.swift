// extensions: installed by code-server itself, as the user. What is there is read from its own list, nothing is started for it.

/// `PUBLISHER.NAME`, or with `@VERSION`.
struct CodeServerExtension: Sendable, Equatable {
    let id: String
    let version: String?

    var spec: String { version.map { "\(id)@\($0)" } ?? id }

    /// Nil after a complaint.
    init?(_ text: String, at path: DocumentPath, _ diagnostics: inout Diagnostics) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let names = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        guard names.count == 2, names.allSatisfy(Self.isPlain), parts.count == 1 || Self.isPlain(parts[1][...]) else {
            diagnostics.error(
                path,
                "\u{201C}\(text)\u{201D} is no extension's name; PUBLISHER.NAME is one, and PUBLISHER.NAME@VERSION, as ms-python.python"
            )
            return nil
        }
        id = parts[0]
        version = parts.count > 1 ? parts[1] : nil
    }

    private static func isPlain(_ text: Substring) -> Bool {
        guard let first = text.first, first != "-" else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_.+".utf8.contains(byte)
            }
        }
    }
}

struct CodeServerExtensions: Resource {
    let id: ResourceID
    let instance: CodeServerInstance
    let program: CodeServerProgram

    var runsSideBySide: Bool { true }

    func plan(_ now: Planning) async throws -> Plan {
        let home: CodeServerHome
        switch try await CodeServerHome.of(instance, now) {
        case .home(let found): home = found
        case .later(let certainty):
            let facts = instance.extensions.map { Fact($0.id, nil, $0.version ?? "installed") }
            return .change(Change(.update, facts: facts, steps: [], certainty: certainty))
        }
        let installed = try installed(home, now)
        let missing = instance.extensions.filter { wish in
            guard let version = installed[wish.id.lowercased()] else { return true }
            return wish.version.map { $0 != version } ?? false
        }
        guard !missing.isEmpty else { return .unchanged }
        let facts = missing.map { Fact($0.id, installed[$0.id.lowercased()], $0.version ?? "installed") }
        let (path, certainty) = try program.path(now)
        guard certainty == .certain else {
            return .change(Change(.update, facts: facts, steps: [], certainty: certainty))
        }
        return .change(Change(.update, facts: facts, steps: [.run(command(missing, path, home))]))
    }

    private func command(_ missing: [CodeServerExtension], _ program: String, _ home: CodeServerHome) -> Command {
        let names = missing.map(\.spec)
        var words = [program, "--config", home.configuration, "--extensions-dir", home.extensions]
        // Without it a version beside the one that is installed is asked about.
        if missing.contains(where: { $0.version != nil }) { words.append("--force") }
        words += names.flatMap { ["--install-extension", $0] }
        // Nothing of our environment: what a user's program sees, the user sees.
        var command = Command(
            "Install \(names.joined(separator: ", ")) for \(home.account.name)", .arguments(words),
            environment: .only([
                "HOME": Secret(home.path), "USER": Secret(home.account.name), "LOGNAME": Secret(home.account.name),
                "PATH": Secret("/usr/local/bin:/usr/bin:/bin"), "LANG": Secret("C.UTF-8"),
            ]), user: home.account.name, timeout: 600)
        command.retries = 2
        return command
    }

    /// Versions by lower-case id. By the directories' names where there is no list yet, as with releases of old.
    private func installed(_ home: CodeServerHome, _ now: Planning) throws -> [String: String] {
        var versions: [String: String] = [:]
        let list = home.extensions + "/extensions.json"
        if let found = try now.probe.status(list), found.kind == .file,
            case .array(let items)? = try? JSONParser.parse(now.probe.read(list, found), name: list).value
        {
            for item in items.map({ JSONNode($0) }) {
                guard case .string(let id)? = item["identifier"]?["id"]?.value,
                    case .string(let version)? = item["version"]?.value
                else { continue }
                versions[id.lowercased()] = version
            }
            return versions
        }
        for name in try now.probe.names(home.extensions) {
            guard let hyphen = name.firstRange(of: "-", before: { $0.isNumber }) else { continue }
            versions[name[..<hyphen].lowercased()] = name[name.index(after: hyphen)...].prefix { $0 != "-" } + ""
        }
        return versions
    }
}

extension String {
    /// The first hyphen that a digit follows: `ms-python.python-2024.1.0`.
    fileprivate func firstRange(of sign: Character, before isWanted: (Character) -> Bool) -> Index? {
        indices.first { place in
            let next = index(after: place)
            return self[place] == sign && next < endIndex && isWanted(self[next])
        }
    }
}
