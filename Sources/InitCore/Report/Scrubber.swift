// The second net: takes known secret values out of whatever a child printed, in the forms in which they turn up.

import Synchronization

package final class Scrubber: Sendable {
    /// Shorter values would take ordinary words with them.
    private static let shortest = 6

    private let patterns = Mutex(Patterns())

    package init(_ secrets: [Secret] = []) {
        for secret in secrets { add(secret) }
    }

    package func add(_ secret: Secret) {
        secret.reveal { bytes in
            patterns.withLock { patterns in
                for form in Self.forms(of: bytes) { patterns.insert(form) }
            }
        }
    }

    package func scrub(_ text: String) -> String {
        var stream = stream()
        var bytes = stream.append(Array(text.utf8)[...])
        bytes += stream.finish()
        return String(decoding: bytes, as: UTF8.self)
    }

    /// For output that arrives in pieces: a secret is found across their borders too.
    package func stream() -> ScrubbingStream { ScrubbingStream(patterns: patterns.withLock { $0 }) }

    /// The value itself, as JSON and URLs write it, and in base64; a PEM block line by line.
    private static func forms(of value: [UInt8]) -> [[UInt8]] {
        let text = String(decoding: value, as: UTF8.self).trimmingBlanks()
        var plain = [text]
        if text.contains("-----BEGIN") {
            plain += text.split(whereSeparator: \.isNewline).map(String.init).filter { !$0.hasPrefix("-----") }
        }
        var forms: [[UInt8]] = []
        for text in plain where text.utf8.count >= shortest {
            forms.append(Array(text.utf8))
            forms.append(Array(JSONValue.string(text).pythonText.utf8.dropFirst().dropLast()))
            forms.append(Array(jsonEscaped(text).utf8))
            forms.append(Array(percentEncoded(text).utf8))
            forms.append(htmlEscaped(text))
            forms += base64Forms(of: Array(text.utf8))
        }
        return forms.filter { $0.count >= shortest }
    }

    /// Wherever in a group of three bytes it begins, as within a longer text; and in the lines of base64(1) and openssl(1).
    private static func base64Forms(of value: [UInt8]) -> [[UInt8]] {
        var forms = (0..<3).map { offset in
            // The characters at both ends hang on what is beside it.
            let text = base64([UInt8](repeating: 0, count: offset) + value)
            return Array(text.utf8.prefix((offset + value.count) * 8 / 6).dropFirst((offset * 8 + 5) / 6))
        }
        let whole = forms[0]
        for width in [76, 64] where whole.count > width {
            forms += stride(from: 0, to: whole.count, by: width).map { Array(whole[$0...].prefix(width)) }
        }
        return forms
    }

    /// As jq and JavaScript write JSON: only what must be escaped is.
    private static func jsonEscaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if scalar.value < 0x80 {
                result += JSONValue.string(String(scalar)).pythonText.dropFirst().dropLast()
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

struct Patterns: Sendable {
    private(set) var byPrefix: [UInt16: [[UInt8]]] = [:]
    private(set) var longest = 0

    mutating func insert(_ pattern: [UInt8]) {
        let key = UInt16(pattern[0]) << 8 | UInt16(pattern[1])
        guard byPrefix[key]?.contains(pattern) != true else { return }
        byPrefix[key, default: []].append(pattern)
        byPrefix[key]?.sort { $0.count > $1.count }
        longest = max(longest, pattern.count)
    }
}

package struct ScrubbingStream: Sendable {
    private let patterns: Patterns
    private var held: [UInt8] = []

    init(patterns: Patterns) { self.patterns = patterns }

    /// What of the input so far can't be the beginning of a secret.
    package mutating func append(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        guard patterns.longest > 0 else { return Array(bytes) }
        held += bytes
        return release(keeping: patterns.longest - 1)
    }

    package mutating func finish() -> [UInt8] { release(keeping: 0) }

    private mutating func release(keeping count: Int) -> [UInt8] {
        var result: [UInt8] = []
        var at = 0
        let end = held.count - count
        while at < end {
            if at + 1 < held.count,
                let candidates = patterns.byPrefix[UInt16(held[at]) << 8 | UInt16(held[at + 1])],
                let match = candidates.first(where: { held[at...].starts(with: $0) })
            {
                result += Secret.placeholder.utf8
                at += match.count
            } else {
                result.append(held[at])
                at += 1
            }
        }
        held.removeFirst(at)
        return result
    }
}

package func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var result: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        let value = group.reduce(0) { $0 << 8 | UInt32($1) } << (8 * UInt32(3 - group.count))
        for index in 0..<4 {
            let sextet = Int(value >> (18 - 6 * UInt32(index))) & 63
            result.append(index <= group.count ? alphabet[sextet] : UInt8(ascii: "="))
        }
    }
    return String(decoding: result, as: UTF8.self)
}
