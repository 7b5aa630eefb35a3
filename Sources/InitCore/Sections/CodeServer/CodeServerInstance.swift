// One item of `instances`: whose IDE it is, and all that belongs to it.

struct CodeServerInstance: Sendable {
    static let keys = [
        "user", "config", "hashPassword", "certificate", "settings", "enforce", "extensions", "folder",
        "instanceMetadata", "adopt",
    ]

    let name: String
    let user: String
    let configuration: CodeServerConfiguration
    /// Of the section certificates.
    let certificate: CertificatePlace?
    let settings: JSONObject
    let enforcesSettings: Bool
    let extensions: [CodeServerExtension]
    /// With `~` for the home still in it.
    let folder: String?
    let reachesInstanceMetadata: Bool
    let adopts: Bool

    var unit: String { "ide-init-code-server@\(name).service" }

    /// Nil after a complaint that leaves nothing to go on with.
    init?(
        _ name: String, _ node: JSONNode, version: CodeServerVersion?, _ input: SectionInput,
        _ diagnostics: inout Diagnostics
    ) {
        _ = node.map(&diagnostics)
        node.checkKeys(Self.keys + ["count"], &diagnostics)
        // What systemd takes in a unit's name without escapes.
        let isName = name.utf8.allSatisfy {
            $0 < 0x80
                && (Character(Unicode.Scalar($0)).isLetter || Character(Unicode.Scalar($0)).isNumber
                    || "._-".utf8.contains($0))
        }
        guard isName, !name.isEmpty, !name.hasPrefix(".") else {
            diagnostics.error(
                node.path,
                "\u{201C}\(name)\u{201D} can't be a unit's name; letters, digits, hyphens, points and underscores can, with the account as \u{201C}user\u{201D}"
            )
            return nil
        }
        self.name = name
        user = node.given("user")?.text(&diagnostics) ?? name
        if user.isEmpty || user == "root" {
            diagnostics.error(
                node.given("user")?.path ?? node.path,
                user.isEmpty
                    ? "no user stands here"
                    : "an IDE of root hands the machine to whoever knows its password; name another user")
        }
        var configuration = CodeServerConfiguration(
            node.given("config"), of: node, version: version, &diagnostics)
        certificate = node.given("certificate").flatMap { input.certificate($0, &diagnostics) }
        for key in ["cert", "cert-key"] where certificate != nil && configuration.values[key] != nil {
            diagnostics.error(
                node.path, "\u{201C}certificate\u{201D} and \u{201C}\(key)\u{201D} both stand here; give one of the two"
            )
        }
        if certificate != nil {
            let directory = "/run/credentials/ide-init-code-server@\(name).service"
            configuration.fill("cert", "\(directory)/\(CodeServerUnit.certificate)")
            configuration.fill("cert-key", "\(directory)/\(CodeServerUnit.key)")
        }
        if let version, let key = CodeServerKey.byName["cookie-suffix"], let since = key.since, version >= since {
            configuration.fill(key.name, name)
        }
        self.configuration = configuration
        settings = node.given("settings").map { CodeServerSettings.wished($0, &diagnostics) } ?? JSONObject()
        enforcesSettings = node.given("enforce")?.flag(&diagnostics) ?? false
        extensions = (node.given("extensions")?.texts(&diagnostics) ?? []).enumerated().compactMap { index, text in
            let path = node["extensions"].map { $0.isList ? $0.path.appending(index) : $0.path } ?? node.path
            return CodeServerExtension(text, at: path, &diagnostics)
        }
        folder = node.given("folder").flatMap { folder in
            guard let text = folder.text(&diagnostics) else { return nil }
            if text == "~" { return text }
            if text.hasPrefix("~/") {
                return plainPath("/" + text.dropFirst(2), folder, &diagnostics).map { "~" + $0 }
            }
            if text.hasPrefix("/") { return plainPath(text, folder, &diagnostics) }
            diagnostics.error(
                folder.path, "the folder isn't absolute; write it from / on, or from ~/ on for the user's home")
            return nil
        }
        var reaches = false
        if let node = node.given("instanceMetadata"), let text = node.text(&diagnostics) {
            reaches = text == "allow"
            if !["allow", "deny"].contains(text) {
                diagnostics.error(node.path, "\u{201C}\(text)\u{201D} isn't known here; deny and allow are")
            }
        }
        reachesInstanceMetadata = reaches
        adopts = node.given("adopt")?.flag(&diagnostics) ?? false
    }
}
