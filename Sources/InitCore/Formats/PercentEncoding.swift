/// `%41` → A; a percent sign that begins no such triple stays as it is.
func percentDecoded(_ text: some StringProtocol) -> String { percentDecoding(text).text }

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

/// Percent signs, blanks, control characters and these are written as triples.
func percentEncoded(_ text: String, _ others: String) -> String {
    var result: [UInt8] = []
    for byte in text.utf8 {
        guard byte <= 0x20 || byte == 0x7F || byte == UInt8(ascii: "%") || others.utf8.contains(byte) else {
            result.append(byte)
            continue
        }
        let digits = Array("0123456789ABCDEF".utf8)
        result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
    return String(decoding: result, as: UTF8.self)
}
