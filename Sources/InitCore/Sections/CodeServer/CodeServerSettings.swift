// VS Code's settings.json is the user's: our settings are put into it, and one that the user has changed since stays as it is.
// What was written last is remembered beside it, as sums, so that it goes where the home goes.

import Crypto

enum CodeServerSettings {
    /// What the document wishes for: a map, whose texts that look like numbers and booleans are meant so, since the service hands
    /// them over as strings; or JSON in a string, taken exactly.
    static func wished(_ node: JSONNode, _ diagnostics: inout Diagnostics) -> JSONObject {
        if case .string(let text) = node.value {
            do {
                let json = try CommentedJSON(Array(text.utf8), name: "settings")
                return JSONObject(json.keys.compactMap { key in json[key].map { (key, $0) } })
            } catch {
                diagnostics.error(
                    node.path, "\(Failure(wrapping: error).message); a map, or JSON with one in it, is wanted")
                return JSONObject()
            }
        }
        let members = node.map(&diagnostics).sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        return JSONObject(members.map { ($0.key, typed($0.node.value)) })
    }

    private static func typed(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null, .bool, .number: value
        case .string("true"): .bool(true)
        case .string("false"): .bool(false)
        case .string(let text): isNumber(text) ? .number(JSONNumber(text)) : value
        case .array(let items): .array(items.map(typed))
        case .object(let object): .object(JSONObject(object.members.map { ($0, typed($1)) }))
        }
    }

    private static func isNumber(_ text: String) -> Bool {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }) else { return false }
        guard case .number? = try? JSONParser.parse(Array(text.utf8), name: "").value else { return false }
        return true
    }
}

struct CodeServerSettingsFile {
    let instance: CodeServerInstance

    func plan(_ home: CodeServerHome, _ now: Planning) throws -> CodeServerPart {
        guard !instance.settings.isEmpty else { return CodeServerPart() }
        let path = home.settings
        let found = try now.probe.status(path)
        if let found, found.kind != .file {
            guard instance.enforcesSettings else {
                return CodeServerPart(
                    note: "\(path) is a \(found.kind.rawValue), and so the user's: the settings aren't in it")
            }
            throw Failure(.refused, "\(path) is a \(found.kind.rawValue), and a file is wanted; move it away")
        }
        var json: CommentedJSON
        do {
            json = try CommentedJSON(found.map { try now.probe.read(path, $0) } ?? [], name: path)
        } catch let failure as Failure
            where [.invalidDocument, .refused].contains(failure.kind) && !instance.enforcesSettings
        {
            return CodeServerPart(note: "\(failure.message); the settings aren't in it until the user has mended it")
        }
        let record = WrittenSettings(try recorded(home, now))
        var written = record
        var part = CodeServerPart()
        var kept: [String] = []
        for (key, value) in instance.settings.members {
            let current = json[key]
            if current.map({ isSame($0, value) }) ?? false {
                written.note(key, value)
            } else if !instance.enforcesSettings, record.isUsers(key, current) {
                kept.append(key)
            } else {
                part.facts.append(Fact(key, current?.pythonText, value.pythonText))
                try json.set(key, to: value)
                written.note(key, value)
            }
        }
        if !part.facts.isEmpty {
            part.steps.append(
                home.write(
                    path, .bytes(json.bytes), mode: found?.mode ?? 0o600, owner: found?.owner ?? home.account.id,
                    group: found?.group ?? home.account.group))
        }
        if written != record {
            part.steps.append(
                home.write(
                    home.settingsRecord, .bytes(written.bytes), mode: 0o600, owner: home.account.id,
                    group: home.account.group))
        }
        if !kept.isEmpty, !part.facts.isEmpty {
            part.facts.append(Fact("kept as the user has it", nil, kept.joined(separator: ", ")))
        }
        return part
    }

    /// Nothing where it isn't there, or isn't a file.
    private func recorded(_ home: CodeServerHome, _ now: Planning) throws -> [UInt8] {
        guard let found = try now.probe.status(home.settingsRecord), found.kind == .file else { return [] }
        return try now.probe.read(home.settingsRecord, found)
    }

    /// 2 and 2.0 are one number.
    private func isSame(_ left: JSONValue, _ right: JSONValue) -> Bool {
        if case .number(let left) = left, case .number(let right) = right { return left.double == right.double }
        return left == right
    }
}

/// Sums of what was written last, by key.
private struct WrittenSettings: Equatable {
    private var sums: [String: String] = [:]

    /// Whatever can't be read counts as nothing: a user may have been there.
    init(_ bytes: [UInt8]) {
        guard case .object(let object)? = try? JSONParser.parse(bytes, name: "").value else { return }
        for (key, value) in object.members { if case .string(let sum) = value { sums[key] = sum } }
    }

    /// Whether it is another than was written, or was taken out since.
    func isUsers(_ key: String, _ current: JSONValue?) -> Bool {
        guard let sum = sums[key] else { return false }
        return current.map { Self.sum($0) != sum } ?? true
    }

    mutating func note(_ key: String, _ value: JSONValue) { sums[key] = Self.sum(value) }

    private static func sum(_ value: JSONValue) -> String {
        hexadecimal(SHA256.hash(data: Array(value.canonicalText.utf8)))
    }

    var bytes: [UInt8] {
        let members = sums.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) }
        return Array(JSONValue.object(JSONObject(members)).prettyText().utf8)
    }
}
