// What a record of each type may hold, and when two spellings of it mean the same.

package enum RecordType: String, Sendable, CaseIterable {
    case a = "A"
    case aaaa = "AAAA"
    case caa = "CAA"
    case cname = "CNAME"
    case mx = "MX"
    case srv = "SRV"
    case txt = "TXT"

    /// What belongs into a value, for messages.
    var wanted: String {
        switch self {
        case .a: "an IPv4 address, like 192.0.2.1"
        case .aaaa: "an IPv6 address, like 2001:db8::1"
        case .caa: "flags, tag and value, like 0 issue \"letsencrypt.org\""
        case .cname: "a host's name, like www.example.com"
        case .mx: "priority and host, like 10 mail.example.com"
        case .srv: "priority, weight, port and host, like 1 10 443 host.example.com"
        case .txt: "a text"
        }
    }

    /// The value as Route 53 takes it; nil: it is none of this type.
    func written(_ text: String) -> String? {
        let words = text.split(separator: " ").map(String.init)
        switch self {
        case .a: return IPAddress(text).flatMap { $0.isV4 ? text : nil }
        case .aaaa: return IPAddress(text).flatMap { $0.isV4 ? nil : text.lowercased() }
        case .cname: return host(text)
        case .mx:
            guard words.count == 2, UInt16(words[0]) != nil, let host = service(words[1]) else { return nil }
            return "\(words[0]) \(host)"
        case .srv:
            guard words.count == 4, words[..<3].allSatisfy({ UInt16($0) != nil }), let host = service(words[3]) else {
                return nil
            }
            return (words[..<3] + [host]).joined(separator: " ")
        case .caa:
            let parts = text.split(separator: " ", maxSplits: 2).map(String.init)
            guard parts.count == 3, UInt8(parts[0]) != nil, parts[1].allSatisfy({ $0.isASCII && $0.isLetter }) else {
                return nil
            }
            return "\(parts[0]) \(parts[1].lowercased()) \(CharacterStrings(parts[2]).text)"
        case .txt: return CharacterStrings(text).text
        }
    }

    private func host(_ text: String) -> String? { (try? DNSName(text)).map { "\($0)" } }

    /// A dot says that there is none (RFC 7505, RFC 2782).
    private func service(_ text: String) -> String? { text == "." ? text : host(text) }

    /// Equal for values that mean the same, whoever wrote them.
    static func canonical(_ value: String, _ type: String) -> String {
        switch RecordType(rawValue: type) {
        case .a, .aaaa: IPAddress(value).map { hexadecimal($0.bytes) } ?? value
        case .cname, .mx, .srv: DNSName(told: value).description
        case .txt: CharacterStrings(value).text
        case .caa:
            value.split(separator: " ", maxSplits: 2).enumerated().map { index, word in
                index == 2 ? CharacterStrings(String(word)).text : word.lowercased()
            }.joined(separator: " ")
        case nil: value
        }
    }
}

/// A TXT's content: strings of up to 255 bytes each (RFC 1035, 3.3.14), in quotation marks.
struct CharacterStrings: Sendable, Equatable {
    private(set) var strings: [[UInt8]] = []
    private static let longest = 255

    /// - Parameter text: one or more strings in quotation marks, or bare text. What is too long for one string is cut.
    init(_ text: String) {
        for string in Self.quoted(text) ?? [Array(text.utf8)] {
            var rest = string[...]
            repeat {
                strings.append(Array(rest.prefix(Self.longest)))
                rest = rest.dropFirst(Self.longest)
            } while !rest.isEmpty
        }
    }

    /// With the escapes that Route 53 writes: three octal digits for all but printable ASCII.
    var text: String {
        strings.map { string in
            let inside = string.map { byte -> String in
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): return "\\" + String(UnicodeScalar(byte))
                case 0x20...0x7E: return String(UnicodeScalar(byte))
                default:
                    let digits = String(byte, radix: 8)
                    return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
                }
            }
            return "\"\(inside.joined())\""
        }.joined(separator: " ")
    }

    /// Nil where it isn't strings in quotation marks with blanks between, and nothing else.
    private static func quoted(_ text: String) -> [[UInt8]]? {
        let (mark, escape) = (UInt8(ascii: "\""), UInt8(ascii: "\\"))
        var strings: [[UInt8]] = []
        var rest = Array(text.trimmingBlanks().utf8)[...]
        while let first = rest.popFirst() {
            guard first == mark else { return nil }
            var string: [UInt8] = []
            var isClosed = false
            while !isClosed, let byte = rest.popFirst() {
                switch byte {
                case mark: isClosed = true
                case escape:
                    let digits = rest.prefix(3)
                    if digits.count == 3, let octal = UInt8(String(decoding: digits, as: UTF8.self), radix: 8) {
                        string.append(octal)
                        rest = rest.dropFirst(3)
                    } else if let escaped = rest.popFirst() {
                        string.append(escaped)
                    }
                default: string.append(byte)
                }
            }
            guard isClosed else { return nil }
            strings.append(string)
            rest = rest.drop { $0 == UInt8(ascii: " ") }
        }
        return strings.isEmpty ? nil : strings
    }
}
