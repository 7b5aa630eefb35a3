// JSON as a value: the order of keys is kept, and numbers keep their text.
// The standard decoders lose both, and cfn-init writes JSON file content in document order.

package indirect enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// What a person calls this kind of value in an error message.
    package var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "a map"
        }
    }

    /// Python's truth, by which cfn-init decides whether something is given at all.
    package var isTruthy: Bool {
        switch self {
        case .null: false
        case .bool(let value): value
        case .number(let number): number.double != 0
        case .string(let text): !text.isEmpty
        case .array(let items): !items.isEmpty
        case .object(let object): !object.isEmpty
        }
    }
}

/// A number in the spelling of its document, so that an id of twenty digits survives.
package struct JSONNumber: Sendable, Equatable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package var double: Double { Double(text) ?? .nan }
    package var isInteger: Bool { !text.contains { $0 == "." || $0 == "e" || $0 == "E" || $0 == "N" || $0 == "I" } }
}

/// A JSON object: members in document order; of equal keys the last value wins at the first one's place.
package struct JSONObject: Sendable, Equatable {
    package private(set) var keys: [String] = []
    package private(set) var values: [JSONValue] = []
    private var index: [ByteKey: Int] = [:]

    /// Two spellings that Unicode calls equal are two keys: Linux takes them for two files.
    private struct ByteKey: Hashable {
        let text: String

        static func == (left: Self, right: Self) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }
        func hash(into hasher: inout Hasher) { for byte in text.utf8 { hasher.combine(byte) } }
    }

    private func place(of key: String) -> Int? {
        keys.count > 8 ? index[ByteKey(text: key)] : keys.firstIndex { $0.utf8.elementsEqual(key.utf8) }
    }

    package init() {}

    package init(_ members: [(String, JSONValue)]) {
        for (key, value) in members { self[key] = value }
    }

    package var isEmpty: Bool { keys.isEmpty }
    package var count: Int { keys.count }

    package subscript(key: String) -> JSONValue? {
        get { place(of: key).map { values[$0] } }
        set {
            guard let newValue else {
                guard let place = place(of: key) else { return }
                keys.remove(at: place)
                values.remove(at: place)
                index = keys.count > 8 ? Self.places(of: keys) : [:]
                return
            }
            if let place = place(of: key) {
                values[place] = newValue
                return
            }
            keys.append(key)
            values.append(newValue)
            if keys.count == 9 {
                index = Self.places(of: keys)
            } else if keys.count > 9 {
                index[ByteKey(text: key)] = keys.count - 1
            }
        }
    }

    private static func places(of keys: [String]) -> [ByteKey: Int] {
        Dictionary(uniqueKeysWithValues: keys.enumerated().map { (ByteKey(text: $1), $0) })
    }

    package var members: Zip2Sequence<[String], [JSONValue]> { zip(keys, values) }

    /// Equal by content: no map's order carries a meaning.
    package static func == (left: Self, right: Self) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0] == $1 }
    }
}
