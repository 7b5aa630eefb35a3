/// The code-server that an instance runs: the one that `install` brings, else the one that is there.
struct CodeServerProgram: Sendable, Equatable {
    /// Of `install`.
    let installed: String?
    let version: CodeServerVersion?

    static let directory = "/opt/code-server"
    private static let places = [
        "\(directory)/current/bin/code-server", "/usr/bin/code-server", "/usr/local/bin/code-server",
    ]

    /// - Throws: where there is none, and nothing before it in this run could bring one.
    func path(_ now: Planning) throws -> (path: String, certainty: Change.Certainty) {
        if let installed {
            let earlier = now.ledger.awaits("codeServer", CodeServerInstall.name)
            return (installed, earlier.map { .knownAfter("\($0)") } ?? .certain)
        }
        if let found = try Self.places.first(where: { try now.probe.status($0) != nil }) { return (found, .certain) }
        if let earlier = now.ledger.awaits("packages", "sources", "files", "commands") {
            return (Self.places[0], .knownAfter("\(earlier)"))
        }
        throw Failure(
            .host,
            "there is no code-server at \(Self.places.joined(separator: ", ")); have it installed: \u{201C}install\u{201D}: {\u{201C}version\u{201D}: …} beside \u{201C}instances\u{201D}"
        )
    }

    /// As the release itself says, in its package.json.
    func version(_ now: Planning) throws -> CodeServerVersion? {
        if let version { return version }
        for place in ["\(Self.directory)/current/package.json", "/usr/lib/code-server/package.json"] {
            guard try now.probe.status(place)?.kind == .file,
                case .string(let text)? = try? JSONNode(JSONParser.parse(now.probe.read(place), name: place).value)[
                    "version"]?.value
            else { continue }
            return CodeServerVersion(text)
        }
        return nil
    }
}
