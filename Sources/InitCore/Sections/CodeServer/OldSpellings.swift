// Command lines for releases of code-server long gone, as many an article still has them: what each is now.

enum OldSpellings {
    /// By flag, with what has become of it.
    private static let flags: [(flag: String, now: String)] = [
        ("--no-auth", "is gone: auth: none in config.yaml, where the default is a password"),
        ("--password", "is refused on a command line, where everybody can read it: it belongs into config.yaml"),
        ("--hashed-password", "is refused on a command line, where everybody can read it: it belongs into config.yaml"),
        (
            "--disable-telemetry",
            "says less than it did: it is a key of config.yaml, and telemetry.telemetryLevel: off a setting for the extensions too"
        ),
        ("--allow-http", "is gone: without cert there is no TLS"),
        ("--data-dir", "is gone: --user-data-dir"),
        ("--port", "is deprecated: --bind-addr ADDRESS:PORT"),
        ("--host", "is deprecated: --bind-addr ADDRESS:PORT"),
        ("--link", "is gone, and the service behind it too"),
    ]

    private static let advice = "; the section codeServer writes what today's code-server reads"

    /// - Parameter text: a command, or a script of several.
    static func warn(of text: String, at path: DocumentPath, _ diagnostics: inout Diagnostics) {
        guard text.contains("code-server") else { return }
        var told: Set<String> = []
        for line in text.replacing("\\\n", with: " ").split(whereSeparator: { $0.isNewline || ";|&".contains($0) }) {
            let words = line.split(whereSeparator: { $0.isWhitespace || $0 == "\"" || $0 == "'" }).map(
                String.init)
            guard let place = words.firstIndex(where: isProgram) else { continue }
            let isImage = words[..<place].contains("docker") || words[..<place].contains("podman")
            for (flag, now) in flags {
                let isThere = words[place...].contains { $0 == flag || $0.hasPrefix(flag + "=") }
                if isThere, told.insert(flag).inserted {
                    diagnostics.warning(path, "code-server's \(flag) \(now)\(advice)")
                }
            }
            guard isImage, words[..<place].contains("run") else { continue }
            if words.contains(where: { $0 == "8443" || $0.hasSuffix(":8443") || $0.hasSuffix("port=8443") }),
                told.insert("8443").inserted
            {
                diagnostics.warning(path, "the image of code-server listens at 8080 since its release 2, not at 8443")
            }
            if words.contains(where: { $0.contains(":/root/") || $0.hasSuffix(":/root") }), told.insert("root").inserted
            {
                diagnostics.warning(
                    path, "the image of code-server runs as the user coder (1000) in /home/coder, not as root")
            }
        }
    }

    /// The program, or an image of it: `code-server`, `/opt/code-server/code-server`, `codercom/code-server:1.1156`.
    private static func isProgram(_ word: String) -> Bool {
        let name = word.split(separator: "/").last.map { $0.prefix { $0 != ":" && $0 != "@" } } ?? ""
        return name == "code-server" && !word.hasSuffix("/") && !word.contains("://")
    }
}
