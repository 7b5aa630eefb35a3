// A value that must never be seen. Its default rendering is a placeholder everywhere: in interpolation,
// reflection and debugger output; it isn't Encodable. `reveal` is the one way in: search for it to audit.

/// Whether a key's name says that its value is one.
func saysSecret(_ key: String) -> Bool {
    let key = key.lowercased()
    // Of codeServer: a yes or no.
    if key == "hashpassword" { return false }
    return holds("password", key.utf8) || holds("secret", key.utf8) || holds("token", key.utf8)
}

/// Whether there is a value in it whose key says that it is one.
func holdsSecret(_ value: JSONValue) -> Bool {
    switch value {
    case .object(let object): object.members.contains { saysSecret($0) && $1.isTruthy || holdsSecret($1) }
    case .array(let items): items.contains(where: holdsSecret)
    case .null, .bool, .number, .string: false
    }
}

package struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package static let placeholder = "(secret)"

    private let bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }
    package init(_ text: String) { bytes = Array(text.utf8) }

    package func reveal<Result>(_ body: ([UInt8]) throws -> Result) rethrows -> Result { try body(bytes) }

    package var description: String { Self.placeholder }
    package var debugDescription: String { Self.placeholder }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
