// What a hook looks at, as it is now and as it is stored. A stored value never holds a secret: in its place stand the
// value with the secrets replaced, for the action to read, and a salted digest, to tell a change by.

import Crypto

/// The value now. None at all where the original sees none: missing, null, false, 0, empty.
package struct HookValue: Sendable, Equatable {
    enum Content: Sendable, Equatable {
        case json(JSONValue)
        case time(UTCTime)
    }

    let content: Content
    /// With placeholders; nil: there is no secret in it.
    let redacted: JSONValue?

    /// - Parameter redacted: the resource's whole metadata with placeholders for its secrets.
    package init?(_ path: HookPath, of detail: StackResourceDetail, redacted metadata: JSONValue) {
        switch path.subject {
        case .lastUpdated:
            content = .time(UTCTime(seconds: detail.lastUpdated))
            redacted = nil
        case .physicalID:
            guard let id = detail.physicalID, !id.isEmpty else { return nil }
            content = .json(.string(id))
            redacted = nil
        case .metadata(let keys):
            guard let value = detail.metadata?.value(at: keys), value.isTruthy else { return nil }
            content = .json(value)
            let shown = metadata.value(at: keys)
            redacted = shown == value ? nil : shown ?? .string(Secret.placeholder)
        }
    }

    /// For the action's environment.
    var text: String {
        switch content {
        case .json(let value): value.variableText
        case .time(let time): time.iso
        }
    }
}

/// The value of the last pass that needed nothing done, or did it.
enum StoredHookValue: Sendable, Equatable {
    case plain(JSONValue)
    case time(UTCTime)
    case sealed(shown: JSONValue, salt: [UInt8], digest: [UInt8])

    init(_ value: HookValue) {
        switch value.content {
        case .time(let time): self = .time(time)
        case .json(let content):
            self = value.redacted.map { Self.sealed(content, shown: $0) } ?? .plain(content)
        }
    }

    static func sealed(_ value: JSONValue, shown: JSONValue) -> StoredHookValue {
        var random = SystemRandomNumberGenerator()
        let salt = (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
        return .sealed(shown: shown, salt: salt, digest: digest(value, salt))
    }

    private static func digest(_ value: JSONValue, _ salt: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: salt)
        hash.update(data: Array(value.canonicalText.utf8))
        return Array(hash.finalize())
    }

    /// By value: the service hands maps over in any order.
    func isSame(as value: HookValue) -> Bool {
        switch (self, value.content) {
        case (.plain(let old), .json(let new)): old.canonicalText == new.canonicalText
        case (.sealed(_, let salt, let digest), .json(let new)): digest == Self.digest(new, salt)
        case (.time(let old), .time(let new)): old == new
        case (.plain(.string(let old)), .time(let new)): UTCTime(old) == new
        case (.plain, .time), (.sealed, .time), (.time, .json): false
        }
    }

    /// This one if it says the same in a form that may be stored.
    func updated(to value: HookValue) -> StoredHookValue {
        let isSealed = if case .sealed = self { true } else { false }
        return isSame(as: value) && (isSealed || value.redacted == nil) ? self : StoredHookValue(value)
    }

    /// For the action's environment.
    var text: String {
        switch self {
        case .plain(let value), .sealed(let value, _, _): value.variableText
        case .time(let time): time.iso
        }
    }

    /// Of a value that the original stored, or a database from before ours.
    var secrets: [Secret] { if case .plain(let value) = self { Redaction(value).secrets } else { [] } }
}

extension JSONValue {
    /// Strings as they are, all else as JSON.
    fileprivate var variableText: String { if case .string(let text) = self { text } else { pythonText } }

    /// The same text for equal values, whatever the order of their keys.
    var canonicalText: String { sorted.pythonText }

    private var sorted: JSONValue {
        switch self {
        case .null, .bool, .number, .string: self
        case .array(let items): .array(items.map(\.sorted))
        case .object(let object):
            .object(
                JSONObject(
                    object.members.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }.map { ($0, $1.sorted) }))
        }
    }
}
