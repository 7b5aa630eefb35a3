/// A line of somebody else's text, fit for a terminal: control characters, and those that turn the direction of writing,
/// are shown as escapes (`\x1b`), so that it can't talk to the terminal it is shown on.
package func visible(_ text: String, tab: Bool = true) -> String {
    if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x09 && tab }) { return text }
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\t" where tab: result.unicodeScalars.append(scalar)
        case "\t": result += "\\t"
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\0"..."\u{1F}", "\u{7F}"..."\u{9F}": result += escape(scalar, "\\x", 2)
        case "\u{61C}", "\u{200E}", "\u{200F}", "\u{2028}"..."\u{202E}", "\u{2066}"..."\u{2069}":
            result += escape(scalar, "\\u", 4)
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}

private func escape(_ scalar: Unicode.Scalar, _ mark: String, _ width: Int) -> String {
    let digits = String(scalar.value, radix: 16)
    return mark + String(repeating: "0", count: width - digits.count) + digits
}

/// For places that have one line only: a console, a service's status.
package func visibleLine(_ text: String) -> String { visible(text.replacing("\n", with: " | ")) }
