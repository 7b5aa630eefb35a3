// The keys of code-server's config.yaml, which are its flags: src/node/cli.ts, read up to release 4.145. code-server itself
// refuses to start on one that it doesn't know.

struct CodeServerKey: Sendable {
    enum Kind: Sendable, Equatable {
        case text
        /// A text that is a secret, and may be a reference.
        case secret
        /// An absolute path.
        case path
        /// Present or not: releases before 4.141.1 take `false` for true, so that one isn't written at all.
        case flag
        case number(ClosedRange<Int>)
        case choice([String])
        /// Written as a list; a single text is a list of one.
        case list
        /// `true`: code-server makes a certificate of its own; `false`: none; else its path.
        case certificate
    }

    let name: String
    let kind: Kind
    /// The first release that knows it; nil: all that are still about do.
    var since: CodeServerVersion?
    /// What to write instead.
    var deprecation: String?

    init(_ name: String, _ kind: Kind, since: CodeServerVersion? = nil, deprecation: String? = nil) {
        self.name = name
        self.kind = kind
        self.since = since
        self.deprecation = deprecation
    }

    /// In the order in which they are written.
    static let all: [CodeServerKey] = [
        CodeServerKey("bind-addr", .text),
        CodeServerKey("host", .text, deprecation: "bind-addr"),
        CodeServerKey("port", .number(1...65535), deprecation: "bind-addr"),
        CodeServerKey("socket", .path),
        CodeServerKey("socket-mode", .text, since: .init(4, 1, 0)),
        CodeServerKey("socket-fd", .number(3...1023), since: .init(4, 134, 0)),
        CodeServerKey("session-socket", .path, since: .init(4, 14, 1)),
        CodeServerKey("auth", .choice(["password", "none"])),
        CodeServerKey("password", .secret),
        CodeServerKey("hashed-password", .secret),
        CodeServerKey("cookie-suffix", .text, since: .init(4, 107, 0)),
        CodeServerKey("cert", .certificate),
        CodeServerKey("cert-key", .path),
        CodeServerKey("cert-host", .text),
        CodeServerKey("trusted-origins", .list, since: .init(4, 15, 0)),
        CodeServerKey("proxy-domain", .list),
        CodeServerKey("abs-proxy-base-path", .text, since: .init(4, 93, 1)),
        CodeServerKey("skip-auth-preflight", .flag, since: .init(4, 99, 3)),
        CodeServerKey("disable-proxy", .flag, since: .init(4, 16, 0)),
        CodeServerKey("user-data-dir", .path),
        CodeServerKey("extensions-dir", .path),
        CodeServerKey("builtin-extensions-dir", .path),
        CodeServerKey("enable-proposed-api", .list),
        CodeServerKey("enable", .list),
        CodeServerKey("vscode-option", .list, since: .init(4, 134, 0)),
        CodeServerKey("app-name", .text, since: .init(4, 8, 0)),
        CodeServerKey("welcome-text", .text, since: .init(4, 8, 0), deprecation: "i18n"),
        CodeServerKey("i18n", .path, since: .init(4, 102, 0)),
        CodeServerKey("locale", .text),
        CodeServerKey("log", .choice(["trace", "debug", "info", "warn", "error"])),
        CodeServerKey("verbose", .flag),
        CodeServerKey("github-auth", .secret, since: .init(4, 1, 0)),
        CodeServerKey("link-protection-trusted-domains", .list, since: .init(4, 100, 0)),
        CodeServerKey("disable-telemetry", .flag),
        CodeServerKey("disable-update-check", .flag),
        CodeServerKey("disable-file-downloads", .flag),
        CodeServerKey("disable-file-uploads", .flag, since: .init(4, 20, 0)),
        CodeServerKey("disable-file-cache", .flag, since: .init(4, 145, 0)),
        CodeServerKey("disable-workspace-trust", .flag, since: .init(4, 8, 0)),
        CodeServerKey("disable-getting-started-override", .flag, since: .init(4, 8, 2)),
        CodeServerKey("enable-remote-storage", .flag, since: .init(4, 141, 0)),
        CodeServerKey("ignore-last-opened", .flag),
        // 60 and less is refused.
        CodeServerKey("idle-timeout-seconds", .number(61...31_536_000), since: .init(4, 106, 0)),
        CodeServerKey("reconnection-grace-time", .number(0...31_536_000), since: .init(4, 113, 0)),
    ]

    static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    /// Lists in config.yaml with more than one member.
    static let listsSince = CodeServerVersion(4, 100, 0)

    /// Flags with which code-server does something else than serve, and ends; as keys of its file they would do so at each start.
    static let commands: [String: String] = [
        "install-extension": "list it in \u{201C}extensions\u{201D} beside \u{201C}config\u{201D}",
        "uninstall-extension": "uninstall it by hand",
        "list-extensions": "leave it out", "show-versions": "leave it out", "locate-extension": "leave it out",
        "category": "leave it out", "help": "leave it out", "version": "leave it out", "json": "leave it out",
        "force": "leave it out", "open": "leave it out", "new-window": "leave it out", "reuse-window": "leave it out",
        "config": "its place is ours: .config/code-server/config.yaml in the user's home",
    ]

    /// Spellings of releases long gone.
    static let gone: [String: String] = [
        "no-auth": "\u{201C}auth\u{201D}: \u{201C}none\u{201D}",
        "allow-http": "\u{201C}cert\u{201D}: false, which is the default",
        "data-dir": "\u{201C}user-data-dir\u{201D}",
        "domain-proxy": "\u{201C}proxy-domain\u{201D}",
        "trusted-origin": "\u{201C}trusted-origins\u{201D}",
        "link": "a proxy of your own: the service behind it was shut down",
        "extra-extensions-dir": "\u{201C}extensions-dir\u{201D}",
    ]
}
