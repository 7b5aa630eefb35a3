/// `%41` → A; a percent sign that begins no such triple stays as it is.
package func percentDecoded(_ text: some StringProtocol) -> String { percentDecoding(text).text }

/// - Returns: `isClean` is false where a percent sign begins no triple, or the bytes are no UTF-8.
func percentDecoding(_ text: some StringProtocol) -> (text: String, isClean: Bool) {
    guard text.utf8.contains(UInt8(ascii: "%")) else { return (String(text), true) }
    var bytes: [UInt8] = []
    var isClean = true
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            bytes.append(byte)
            continue
        }
        let digits = rest.prefix(2)
        if digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
        {
            bytes.append(value)
            rest = rest.dropFirst(2)
        } else {
            bytes.append(byte)
            isClean = false
        }
    }
    guard let decoded = String(validating: bytes, as: UTF8.self) else { return (String(text), false) }
    return (decoded, isClean)
}

/// All but the unreserved characters of RFC 3986 as triples.
package func percentEncoded(_ text: String, keeping kept: String = "") -> String {
    percentEncoded(text) { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: "~"):
            true
        default: kept.utf8.contains(byte)
        }
    }
}

/// Percent signs, blanks, control characters and these as triples.
func percentEncoded(_ text: String, _ others: String) -> String {
    percentEncoded(text) { byte in
        byte > 0x20 && byte != 0x7F && byte != UInt8(ascii: "%") && !others.utf8.contains(byte)
    }
}

private func percentEncoded(_ text: String, where isPlain: (UInt8) -> Bool) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var result: [UInt8] = []
    for byte in text.utf8 {
        result += isPlain(byte) ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
    return String(decoding: result, as: UTF8.self)
}
