// What of a stack's metadata is in force on this host: by it a watcher sees what has changed. Salted digests, since
// secrets are in the metadata too.

import Crypto

package struct AppliedMetadata: Sendable, Equatable {
    package let stack: String
    package let resource: String
    private var configSets: [String] = []
    private let salt: [UInt8]
    /// Nil: its last run failed, or was one of a part.
    private var document: [UInt8]?
    /// Of what has run, by config and name.
    private var commands: [String: [String: [UInt8]]] = [:]

    package init(stack: String, resource: String) {
        self.stack = stack
        self.resource = resource
        var random = SystemRandomNumberGenerator()
        salt = (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    // MARK: Asking

    /// Whether all of it has been brought about.
    package func isInForce(_ document: Document) -> Bool {
        self.document == digest(document.metadata) && configSets == document.sets.map(\.name)
    }

    /// Whether it is a command that has run, and stood there then as it does now.
    func hasRun(_ id: ResourceID, in document: Document) -> Bool {
        guard let command = document.command(id) else { return false }
        return commands[id.config]?[id.name] == digest(command)
    }

    private func digest(_ value: JSONValue) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: salt)
        hash.update(data: Array(value.canonicalText.utf8))
        return Array(hash.finalize())
    }

    // MARK: Learning

    /// - Parameter isWhole: whether nothing of the document was left out.
    package mutating func record(_ report: Report, of document: Document, isWhole: Bool) {
        configSets = report.configSets
        self.document = isWhole && report.firstFailure == nil ? digest(document.metadata) : nil
        for item in report.items where item.outcome == .ran || item.outcome == .changed {
            guard let command = document.command(item.id) else { continue }
            commands[item.id.config, default: [:]][item.id.name] = digest(command)
        }
    }

    // MARK: As JSON

    package var json: JSONValue {
        func text(_ bytes: [UInt8]) -> JSONValue { .string(hexadecimal(bytes)) }
        func object<Value>(_ members: [String: Value], _ json: (Value) -> JSONValue) -> JSONValue {
            .object(JSONObject(members.sorted { $0.key < $1.key }.map { ($0.key, json($0.value)) }))
        }
        var result = JSONObject([
            ("stack", .string(stack)), ("resource", .string(resource)),
            ("configSets", .array(configSets.map(JSONValue.string))), ("salt", text(salt)),
        ])
        if let document { result["document"] = text(document) }
        result["commands"] = object(commands) { object($0, text) }
        return .object(result)
    }

    /// Nil for anything but what `json` gave.
    package init?(_ value: JSONValue) {
        func text(_ value: JSONValue?) -> String? { if case .string(let text)? = value { text } else { nil } }
        func object(_ value: JSONValue?) -> JSONObject {
            if case .object(let object)? = value { object } else { .init() }
        }
        let record = object(value)
        guard let stack = text(record["stack"]), let resource = text(record["resource"]),
            let salt = text(record["salt"]).flatMap(bytes(hexadecimal:))
        else { return nil }
        (self.stack, self.resource, self.salt) = (stack, resource, salt)
        if case .array(let sets)? = record["configSets"] { configSets = sets.compactMap { text($0) } }
        document = text(record["document"]).flatMap(bytes(hexadecimal:))
        for (config, names) in object(record["commands"]).members {
            for (name, digest) in object(names).members {
                commands[config, default: [:]][name] = text(digest).flatMap(bytes(hexadecimal:))
            }
        }
    }
}
