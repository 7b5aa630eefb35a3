// A value and where it stands. Sections read their part of the document through these,
// so that every complaint carries its path.

package struct JSONNode: Sendable {
    package let value: JSONValue
    package let path: DocumentPath

    package init(_ value: JSONValue, at path: DocumentPath = DocumentPath()) {
        self.value = value
        self.path = path
    }

    /// The member of that name; nil if there is none or this isn't a map.
    package subscript(key: String) -> JSONNode? {
        guard case .object(let object) = value, let member = object[key] else { return nil }
        return JSONNode(member, at: path.appending(key))
    }

    /// The member of that name unless it is null, which counts as not given.
    package func given(_ key: String) -> JSONNode? {
        guard let node = self[key], node.value != .null else { return nil }
        return node
    }

    package var members: [(key: String, node: JSONNode)] {
        guard case .object(let object) = value else { return [] }
        return object.members.map { ($0, JSONNode($1, at: path.appending($0))) }
    }

    package var items: [JSONNode] {
        guard case .array(let items) = value else { return [] }
        return items.enumerated().map { JSONNode($1, at: path.appending($0)) }
    }

    package var isMap: Bool { if case .object = value { true } else { false } }
    package var isList: Bool { if case .array = value { true } else { false } }

    // MARK: Reading with complaints

    package func complain(_ wanted: String, _ diagnostics: inout Diagnostics) {
        diagnostics.error(path, "\(value.kindName) stands here; \(wanted) is wanted")
    }

    /// The members of a map; a complaint and nothing for any other kind. Null counts as an empty map.
    package func map(_ diagnostics: inout Diagnostics) -> [(key: String, node: JSONNode)] {
        if value == .null { return [] }
        guard isMap else {
            complain("a map", &diagnostics)
            return []
        }
        for (key, node) in members where key.utf8.contains(0) {
            diagnostics.error(node.path, "there is a NUL character in this name, at which the system would cut it off")
        }
        return members
    }

    /// Any scalar as text: the real service hands numbers and booleans over as strings.
    package func text(_ diagnostics: inout Diagnostics, wanted: String = "a string") -> String? {
        switch value {
        case .string(let text):
            guard !text.utf8.contains(0) else {
                diagnostics.error(path, "there is a NUL character in it, at which the system would cut it off")
                return nil
            }
            return text
        case .number(let number): return number.text
        case .bool(let flag): return flag ? "true" : "false"
        case .null, .array, .object:
            complain(wanted, &diagnostics)
            return nil
        }
    }

    /// One scalar, or a list of them.
    package func texts(_ diagnostics: inout Diagnostics) -> [String] {
        if isList { return items.compactMap { $0.text(&diagnostics) } }
        return text(&diagnostics, wanted: "a string or a list of strings").map { [$0] } ?? []
    }

    /// cfn-init's booleans: true, 1 and the strings true, yes, y, 1 in any case; all else is false there.
    /// Ours says so when something else than a false is written.
    package func flag(_ diagnostics: inout Diagnostics) -> Bool {
        guard let text = text(&diagnostics, wanted: "true or false") else { return false }
        switch text.trimmingBlanks().lowercased() {
        case "true", "yes", "y", "1": return true
        case "false", "no", "n", "0", "": return false
        default:
            diagnostics.ignored(
                path,
                "\u{201C}\(text)\u{201D} is neither true nor false and counts as false; true, yes, y and 1 are true")
            return false
        }
    }

    package func whole(_ diagnostics: inout Diagnostics, _ range: ClosedRange<Int>) -> Int? {
        guard let text = text(&diagnostics, wanted: "a whole number") else { return nil }
        guard let number = Int(text.trimmingBlanks()), range.contains(number) else {
            diagnostics.error(
                path,
                "\u{201C}\(text)\u{201D} stands here; a whole number from \(range.lowerBound) to \(range.upperBound) is wanted"
            )
            return nil
        }
        return number
    }

    /// Complains of every key that isn't known here, with the nearest known one.
    package func checkKeys(_ known: [String], _ diagnostics: inout Diagnostics) {
        for (key, node) in members where !known.contains(key) {
            diagnostics.ignored(
                node.path,
                "this key isn't known here\(suggestion(for: key, among: known)); known: \(known.joined(separator: ", "))"
            )
        }
    }
}

extension StringProtocol {
    package func trimmingBlanks() -> String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r" || $0 == "\r\n" }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else {
            return ""
        }
        return String(self[first...last])
    }
}
