/// cfn-hup's memory between passes, `metadata_db.json`: one object, keyed `hook|path`, as the original writes it.
package struct HupState: Sendable, Equatable {
    /// The original marks a moment with it. Its text stands between quotes of its own.
    private static let timeMark = "_datetime: special_serialization: not_regular_json_"
    /// In its manner, ours for a value with secrets; the original takes it for a map, and so for a change.
    private static let sealMark = "_redacted: special_serialization: not_regular_json_"

    private var values: [(key: String, value: StoredHookValue)] = []

    package init() {}

    package static func == (left: Self, right: Self) -> Bool {
        left.values.elementsEqual(right.values) { $0.key == $1.key && $0.value == $1.value }
    }

    subscript(key: String) -> StoredHookValue? {
        get { values.first { $0.key == key }?.value }
        set {
            guard let newValue else { return values.removeAll { $0.key == key } }
            if let place = values.firstIndex(where: { $0.key == key }) {
                values[place].value = newValue
            } else {
                values.append((key, newValue))
            }
        }
    }

    // MARK: As text

    /// - Throws: `Failure(.invalidDocument)` if it isn't an object of JSON.
    package init(_ bytes: [UInt8], name: String) throws {
        guard case .object(let object) = try JSONParser.parse(bytes, name: name).value else {
            throw Failure(.invalidDocument, "\(name) holds no JSON object")
        }
        for (key, value) in object.members where value.isTruthy { self[key] = Self.decoded(value) }
    }

    /// No secret is in it, also where the original stored one.
    package var text: String {
        var object = JSONObject()
        for (key, value) in values { object[key] = Self.encoded(value, key: key) }
        return JSONValue.object(object).pythonText + "\n"
    }

    private static func decoded(_ value: JSONValue) -> StoredHookValue {
        guard case .object(let object) = value, object.count == 1, let mark = object.keys.first,
            let marked = object.values.first
        else { return .plain(value) }
        if mark == sealMark, let shown = marked.value(at: ["value"]),
            case .string(let salt)? = marked.value(at: ["salt"]),
            case .string(let digest)? = marked.value(at: ["sha256"]),
            let saltBytes = bytes(hexadecimal: salt), let digestBytes = bytes(hexadecimal: digest)
        {
            return .sealed(shown: shown, salt: saltBytes, digest: digestBytes)
        }
        // Whatever exactly its mark was in that release.
        if mark.hasPrefix("_"), case .string(let text) = marked, let time = UTCTime(text) { return .time(time) }
        return .plain(value)
    }

    private static func encoded(_ value: StoredHookValue, key: String) -> JSONValue {
        switch value {
        case .time(let time): return .object(JSONObject([(timeMark, .string("\"\(time.full)\""))]))
        case .sealed(let shown, let salt, let digest):
            return .object(
                JSONObject([
                    (
                        sealMark,
                        .object(
                            JSONObject([
                                ("value", shown), ("salt", .string(hexadecimal(salt))),
                                ("sha256", .string(hexadecimal(digest))),
                            ]))
                    )
                ]))
        case .plain(let plain):
            // The path's last word is the key under which it stood.
            let last = key.split(separator: ".").last.map(String.init) ?? ""
            let wrapped = JSONValue.object(JSONObject([(last, plain)]))
            guard let shown = Redaction(wrapped).metadata.value(at: [last]), shown != plain else { return plain }
            return encoded(.sealed(plain, shown: shown), key: key)
        }
    }
}
