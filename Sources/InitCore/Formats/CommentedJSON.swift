// JSON as VS Code's settings have it, with comments and commas before a closing bracket, changed in place: a member's value is
// replaced or a member added, and every other byte stays.

package struct CommentedJSON: Sendable {
    package private(set) var bytes: [UInt8]
    private let name: String
    private var object = JSONObject()
    /// In the order of the text; of equal keys the last one counts.
    private var members: [(key: String, value: Range<Int>)] = []
    /// The outermost braces; nil: there is nothing in it but blanks and comments.
    private var braces: (opening: Int, closing: Int)?
    /// Commas that plain JSON doesn't have.
    private var extraCommas: [Int] = []

    /// - Parameter name: of the file, for messages.
    /// - Throws: `Failure` that names line and column.
    package init(_ bytes: [UInt8], name: String) throws {
        self.bytes = bytes
        self.name = name
        try read()
    }

    package subscript(key: String) -> JSONValue? { object[key] }

    package var keys: [String] { object.keys }

    // MARK: Reading

    private mutating func read() throws {
        let (plain, extraCommas) = plainJSON(bytes)
        self.extraCommas = extraCommas
        (object, members, braces) = (JSONObject(), [], nil)
        guard plain.contains(where: { !isBlank($0) }) else { return }
        let value = try JSONParser.parse(plain, name: name).value
        guard case .object(let object) = value else {
            throw Failure(.invalidDocument, "\(name) holds \(value.kindName); a map is wanted")
        }
        self.object = object
        find(in: plain)
    }

    /// - Parameter plain: a JSON object without a mistake.
    private mutating func find(in plain: [UInt8]) {
        var depth = 0
        var opening = 0
        var key: String?
        var start: Int?
        var place = 0
        func close(_ end: Int) {
            guard let name = key, let first = start else { return }
            let last = plain[first..<end].lastIndex { !isBlank($0) } ?? first
            members.append((name, first..<last + 1))
            (key, start) = (nil, nil)
        }
        while place < plain.count {
            let byte = plain[place]
            if depth == 1, key != nil, start == nil, !isBlank(byte), byte != UInt8(ascii: ":") { start = place }
            switch byte {
            case UInt8(ascii: "\""):
                let end = stringEnd(plain, from: place)
                if depth == 1, key == nil {
                    let text = try? JSONParser.parse(Array(plain[place..<end]), name: name).value
                    if case .string(let text)? = text { key = text }
                }
                place = end - 1
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                if depth == 0 { opening = place }
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 {
                    close(place)
                    braces = (opening, place)
                }
            case UInt8(ascii: ","): if depth == 1 { close(place) }
            default: break
            }
            place += 1
        }
    }

    // MARK: Changing

    /// - Throws: never, for a text that could be read.
    package mutating func set(_ key: String, to value: JSONValue) throws {
        if let member = members.last(where: { $0.key == key }) {
            bytes.replaceSubrange(member.value, with: written(value))
        } else if let braces {
            add(key, value, braces)
        } else {
            if let last = bytes.last, last != UInt8(ascii: "\n") { bytes += lineEnd }
            bytes += Array("{".utf8) + lineEnd + indent + entry(key, value) + lineEnd + Array("}".utf8) + lineEnd
        }
        try read()
    }

    private mutating func add(_ key: String, _ value: JSONValue, _ braces: (opening: Int, closing: Int)) {
        let comma = members.last.flatMap { last in extraCommas.first { $0 >= last.value.upperBound } }
        let isOneLine = !bytes[braces.opening...braces.closing].contains(UInt8(ascii: "\n"))
        if isOneLine, let last = members.last {
            let place = (comma ?? last.value.upperBound - 1) + 1
            bytes.insert(contentsOf: Array((comma == nil ? ", " : " ").utf8) + entry(key, value), at: place)
            return
        }
        // Behind what is said of the last member, too: a comment may end with its line.
        let said = bytes[braces.opening..<braces.closing].lastIndex { !isBlank($0) } ?? braces.opening
        let outdent = Array(bytes[..<braces.opening].reversed().prefix { $0 == 0x20 || $0 == 0x09 })
        bytes.replaceSubrange(said + 1..<braces.closing, with: lineEnd + indent + entry(key, value) + lineEnd + outdent)
        if let last = members.last, comma == nil { bytes.insert(UInt8(ascii: ","), at: last.value.upperBound) }
    }

    private func entry(_ key: String, _ value: JSONValue) -> [UInt8] {
        written(.string(key)) + Array(": ".utf8) + written(value)
    }

    private func written(_ value: JSONValue) -> [UInt8] {
        let width = indent.first == UInt8(ascii: "\t") ? 4 : max(1, indent.count)
        let lines = value.prettyText(indent: width, isASCII: false).split(separator: "\n")
        return Array(lines.joined(separator: String(decoding: lineEnd + indent, as: UTF8.self)).utf8)
    }

    private var lineEnd: [UInt8] {
        let end = bytes.firstIndex(of: UInt8(ascii: "\n"))
        return Array((end.map { $0 > 0 && bytes[$0 - 1] == UInt8(ascii: "\r") } ?? false ? "\r\n" : "\n").utf8)
    }

    /// Of its first member; four blanks, as the editor itself writes, where that doesn't tell.
    private var indent: [UInt8] {
        guard let braces, let member = members.first else { return Array("    ".utf8) }
        let before = bytes[braces.opening..<member.value.lowerBound]
        guard let line = before.firstIndex(of: UInt8(ascii: "\n")) else { return Array("    ".utf8) }
        let blanks = Array(bytes[(line + 1)...].prefix { $0 == 0x20 || $0 == 0x09 })
        return blanks.isEmpty ? Array("    ".utf8) : blanks
    }
}

