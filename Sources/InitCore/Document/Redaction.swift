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
            guard isSecret || Self.saysSecret(key) || holdsPrivateKey(text.utf8) else { return value }
            return text.isEmpty || Reference.isWhole(text) ? value : conceal(text)
        case .array(let items):
            return .array(items.map { redact($0, key: key, isSecret: isSecret) })
        case .object(let object):
            if isSecret { return conceal(value.pythonText) }
            let isPrivate = Self.isPrivateFile(object)
            var result = JSONObject()
            for (name, member) in object.members {
                result[name] = redact(
                    member, key: name,
                    isSecret: isPrivate && name == "content" || Self.authenticationKeys.contains(name))
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
        return holds("password", key.utf8) || holds("secret", key.utf8) || holds("token", key.utf8)
    }

    private static func isPrivateFile(_ object: JSONObject) -> Bool {
        guard object["content"] != nil, object["mode"] != nil else { return false }
        var ignored = Diagnostics()
        return FileMode(JSONNode(.object(object)), &ignored).map { !$0.isLink && $0.bits & 0o077 == 0 } ?? false
    }
}
