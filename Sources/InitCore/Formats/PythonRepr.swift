// Values as Python prints them: what a template shows of a list, a map or a boolean.

extension JSONValue {
    /// Python's `str()`.
    package var pythonString: String {
        if case .string(let text) = self { return text }
        return pythonRepr
    }

    /// Python's `repr()`.
    package var pythonRepr: String {
        var text = ""
        writeRepr(to: &text)
        return text
    }

    private func writeRepr(to text: inout String) {
        switch self {
        case .null: text += "None"
        case .bool(let value): text += value ? "True" : "False"
        case .number(let number):
            let double = number.double
            if !number.isInteger, !double.isFinite {
                text += double.isNaN ? "nan" : double < 0 ? "-inf" : "inf"
            } else {
                text += number.pythonText
            }
        case .string(let string): Self.writeRepr(string, to: &text)
        case .array(let items):
            text += "["
            for (index, item) in items.enumerated() {
                if index > 0 { text += ", " }
                item.writeRepr(to: &text)
            }
            text += "]"
        case .object(let object):
            text += "{"
            for (index, (key, value)) in object.members.enumerated() {
                if index > 0 { text += ", " }
                Self.writeRepr(key, to: &text)
                text += ": "
                value.writeRepr(to: &text)
            }
            text += "}"
        }
    }

    /// Double quotes only where they save escaping a single one.
    private static func writeRepr(_ string: String, to text: inout String) {
        let scalars = string.unicodeScalars
        let quote: Unicode.Scalar = scalars.contains("'") && !scalars.contains("\"") ? "\"" : "'"
        text.unicodeScalars.append(quote)
        for scalar in scalars {
            switch scalar {
            case quote, "\\": text += "\\\(scalar)"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case " "..."~": text.unicodeScalars.append(scalar)
            default:
                if scalar.isPythonPrintable {
                    text.unicodeScalars.append(scalar)
                } else {
                    let width = scalar.value < 0x100 ? 2 : scalar.value < 0x1_0000 ? 4 : 8
                    let digits = String(scalar.value, radix: 16)
                    text += width == 2 ? "\\x" : width == 4 ? "\\u" : "\\U"
                    text += String(repeating: "0", count: width - digits.count) + digits
                }
            }
        }
        text.unicodeScalars.append(quote)
    }
}

extension Unicode.Scalar {
    /// `str.isprintable()`: neither separators, nor controls, nor what isn't assigned.
    fileprivate var isPythonPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            false
        default: true
        }
    }
}
