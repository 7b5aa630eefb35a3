// install: a release of code-server, pinned. From an archive: releases lie side by side, and `current` leads to the one that is
// used; or by the distribution's package manager, from a .deb or .rpm.

struct CodeServerInstall: Sendable {
    static let name = "install"
    private static let keys = ["version", "source", "sha256", "directory", "keep"]

    enum Kind: Sendable {
        case archive
        case deb
        case rpm
    }

    let version: CodeServerVersion
    let source: WishedDownload
    let kind: Kind
    /// Of archives.
    let directory: String
    /// How many releases stay, the one that is used among them.
    let keep: Int

    #if arch(arm64)
        private static let architecture = "arm64"
    #else
        private static let architecture = "amd64"
    #endif

    /// Nil after a complaint.
    init?(_ node: JSONNode, _ input: SectionInput, _ diagnostics: inout Diagnostics) {
        _ = node.map(&diagnostics)
        node.checkKeys(Self.keys, &diagnostics)
        guard node.isMap else { return nil }
        var version: CodeServerVersion?
        if let member = node.given("version"), let text = member.text(&diagnostics) {
            version = CodeServerVersion(text.hasPrefix("v") ? String(text.dropFirst()) : text)
            if version == nil {
                diagnostics.error(member.path, "\u{201C}\(text)\u{201D} is no release of code-server; 4.145.0 is one")
            }
        } else if node.given("version") == nil {
            diagnostics.error(
                node.path,
                "there is no \u{201C}version\u{201D} in it, and what is installed is to stay the same; 4.145.0 is one")
        }
        var directory = CodeServerProgram.directory
        if let member = node.given("directory"), let text = member.text(&diagnostics) {
            directory = plainPath(text, member, &diagnostics) ?? directory
        }
        self.directory = directory
        keep = node.given("keep")?.whole(&diagnostics, 1...100) ?? 2
        guard let version else { return nil }
        self.version = version
        let text = node.given("source")?.text(&diagnostics) ?? Self.release(version)
        let wished = WishedDownload(
            node.given("source") ?? node, text, of: node, input.authentication, named: nil, &diagnostics)
        guard let wished else { return nil }
        source = wished
        let path = text.prefix { $0 != "?" && $0 != "#" }.lowercased()
        kind = path.hasSuffix(".deb") ? .deb : path.hasSuffix(".rpm") ? .rpm : .archive
        if kind != .archive, let member = node.given("directory") ?? node.given("keep") {
            diagnostics.warning(member.path, "a package has a place of its own, and one release at a time")
        }
        if source.sha256 == nil {
            diagnostics.warning(
                node.path,
                "there is no \u{201C}sha256\u{201D}, so whatever comes from \(source.bare.shownURL) is run; its release page has the sums"
            )
        }
    }

    /// Where the project keeps its releases.
    private static func release(_ version: CodeServerVersion) -> String {
        "https://github.com/coder/code-server/releases/download/v\(version)/code-server-\(version)-linux-\(architecture).tar.gz"
    }

    var place: String { "\(directory)/\(version)" }
    var current: String { "\(directory)/current" }

    var program: CodeServerProgram {
        CodeServerProgram(
            installed: kind == .archive ? "\(current)/bin/code-server" : "/usr/bin/code-server", version: version)
    }
}

/// An archive beside those of other releases, and the link that leads to it.
struct CodeServerArchive: Resource {
    let id: ResourceID
    let install: CodeServerInstall
    let ownership: OwnershipMark

    /// Beside a release's directory: those that have one are ours. It is there before the release, or a run that is killed would
    /// leave one that is nobody's.
    static let ownershipPrefix = ".ide-init-"

    var references: [Reference] { install.source.references.map(\.reference) }

    func plan(_ now: Planning) async throws -> Plan {
        let link = try now.probe.status(install.current)
        if let link, link.kind != .link {
            throw Failure(
                .refused,
                "\(install.current) is a \(link.kind.rawValue), and a link to the release that is used has to stand there; move it away"
            )
        }
        let target = try link.map { _ in try now.probe.linkTarget(install.current) }
        let isThere = try now.probe.status(install.place + "/bin/code-server") != nil
        if isThere, target == "\(install.version)" { return .unchanged }
        var facts = [Fact("version", target, "\(install.version)")]
        var steps: [Step] = []
        if !isThere {
            facts.append(Fact("source", nil, install.source.bare.shownURL))
            switch try await now.resolve(install.source.references) {
            case .unknown(let certainty):
                return .change(Change(.update, facts: facts, steps: [], certainty: certainty))
            case .values(let values):
                steps = [
                    .write(
                        FileWrite(
                            "\(install.directory)/\(Self.ownershipPrefix)\(install.version)",
                            .bytes(Array("# \(ownership.header)\n".utf8)), mode: 0o644, owner: 0, group: 0,
                            keepsBackup: false)),
                    .unpack(
                        Unpacking(
                            .download(try install.source.download(values)), to: install.place, stripsTopLevel: true,
                            takesOver: true)),
                ]
            }
        }
        let opening = try opening(now)
        facts += opening.facts
        steps +=
            opening.steps + [
                .run(check),
                .link(LinkWrite(install.current, target: "\(install.version)", owner: 0, group: 0, keepsBackup: false)),
            ]
        return .change(Change(target == nil ? .create : .update, facts: facts, steps: steps))
    }

    /// A run under a narrow umask may have left directories that nobody else enters, and then the check fails for ever.
    private func opening(_ now: Planning) throws -> (facts: [Fact], steps: [Step]) {
        let closed = try [install.directory, install.place].compactMap { path in
            try now.probe.status(path).flatMap { $0.kind == .directory && $0.mode & 0o555 != 0o555 ? (path, $0) : nil }
        }
        return (
            closed.map { path, found in Fact("mode of \(path)", octal(found.mode), octal(found.mode | 0o555)) },
            closed.map { path, found in
                .setAttributes(path: path, mode: found.mode | 0o555, owner: nil, group: nil)
            }
        )
    }

    /// Whether it runs here at all, before anybody depends on it: releases have needed newer and newer C libraries. As
    /// nobody, and with a configuration that is empty, or it would write one into its home.
    private var check: Command {
        var command = Command(
            "Start code-server \(install.version) for its version",
            .arguments([install.place + "/bin/code-server", "--config", "/dev/null", "--version"]),
            environment: .only(["HOME": Secret("/nonexistent"), "PATH": Secret("/usr/local/bin:/usr/bin:/bin")]),
            user: "nobody", timeout: 60)
        command.retries = 1
        return command
    }
}
