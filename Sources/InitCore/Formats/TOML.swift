// TOML as all Traefiks read it: tables by their full names, strings, flags, lists of strings. Some of them take the file for a
// Go template first, so two braces never stand side by side.

struct TOML: Sendable, Equatable {
    enum Value: Sendable, Equatable {
        case string(String)
        case flag(Bool)
        case strings([String])
    }

    private(set) var text = ""

    mutating func comment(_ line: String) {
        text += "# " + Self.withoutTemplates(line, brace: "{ ") + "\n"
    }

    /// At the top, before the first table.
    mutating func add(_ key: String, _ value: Value) { text += "\(Self.key(key)) = \(Self.written(value))\n" }

    /// - Parameter isElement: `[[…]]`, one more of a list of tables.
    mutating func table(_ path: [String], isElement: Bool = false, _ members: [(String, Value)] = []) {
        let name = path.map(Self.key).joined(separator: ".")
        text += "\n" + (isElement ? "[[\(name)]]" : "[\(name)]") + "\n"
        for (key, value) in members { text += "  \(Self.key(key)) = \(Self.written(value))\n" }
    }

    private static func written(_ value: Value) -> String {
        switch value {
        case .string(let text): quoted(text)
        case .flag(let flag): flag ? "true" : "false"
        case .strings(let items): "[" + items.map(quoted).joined(separator: ", ") + "]"
        }
    }

    private static func key(_ key: String) -> String {
        let isBare = { (byte: UInt8) in
            byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
                || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") || "-_".utf8.contains(byte)
        }
        return !key.isEmpty && key.utf8.allSatisfy(isBare) ? key : quoted(key)
    }

    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                result += "\\u00" + hexadecimal([UInt8(truncatingIfNeeded: scalar.value)])
            default: result.unicodeScalars.append(scalar)
            }
        }
        return withoutTemplates(result, brace: "\\u007b") + "\""
    }

    private static func withoutTemplates(_ text: String, brace: String) -> String {
        guard text.contains("{{") else { return text }
        var result = ""
        for character in text { result += character == "{" ? brace : String(character) }
        return result
    }
}
