/// The code-server that an instance runs: the one that `install` brings, else the one that is there.
struct CodeServerProgram: Sendable, Equatable {
    /// Of `install`.
    let installed: String?
    let version: CodeServerVersion?

    static let directory = "/opt/code-server"
    private static let packaged = "/usr/bin/code-server"
    private static let packagedDescription = "/usr/lib/code-server/package.json"
    private static let places = ["\(directory)/current/bin/code-server", packaged, "/usr/local/bin/code-server"]

    /// - Throws: where there is none, and nothing before it in this run could bring one.
    func path(_ now: Planning) throws -> (path: String, certainty: Change.Certainty) {
        if let installed { return (installed, Self.awaited(now.ledger).map { .knownAfter("\($0)") } ?? .certain) }
        if let found = try Self.places.first(where: { try now.probe.status($0) != nil }) { return (found, .certain) }
        if let earlier = Self.awaited(now.ledger) ?? now.ledger.awaits("packages", "sources", "files", "commands") {
            return (Self.places[0], .knownAfter("\(earlier)"))
        }
        throw Failure(
            .host,
            "there is no code-server at \(Self.places.joined(separator: ", ")); have it installed: \u{201C}install\u{201D}: {\u{201C}version\u{201D}: …} beside \u{201C}instances\u{201D}"
        )
    }

    /// What a dry run hasn't carried out, in whatever config, and what would bring another release.
    private static func awaited(_ ledger: Ledger) -> ResourceID? {
        ledger.awaits(codeServerSection.key, CodeServerInstall.name)
            ?? ledger.awaits("packages") { $0.hasSuffix("/code-server") }
    }

    /// What an instance would run if it were started now. Asked of the host and not of the document, since a run may leave out
    /// what installs it, and whoever upgrades it may be somebody else. Nil: it doesn't say.
    func release(at path: String, _ now: Planning) throws -> (name: String?, certainty: Change.Certainty) {
        if let earlier = Self.awaited(now.ledger) {
            return version.map { ("\($0)", .certain) } ?? (nil, .knownAfter("\(earlier)"))
        }
        let top = parent(of: parent(of: path))
        if top.hasSuffix("/current"), try now.probe.status(top)?.kind == .link {
            return (try now.probe.linkTarget(top).split(separator: "/").last.map(String.init), .certain)
        }
        let file = path == Self.packaged ? Self.packagedDescription : top + "/package.json"
        return (try Self.version(in: file, now)?.description, .certain)
    }

    /// As the release itself says, in its package.json.
    func version(_ now: Planning) throws -> CodeServerVersion? {
        if let version { return version }
        for place in ["\(Self.directory)/current/package.json", Self.packagedDescription] {
            if let version = try Self.version(in: place, now) { return version }
        }
        return nil
    }

    private static func version(in file: String, _ now: Planning) throws -> CodeServerVersion? {
        guard try now.probe.status(file)?.kind == .file,
            case .string(let text)? = try? JSONNode(JSONParser.parse(now.probe.read(file), name: file).value)[
                "version"]?.value
        else { return nil }
        return CodeServerVersion(text)
    }
}
