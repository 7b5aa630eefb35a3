/// Base64 as Python's `b64decode` takes it: characters outside the alphabet are dropped; nil if the padding is wrong.
package func lenientBase64(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    var buffer: UInt32 = 0
    var sextets = 0
    var padding = 0
    for byte in text.utf8 {
        let value: UInt8
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte + 4
        case UInt8(ascii: "+"): value = 62
        case UInt8(ascii: "/"): value = 63
        case UInt8(ascii: "="):
            padding += 1
            // Enough padding for the group ends the data, as in Python.
            if sextets >= 2, sextets + padding >= 4 {
                bytes += tail(buffer, sextets)
                return bytes
            }
            continue
        default: continue
        }
        padding = 0
        buffer = buffer << 6 | UInt32(value)
        sextets += 1
        if sextets == 4 {
            bytes += [
                UInt8(truncatingIfNeeded: buffer >> 16), UInt8(truncatingIfNeeded: buffer >> 8),
                UInt8(truncatingIfNeeded: buffer),
            ]
            buffer = 0
            sextets = 0
        }
    }
    return sextets == 0 ? bytes : nil
}

private func tail(_ buffer: UInt32, _ sextets: Int) -> [UInt8] {
    sextets == 2
        ? [UInt8(truncatingIfNeeded: buffer >> 4)]
        : [UInt8(truncatingIfNeeded: buffer >> 10), UInt8(truncatingIfNeeded: buffer >> 2)]
}
