/// `a.b.c`, where `\.` is a dot in a name: how cfn-get-metadata and cfn-hup name a value in maps of maps.
package func dottedKeys(_ text: String) -> [String] {
    var keys = [""]
    var isEscaped = false
    for character in text {
        if character == ".", isEscaped {
            keys[keys.count - 1].removeLast()
            keys[keys.count - 1].append(".")
        } else if character == "." {
            keys.append("")
        } else {
            keys[keys.count - 1].append(character)
        }
        isEscaped = character == "\\"
    }
    return keys
}

extension JSONValue {
    /// The value below these keys, through maps only.
    package func value(at keys: [String]) -> JSONValue? {
        var value = self
        for key in keys {
            guard case .object(let object) = value, let member = object[key] else { return nil }
            value = member
        }
        return value
    }
}
