// One thing in a fake file tree, and how fixtures write it.

import FoundationEssentials
package import InitCore

package struct FakeNode: Sendable, Equatable {
    package enum Content: Sendable, Equatable {
        case file([UInt8])
        case directory
        case link(String)
    }

    package var content: Content
    package var mode: UInt16
    package var owner: UInt32
    package var group: UInt32
    /// Seconds since its content last changed.
    package var age = 0.0

    package init(_ content: Content, mode: UInt16? = nil, owner: UInt32 = 0, group: UInt32 = 0) {
        self.content = content
        self.mode = mode ?? Self.usualMode(content)
        self.owner = owner
        self.group = group
    }

    private static func usualMode(_ content: Content) -> UInt16 {
        switch content {
        case .file: 0o644
        case .directory: 0o755
        case .link: 0o777
        }
    }

    var isDirectory: Bool { content == .directory }

    /// A directory that needs no mention where something lies in it.
    var isUsualDirectory: Bool { self == FakeNode(.directory) }

    package var status: FileStatus {
        let (kind, size): (FileStatus.Kind, Int) =
            switch content {
            case .file(let bytes): (.file, bytes.count)
            case .directory: (.directory, 4096)
            case .link(let target): (.link, target.utf8.count)
            }
        return FileStatus(kind: kind, mode: mode, owner: owner, group: group, size: size, age: age)
    }

    // MARK: In fixtures

    /// A string is a file's content; a map may hold content, base64, directory, target, mode, owner, group, age.
    init(_ node: JSONNode, _ diagnostics: inout Diagnostics) {
        if case .string(let text) = node.value {
            self.init(.file(Array(text.utf8)))
            return
        }
        _ = node.map(&diagnostics)
        node.checkKeys(
            ["content", "base64", "directory", "target", "mode", "owner", "group", "age"], &diagnostics)
        let content: Content =
            if let target = node.given("target")?.text(&diagnostics) {
                .link(target)
            } else if node.given("directory")?.flag(&diagnostics) == true {
                .directory
            } else if let text = node.given("base64")?.text(&diagnostics) {
                .file(Data(base64Encoded: text).map(Array.init) ?? [])
            } else {
                .file(Array((node.given("content")?.text(&diagnostics) ?? "").utf8))
            }
        let number = { (key: String, diagnostics: inout Diagnostics) in
            node.given(key)?.whole(&diagnostics, 0...Int(UInt32.max)).map(UInt32.init) ?? 0
        }
        self.init(
            content, mode: node.given("mode")?.text(&diagnostics).flatMap { UInt16($0, radix: 8) },
            owner: number("owner", &diagnostics), group: number("group", &diagnostics))
        age = node.given("age")?.duration(&diagnostics) ?? 0
    }

    var json: JSONValue {
        var object = JSONObject()
        switch content {
        case .file(let bytes):
            if let text = String(validating: bytes, as: UTF8.self) {
                object["content"] = .string(text)
            } else {
                object["base64"] = .string(Data(bytes).base64EncodedString())
            }
        case .directory: object["directory"] = .bool(true)
        case .link(let target): object["target"] = .string(target)
        }
        if mode != Self.usualMode(content) { object["mode"] = .string("0" + String(mode, radix: 8)) }
        if owner != 0 { object["owner"] = .number(JSONNumber("\(owner)")) }
        if group != 0 { object["group"] = .number(JSONNumber("\(group)")) }
        if object.count == 1, let text = object["content"] { return text }
        return .object(object)
    }
}
