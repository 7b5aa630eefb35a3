// Which values of the metadata are secret, by the contract's rule ("Secret means"): keys of Authentication, PEM private
// keys, passwords of URLs, content of files that group and others can't read, values whose key says password, secret or token.

package struct Redaction: Sendable {
    /// The metadata with a placeholder for each secret: what may be stored.
    package private(set) var metadata: JSONValue = .null
    package private(set) var secrets: [Secret] = []

    package init(_ metadata: JSONValue) {
        self.metadata = redact(metadata, key: "")
    }

    /// - Parameters:
    ///   - key: under which the value stands; empty where a key is only a name (a package's, a destination's).
    ///   - parent: the key of the map that it stands in.
    ///   - readsReferences: false in a file that takes braces literally.
    private mutating func redact(
        _ value: JSONValue, key: String, parent: String = "", isSecret: Bool = false, readsReferences: Bool = true
    ) -> JSONValue {
        switch value {
        case .null, .bool: return value
        case .number(let number): return isSecret || saysSecret(key) ? conceal(number.text) : value
        case .string(let text):
            guard isSecret || saysSecret(key) || holdsPrivateKey(text.utf8), !text.isEmpty else {
                return concealPassword(of: text) ?? value
            }
            return readsReferences ? concealLiterals(of: text, key: key) : conceal(text)
        case .array(let items):
            return .array(
                items.map {
                    redact($0, key: key, parent: parent, isSecret: isSecret, readsReferences: readsReferences)
                })
        case .object(let object):
            if isSecret, key == "content", !holdsReferences(value, readsReferences) { return conceal(value.pythonText) }
            let holdsNames = Self.sectionsOfNames.contains(key) || parent == "packages"
            let decoded = Self.decodedContent(object)
            let isHidden = Self.isPrivateFile(object) || decoded.map(holdsPrivateKey) ?? false
            let isLiteral = decoded != nil || Self.takesBracesLiterally(object)
            // The file holds it, and a command may print it, in its decoded form.
            if isHidden, let decoded { secrets.append(Secret(decoded)) }
            var result = JSONObject()
            for (name, member) in object.members {
                let isPrivate = isHidden && (name == "content" || name == "context")
                result[name] = redact(
                    member, key: holdsNames ? "" : name, parent: key,
                    isSecret: isSecret || isPrivate || Self.secretKeys.contains(name),
                    readsReferences: readsReferences && !isLiteral)
            }
            return .object(result)
        }
    }

    private func holdsReferences(_ value: JSONValue, _ readsReferences: Bool) -> Bool {
        var ignored = Diagnostics()
        return !ReferencedJSON(JSONNode(value), readsReferences, &ignored).references.isEmpty
    }

    private mutating func conceal(_ text: String) -> JSONValue {
        secrets.append(Secret(text))
        return .string(Secret.placeholder)
    }

    /// Of a URL; nil for a text that is none, or has none.
    private mutating func concealPassword(of text: String) -> JSONValue? {
        guard text.hasPrefix("http://") || text.hasPrefix("https://"),
            let (url, password) = Download(url: text).concealed
        else { return nil }
        secrets += password
        return .string(url)
    }

    /// A reference says where a secret lies, which is none; what stands beside it may be one.
    private mutating func concealLiterals(of text: String, key: String) -> JSONValue {
        let found = try? ReferencedText(text, at: DocumentPath(), takesObjects: key == "content")
        if found?.isOneReference == true { return .string(text) }
        guard found != nil, let parts = try? ReferencedText.parts(of: text) else { return conceal(text) }
        var result = ""
        for part in parts {
            switch part {
            case .literal(let bytes):
                // Beside a reference mostly a name stands, whose every occurrence elsewhere would be taken for a secret.
                if parts.count == 1 || saysSecret(key) || bytes.count >= Self.shortestPiece {
                    secrets.append(Secret(bytes))
                }
                result += Secret.placeholder
            case .reference(let body): result += Reference.opening + body + Reference.closing
            }
        }
        return .string(result)
    }

    /// Bytes.
    private static let shortestPiece = 16
    private static let secretKeys: Set<String> = [
        "accessKeyId", "secretKey", "secrets", "secretEnvironment", "github-auth",
    ]
    /// Their items' names are chosen by the author and say nothing about the values.
    private static let sectionsOfNames: Set<String> = [
        "packages", "groups", "users", "sources", "files", "commands", "systemd", "sysvinit",
    ]

    private static func isPrivateFile(_ object: JSONObject) -> Bool {
        guard object["content"] != nil || object["context"] != nil else { return false }
        var ignored = Diagnostics()
        return FileMode(JSONNode(.object(object)), &ignored)?.isPrivate ?? false
    }

    private static func takesBracesLiterally(_ object: JSONObject) -> Bool {
        guard object["content"] != nil || object["source"] != nil, let flag = object["references"] else { return false }
        var ignored = Diagnostics()
        return !JSONNode(flag).flag(&ignored)
    }

    /// Of a file whose content is base64.
    private static func decodedContent(_ object: JSONObject) -> [UInt8]? {
        guard object["encoding"] == .string("base64"), case .string(let text)? = object["content"] else { return nil }
        return lenientBase64(text)
    }
}
