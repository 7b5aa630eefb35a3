// Reads JSON (RFC 8259) with line and column in every complaint, bounded in size and depth.
// Beyond the standard it takes NaN and Infinity, as Python's parser and so cfn-init does.

package struct JSONParser {
    /// CloudFormation's own limits are far below.
    package static let largestDocument = 16 << 20
    package static let deepestNesting = 200

    /// A key that stands twice in one object; the last value wins, as in cfn-init.
    package struct DuplicateKey: Sendable, Equatable {
        package let path: DocumentPath
        package let line: Int
        package let column: Int
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private var at = 0
    private var path = DocumentPath()
    private var duplicates: [(path: DocumentPath, offset: Int)] = []

    private init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// Parses one whole document.
    /// - Throws: `Failure` of kind `.invalidDocument` that names line and column.
    package static func parse(_ bytes: [UInt8], name: String) throws -> (value: JSONValue, duplicates: [DuplicateKey]) {
        guard bytes.count <= largestDocument else {
            throw Failure(
                .invalidDocument,
                "\(name) holds \(bytes.count) bytes; a metadata document may have \(largestDocument >> 20) MiB at most")
        }
        return try bytes.withUnsafeBufferPointer { buffer in
            var parser = JSONParser(buffer)
            do {
                let value = try parser.document()
                return (value, parser.located())
            } catch let complaint as Complaint {
                let (line, column) = parser.position(of: complaint.offset)
                throw Failure(.invalidDocument, "\(name):\(line):\(column): \(complaint.message)")
            }
        }
    }

    private struct Complaint: Error {
        let offset: Int
        let message: String
    }

    private func complaint(_ message: String, at offset: Int? = nil) -> Complaint {
        Complaint(offset: offset ?? at, message: message)
    }

    /// Columns count characters (Unicode scalars), from 1.
    private func position(of offset: Int) -> (line: Int, column: Int) {
        var line = 1
        var column = 1
        for byte in bytes.prefix(offset) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return (line, column)
    }

    /// The first hundred: a hostile document may hold more than anybody wants to read.
    private func located() -> [DuplicateKey] {
        let most = 100
        return duplicates.prefix(most).map { duplicate in
            let (line, column) = position(of: duplicate.offset)
            return DuplicateKey(path: duplicate.path, line: line, column: column)
        }
    }

    // MARK: Grammar

    private mutating func document() throws -> JSONValue {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw complaint("a byte order mark stands before the JSON; save the file as UTF-8 without one")
        }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw complaint("this is UTF-16; save the file as UTF-8")
        }
        skipBlanks()
        guard at < bytes.count else { throw complaint("the document is empty; a JSON map is wanted") }
        let value = try value(depth: 0)
        skipBlanks()
        guard at == bytes.count else { throw complaint("something follows the end of the JSON document") }
        return value
    }

    private mutating func skipBlanks() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x0A, 0x0D, 0x09: at += 1
            default: return
            }
        }
    }

    private mutating func value(depth: Int) throws -> JSONValue {
        guard depth < Self.deepestNesting else {
            throw complaint("nested deeper than \(Self.deepestNesting) levels")
        }
        guard at < bytes.count else { throw complaint("the document ends where a value is wanted") }
        switch bytes[at] {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            if take("-Infinity") { return .number(JSONNumber("-Infinity")) }
            return .number(try number())
        default:
            if take("true") { return .bool(true) }
            if take("false") { return .bool(false) }
            if take("null") { return .null }
            if take("NaN") { return .number(JSONNumber("NaN")) }
            if take("Infinity") { return .number(JSONNumber("Infinity")) }
            throw complaint("\(found()) where a value is wanted")
        }
    }

    private mutating func take(_ word: StaticString) -> Bool {
        let end = at + word.utf8CodeUnitCount
        guard end <= bytes.count else { return false }
        for offset in 0..<word.utf8CodeUnitCount where bytes[at + offset] != word.utf8Start[offset] { return false }
        at = end
        return true
    }

    private mutating func object(depth: Int) throws -> JSONObject {
        let start = at
        at += 1
        var object = JSONObject()
        skipBlanks()
        if at < bytes.count, bytes[at] == UInt8(ascii: "}") {
            at += 1
            return object
        }
        while true {
            skipBlanks()
            guard at < bytes.count else { throw complaint("this map is never closed", at: start) }
            guard bytes[at] == UInt8(ascii: "\"") else { throw complaint("\(found()) where a key in quotes is wanted") }
            let keyStart = at
            let key = try string()
            skipBlanks()
            guard at < bytes.count, bytes[at] == UInt8(ascii: ":") else {
                throw complaint("\(found()) where a colon is wanted")
            }
            at += 1
            skipBlanks()
            path.append(key)
            if object[key] != nil {
                duplicates.append((path, keyStart))
            }
            object[key] = try value(depth: depth + 1)
            path.removeLast()
            skipBlanks()
            guard at < bytes.count else { throw complaint("this map is never closed", at: start) }
            at += 1
            switch bytes[at - 1] {
            case UInt8(ascii: ","): continue
            case UInt8(ascii: "}"): return object
            default:
                at -= 1
                throw complaint("\(found()) where a comma or } is wanted")
            }
        }
    }

    private mutating func array(depth: Int) throws -> [JSONValue] {
        let start = at
        at += 1
        var items: [JSONValue] = []
        skipBlanks()
        if at < bytes.count, bytes[at] == UInt8(ascii: "]") {
            at += 1
            return items
        }
        while true {
            skipBlanks()
            path.append(items.count)
            items.append(try value(depth: depth + 1))
            path.removeLast()
            skipBlanks()
            guard at < bytes.count else { throw complaint("this list is never closed", at: start) }
            at += 1
            switch bytes[at - 1] {
            case UInt8(ascii: ","): continue
            case UInt8(ascii: "]"): return items
            default:
                at -= 1
                throw complaint("\(found()) where a comma or ] is wanted")
            }
        }
    }

    private mutating func number() throws -> JSONNumber {
        let start = at
        func digits(_ parser: inout JSONParser) -> Int {
            let first = parser.at
            while parser.at < parser.bytes.count, (0x30...0x39).contains(parser.bytes[parser.at]) { parser.at += 1 }
            return parser.at - first
        }
        if bytes[at] == UInt8(ascii: "-") { at += 1 }
        let whole = at
        guard digits(&self) > 0 else { throw complaint("\(found()) where a digit is wanted") }
        guard at - whole == 1 || bytes[whole] != UInt8(ascii: "0") else {
            throw complaint("a number may not begin with 0", at: start)
        }
        if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
            at += 1
            guard digits(&self) > 0 else { throw complaint("\(found()) where a digit is wanted") }
        }
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at += 1 }
            guard digits(&self) > 0 else { throw complaint("\(found()) where a digit is wanted") }
        }
        return JSONNumber(String(decoding: bytes[start..<at], as: UTF8.self))
    }

    // MARK: Strings

    private mutating func string() throws -> String {
        let start = at
        at += 1
        let first = at
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                let text = try text(of: first..<at)
                at += 1
                return text
            case UInt8(ascii: "\\"):
                return try escapedString(start: start, plain: first..<at)
            case 0..<0x20:
                throw complaint("a control character inside a string; write it as an escape, like \\n")
            default:
                at += 1
            }
        }
        throw complaint("this string is never closed", at: start)
    }

    private func text(of range: Range<Int>) throws -> String {
        guard let text = String(validating: bytes[range], as: UTF8.self) else {
            throw complaint("this is not UTF-8", at: firstInvalid(in: range))
        }
        return text
    }

    private func firstInvalid(in range: Range<Int>) -> Int {
        var decoder = UTF8()
        var iterator = bytes[range].makeIterator()
        var offset = range.lowerBound
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { offset += UTF8.width(scalar) }
        return offset
    }

    private mutating func escapedString(start: Int, plain: Range<Int>) throws -> String {
        var result = try text(of: plain)
        var first = at
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                result += try text(of: first..<at)
                at += 1
                return result
            case UInt8(ascii: "\\"):
                result += try text(of: first..<at)
                result.unicodeScalars.append(try escape())
                first = at
            case 0..<0x20:
                throw complaint("a control character inside a string; write it as an escape, like \\n")
            default:
                at += 1
            }
        }
        throw complaint("this string is never closed", at: start)
    }

    private mutating func escape() throws -> Unicode.Scalar {
        let start = at
        at += 2
        guard at <= bytes.count else { throw complaint("the document ends inside a string", at: start) }
        switch bytes[at - 1] {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let unit = try fourHexDigits(start)
            if let scalar = Unicode.Scalar(unit) { return scalar }
            if unit < 0xDC00, at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u")
            {
                at += 2
                let low = try fourHexDigits(start)
                if (0xDC00...0xDFFF).contains(low),
                    let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
                {
                    return scalar
                }
            }
            throw complaint("half of a surrogate pair, which no text can hold", at: start)
        default:
            throw complaint(
                "an unknown escape in a string; known are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX", at: start)
        }
    }

    private mutating func fourHexDigits(_ start: Int) throws -> UInt32 {
        guard at + 4 <= bytes.count, let digits = String(validating: bytes[at..<at + 4], as: UTF8.self),
            digits.allSatisfy(\.isHexDigit), let unit = UInt32(digits, radix: 16)
        else { throw complaint("four hexadecimal digits are wanted after \\u", at: start) }
        at += 4
        return unit
    }

    private func found() -> String {
        guard at < bytes.count else { return "the document ends" }
        let end = bytes[at...].dropFirst().firstIndex { $0 & 0xC0 != 0x80 } ?? bytes.count
        let text = String(decoding: bytes[at..<end], as: UTF8.self)
        return text == "\n" || text == "\r\n" ? "the line ends" : "\u{201C}\(text)\u{201D} stands"
    }
}
