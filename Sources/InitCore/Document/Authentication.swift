// AWS::CloudFormation::Authentication: who asks for a download. Named entries beside Init: basic for hosts, S3 for buckets.

package struct Authentication: Sendable {
    package static let key = "AWS::CloudFormation::Authentication"

    package enum Credentials: Sendable, Equatable {
        case basic(user: ReferencedText, password: ReferencedText)
        case keys(id: ReferencedText, secret: ReferencedText)
        case role(String)

        var references: [NamedReference] {
            switch self {
            case .basic(let user, let password): user.references + password.references
            case .keys(let id, let secret): id.references + secret.references
            case .role: []
            }
        }

        var isBasic: Bool { if case .basic = self { true } else { false } }
    }

    private struct Entry {
        let name: String
        let credentials: Credentials
        let uris: [CoveredURI]
        let buckets: [String]
    }

    static let none = Authentication()

    /// By name: the real service hands maps over in any order.
    private var entries: [Entry] = []
    /// Named in the document, but of no use.
    private var ignored: Set<String> = []

    private init() {}

    /// - Parameter node: the block's value, seen from the whole metadata.
    init(_ node: JSONNode, _ diagnostics: inout Diagnostics) {
        let members = node.map(&diagnostics).sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        for (name, entry) in members where entry.value != .null {
            guard entry.isMap else {
                entry.complain("a map with type, and what that type needs", &diagnostics)
                continue
            }
            if let entry = Self.entry(name, entry, &diagnostics) { entries.append(entry) } else { ignored.insert(name) }
        }
        var owners: [String: String] = [:]
        for entry in entries {
            for bucket in entry.buckets {
                if let first = owners[bucket] {
                    diagnostics.warning(
                        node.path.appending(entry.name).appending("buckets"),
                        "the bucket \(bucket) stands in \(first) too, whose credentials count")
                } else {
                    owners[bucket] = entry.name
                }
            }
        }
    }

    private static func entry(_ name: String, _ node: JSONNode, _ diagnostics: inout Diagnostics) -> Entry? {
        node.checkKeys(
            ["type", "accessKeyId", "secretKey", "roleName", "buckets", "username", "password", "uris"], &diagnostics)
        let type = node.given("type")?.text(&diagnostics) ?? ""
        func value(_ key: String) -> ReferencedText? {
            guard let node = node.given(key), let text = node.text(&diagnostics), !text.isEmpty else { return nil }
            return ReferencedText(reading: text, at: node.path, &diagnostics)
        }
        switch type.lowercased() {
        case "s3":
            let buckets = node.given("buckets")?.texts(&diagnostics) ?? []
            if let id = value("accessKeyId"), let secret = value("secretKey") {
                return Entry(name: name, credentials: .keys(id: id, secret: secret), uris: [], buckets: buckets)
            }
            if let role = node.given("roleName")?.text(&diagnostics), !role.isEmpty {
                return Entry(name: name, credentials: .role(role), uris: [], buckets: buckets)
            }
            diagnostics.warning(
                node.path, "neither accessKeyId with secretKey nor roleName is here, so this entry isn't used")
        case "basic":
            if let user = value("username"), let password = value("password") {
                let uris = (node.given("uris")?.texts(&diagnostics) ?? []).map { CoveredURI($0) }
                return Entry(name: name, credentials: .basic(user: user, password: password), uris: uris, buckets: [])
            }
            diagnostics.warning(node.path, "username or password is missing, so this entry isn't used")
        default:
            diagnostics.warning(
                node.given("type")?.path ?? node.path,
                "\u{201C}\(type)\u{201D} is no type of authentication\(suggestion(for: type, among: ["S3", "basic"])); S3 and basic are, and this entry isn't used"
            )
        }
        return nil
    }

    // MARK: Who asks

    /// - Parameters:
    ///   - url: http, https or `s3://`.
    ///   - name: a file's `authentication`; nil: whatever the lists of hosts and buckets say.
    /// - Returns: nil: nobody in particular.
    func credentials(for url: String, named name: JSONNode?, _ diagnostics: inout Diagnostics) -> Credentials? {
        guard let node = name, let name = node.text(&diagnostics), !name.isEmpty else { return usual(for: url) }
        guard let entry = entries.first(where: { $0.name == name }) else {
            let why =
                ignored.contains(name) ? "\(Self.key) has \(name), but it can't be used" : "\(Self.key) has no \(name)"
            diagnostics.ignored(
                node.path,
                why + suggestion(for: name, among: entries.map(\.name))
                    + "; what the lists of hosts and buckets say is used")
            return usual(for: url)
        }
        let isObject = S3Location(url: url) != nil
        guard entry.credentials.isBasic != isObject else {
            diagnostics.error(
                node.path,
                isObject
                    ? "\(name) is of the type basic, and this is an object of S3; name an entry of the type S3"
                    : "\(name) is of the type S3, and this is no object of S3; name an entry of the type basic")
            return nil
        }
        return entry.credentials
    }

    /// By host, then by bucket. A URL that brings its own credentials is left alone.
    private func usual(for url: String) -> Credentials? {
        let download = Download(url: url)
        if download.userInfo != nil || download.isPresigned { return nil }
        let asked = CoveredURI(url)
        let basic = entries.compactMap { entry in
            entry.uris.filter { $0.covers(asked) }.map(\.path.count).max().map { (entry, $0) }
        }
        // The closest one; of two equally close ones the first by name.
        if let closest = basic.map(\.1).max() { return basic.first { $0.1 == closest }?.0.credentials }
        guard let bucket = S3Location(url: url)?.bucket else { return nil }
        return entries.first { $0.buckets.contains(bucket) }?.credentials
    }
}

/// `[SCHEME://]HOST[:PORT][/PATH]`: the host and port of a URL, as the original compares them, or more of it, as the manual writes them.
private struct CoveredURI: Sendable {
    /// Nil: any.
    let scheme: String?
    /// In lower case, with its port unless that is the scheme's own.
    let host: String
    /// Without the slash at its end.
    let path: String

    init(_ text: String) {
        let separator = text.firstRange(of: "://")
        let scheme = separator.map { text[..<$0.lowerBound].lowercased() }
        let rest = (separator.map { text[$0.upperBound...] } ?? text[...]).prefix { $0 != "?" && $0 != "#" }
        let authority = rest.prefix { $0 != "/" }
        var host = (authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority)
            .lowercased()
        let port = scheme == "https" ? ":443" : ":80"
        if scheme != nil, host.hasSuffix(port) { host.removeLast(port.count) }
        var path = rest[authority.endIndex...]
        while path.hasSuffix("/") { path.removeLast() }
        self.scheme = scheme
        self.host = host
        self.path = String(path)
    }

    func covers(_ url: CoveredURI) -> Bool {
        let port = url.scheme == "https" ? ":443" : ":80"
        let sameHost = host == url.host || scheme == nil && host == url.host + port
        return sameHost && (scheme == nil || scheme == url.scheme)
            && (url.path == path || url.path.hasPrefix(path + "/"))
    }
}
