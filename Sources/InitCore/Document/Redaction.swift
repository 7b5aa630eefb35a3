// Which values of the metadata are secret, by the contract's rule ("Secret means"): keys of Authentication, PEM private
// keys, content of files that group and others can't read, values whose key says password, secret or token.

package struct Redaction: Sendable {
    /// The metadata with a placeholder for each secret: what may be stored.
    package private(set) var metadata: JSONValue = .null
    package private(set) var secrets: [Secret] = []

    package init(_ metadata: JSONValue) {
        self.metadata = redact(metadata, key: "")
    }

    private mutating func redact(_ value: JSONValue, key: String, isSecret: Bool = false) -> JSONValue {
        switch value {
        case .null, .bool: return value
        case .number(let number): return isSecret ? conceal(number.text) : value
        case .string(let text):
            guard isSecret || Self.saysSecret(key) || text.contains("PRIVATE KEY-----") else { return value }
            return text.isEmpty || Self.isReference(text) ? value : conceal(text)
        case .array(let items):
            return .array(items.map { redact($0, key: key, isSecret: isSecret) })
        case .object(let object):
            if isSecret { return conceal(value.pythonText) }
            let isPrivate = Self.isPrivateFile(object)
            var result = JSONObject()
            let decoded = Self.decodedContent(object)
            let isHidden = isPrivate || decoded.map(looksLikePrivateKey) ?? false
            // The file holds it, and a command may print it, in its decoded form.
            if isHidden, let decoded { secrets.append(Secret(decoded)) }
            for (name, member) in object.members {
                result[name] = redact(
                    member, key: name,
                    isSecret: isHidden && name == "content" || Self.authenticationKeys.contains(name))
            }
            return .object(result)
        }
    }

    private mutating func conceal(_ text: String) -> JSONValue {
        secrets.append(Secret(text))
        return .string(Secret.placeholder)
    }

    private static let authenticationKeys: Set<String> = ["accessKeyId", "secretKey"]

    private static func saysSecret(_ key: String) -> Bool {
        let key = key.lowercased()
        return key.contains("password") || key.contains("secret") || key.contains("token")
    }

    private static func isPrivateFile(_ object: JSONObject) -> Bool {
        guard object["content"] != nil, object["mode"] != nil else { return false }
        var ignored = Diagnostics()
        return FileMode(JSONNode(.object(object)), &ignored).map { !$0.isLink && $0.bits & 0o077 == 0 } ?? false
    }

    /// Of a file whose content is base64.
    private static func decodedContent(_ object: JSONObject) -> [UInt8]? {
        guard object["encoding"] == .string("base64"), case .string(let text)? = object["content"] else { return nil }
        return lenientBase64(text)
    }

    /// A value that only names where the secret lives.
    private static func isReference(_ text: String) -> Bool {
        (text.hasPrefix("{{resolve:") && text.hasSuffix("}}"))
            || ["ssm:///", "secretsmanager://", "s3://"].contains { text.hasPrefix($0) }
    }
}