private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

/// Behind the closing quote.
private func stringEnd(_ bytes: [UInt8], from quote: Int) -> Int {
    var place = quote + 1
    while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
        place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
    }
    return min(place + 1, bytes.count)
}

/// The same length, with blanks for comments, a byte order mark and commas before a closing bracket.
private func plainJSON(_ bytes: [UInt8]) -> (plain: [UInt8], extraCommas: [Int]) {
    var plain = bytes
    var extraCommas: [Int] = []
    var comma: Int?
    /// What stood before it, and is neither blank nor comment.
    var last: UInt8 = 0
    var place = 0
    func blank(to end: Int) {
        for index in place..<end where !isBlank(plain[index]) { plain[index] = 0x20 }
        place = end
    }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { blank(to: 3) }
    while place < bytes.count {
        let next = place + 1 < bytes.count ? bytes[place + 1] : 0
        switch (bytes[place], next) {
        case (UInt8(ascii: "/"), UInt8(ascii: "/")):
            blank(to: bytes[place...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count)
            continue
        case (UInt8(ascii: "/"), UInt8(ascii: "*")):
            let end = bytes[(place + 2)...].indices.first {
                $0 + 1 < bytes.count && bytes[$0] == UInt8(ascii: "*") && bytes[$0 + 1] == UInt8(ascii: "/")
            }
            // One that isn't closed is left for the complaint.
            guard let end else { return (plain, extraCommas) }
            blank(to: end + 2)
            continue
        case (UInt8(ascii: "\""), _):
            (comma, last) = (nil, bytes[place])
            place = stringEnd(bytes, from: place)
            continue
        case (UInt8(ascii: ","), _): comma = "{[,".utf8.contains(last) ? nil : place
        case (UInt8(ascii: "}"), _), (UInt8(ascii: "]"), _):
            if let found = comma {
                plain[found] = 0x20
                extraCommas.append(found)
            }
            comma = nil
        case (let byte, _): if !isBlank(byte) { comma = nil }
        }
        if !isBlank(bytes[place]) { last = bytes[place] }
        place += 1
    }
    return (plain, extraCommas)
}
