// JSON as text, in the two forms that Python's json module writes and cfn-init's users know.

extension JSONValue {
    /// One line, `", "` and `": "` between, non-ASCII as `\uXXXX`: what cfn-init writes for JSON file content.
    package var pythonText: String {
        var text = ""
        write(to: &text, indent: nil, level: 0, isASCII: true)
        return text
    }

    /// Indented by `indent` blanks, with a newline at the end.
    package func prettyText(indent: Int = 4, isASCII: Bool = true) -> String {
        var text = ""
        write(to: &text, indent: indent, level: 0, isASCII: isASCII)
        return text + "\n"
    }

    private func write(to text: inout String, indent: Int?, level: Int, isASCII: Bool) {
        func newline(_ level: Int) {
            guard let indent else { return }
            text += "\n"
            text += String(repeating: " ", count: indent * level)
        }
        let comma = indent == nil ? ", " : ","
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .number(let number): text += number.pythonText
        case .string(let string): Self.quote(string, to: &text, isASCII)
        case .array(let items):
            if items.isEmpty { return text += "[]" }
            text += "["
            for (index, item) in items.enumerated() {
                if index > 0 { text += comma }
                newline(level + 1)
                item.write(to: &text, indent: indent, level: level + 1, isASCII: isASCII)
            }
            newline(level)
            text += "]"
        case .object(let object):
            if object.isEmpty { return text += "{}" }
            text += "{"
            for (index, (key, value)) in object.members.enumerated() {
                if index > 0 { text += comma }
                newline(level + 1)
                Self.quote(key, to: &text, isASCII)
                text += ": "
                value.write(to: &text, indent: indent, level: level + 1, isASCII: isASCII)
            }
            newline(level)
            text += "}"
        }
    }

    private static func quote(_ string: String, to text: inout String, _ isASCII: Bool) {
        text += "\""
        if isASCII {
            for unit in string.utf16 { write(unit, to: &text) }
        } else {
            for scalar in string.unicodeScalars {
                if scalar.value < 0xA0 {
                    write(UInt16(scalar.value), to: &text)
                } else {
                    text.unicodeScalars.append(scalar)
                }
            }
        }
        text += "\""
    }

    private static func write(_ unit: UInt16, to text: inout String) {
        switch unit {
        case 0x22: text += "\\\""
        case 0x5C: text += "\\\\"
        case 0x0A: text += "\\n"
        case 0x0D: text += "\\r"
        case 0x09: text += "\\t"
        case 0x08: text += "\\b"
        case 0x0C: text += "\\f"
        case 0x20...0x7E: text.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
        default:
            let digits = String(unit, radix: 16)
            text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
    }
}

extension JSONNumber {
    /// Integers as written; other numbers in Python's shortest form: `1.0`, `1e+22`, `1e-05`.
    package var pythonText: String {
        if isInteger { return text == "-0" ? "0" : text }
        let value = double
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        guard value != 0 else { return value.sign == .minus ? "-0.0" : "0.0" }
        let (digits, exponent) = Self.shortest(value.magnitude)
        let sign = value < 0 ? "-" : ""
        if exponent < -4 || exponent >= 16 {
            let rest = digits.dropFirst()
            let size = String(exponent.magnitude)
            return sign + digits.prefix(1) + (rest.isEmpty ? "" : "." + rest)
                + (exponent < 0 ? "e-" : "e+") + (size.count < 2 ? "0" + size : size)
        }
        if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
        if digits.count <= exponent + 1 {
            return sign + digits + String(repeating: "0", count: exponent + 1 - digits.count) + ".0"
        }
        return sign + digits.prefix(exponent + 1) + "." + digits.dropFirst(exponent + 1)
    }

    /// The fewest digits that read back as the same value, and the power of ten of the first one.
    private static func shortest(_ value: Double) -> (digits: String, exponent: Int) {
        let parts = value.description.split(separator: "e")
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let whole = String(mantissa[0])
        let fraction = mantissa.count > 1 && mantissa[1] != "0" ? String(mantissa[1]) : ""
        var exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) + whole.count - 1
        var digits = whole + fraction
        while digits.hasPrefix("0"), digits.count > 1 {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.hasSuffix("0"), digits.count > 1 { digits.removeLast() }
        return (digits, exponent)
    }
}
