// A file tree in memory that behaves as the real one does where InitLinux relies on it. The contract tests hold the
// two against each other: what is wrong here fails there.

import Crypto
import InitCore

package struct FakeTree: Sendable, Equatable {
    package private(set) var nodes: [String: FakeNode] = ["/": FakeNode(.directory)]

    package init() {}

    // MARK: Looking

    /// Where a path lies once the links among its parents are followed.
    private func place(_ path: String) -> String {
        var parts = path.split(separator: "/").map(String.init)
        guard let last = parts.popLast() else { return "/" }
        var rest = Array(parts.reversed())
        var done: [String] = []
        while let part = rest.popLast() {
            if part == ".." {
                _ = done.popLast()
            } else if part != "." {
                if case .link(let target)? = nodes["/" + (done + [part]).joined(separator: "/")]?.content {
                    if target.hasPrefix("/") { done = [] }
                    rest += target.split(separator: "/").map(String.init).reversed()
                } else {
                    done.append(part)
                }
            }
        }
        return last == "." ? "/" + done.joined(separator: "/") : "/" + (done + [last]).joined(separator: "/")
    }

    package subscript(path: String) -> FakeNode? { nodes[place(path)] }

    package func read(_ path: String) throws -> [UInt8] {
        guard case .file(let bytes)? = self[path]?.content else { throw Failure(.host, "\(path): can't be read") }
        return bytes
    }

    package func linkTarget(_ path: String) throws -> String {
        guard case .link(let target)? = self[path]?.content else {
            throw Failure(.host, "\(path): can't be read as a link")
        }
        return target
    }

    package func names(_ path: String) -> [String] {
        let directory = place(path + "/.")
        guard nodes[directory]?.isDirectory == true else { return [] }
        let prefix = directory == "/" ? "/" : directory + "/"
        return nodes.keys.filter { $0.hasPrefix(prefix) && $0 != prefix && !$0.dropFirst(prefix.count).contains("/") }
            .map { String($0.dropFirst(prefix.count)) }.sorted()
    }

    package func sha256(_ path: String) throws -> String { Self.sha256(try read(path)) }

    package static func sha256(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    // MARK: Doing

    /// Puts a node there with the directories that lead to it; of a fixture or a command's effect.
    package mutating func set(_ path: String, _ node: FakeNode) {
        try? makeParents(of: path)
        nodes[place(path)] = node
    }

    package mutating func remove(_ path: String) {
        let place = place(path)
        nodes = nodes.filter { $0.key != place && !$0.key.hasPrefix(place + "/") }
    }

    /// What must be right before anything is renamed.
    package mutating func stage(_ path: String) throws { try makeParents(of: path) }

    /// - Returns: whether it changed something.
    package mutating func write(_ path: String, _ new: FakeNode, keepingBackup: Bool) throws {
        try makeParents(of: path)
        let place = place(path)
        if let old = nodes[place] {
            if old.isDirectory {
                guard nodes[place + ".bak"] == nil else {
                    throw Failure(.host, "\(path): a directory stands here, and its .bak exists")
                }
                move(place, to: place + ".bak")
            } else if keepingBackup {
                nodes[place + ".bak"] = old
            }
        }
        nodes[place] = new
    }

    package mutating func setAttributes(_ path: String, mode: UInt16?, owner: UInt32?, group: UInt32?) throws {
        let place = place(path)
        guard var node = nodes[place] else { throw Failure(.host, "\(path): its owner can't be set") }
        if owner != nil || group != nil {
            node.owner = owner ?? node.owner
            node.group = group ?? node.group
            // chown(2): a change of owner takes these bits away.
            if case .file = node.content { node.mode &= ~0o4000 & (node.mode & 0o010 == 0 ? ~0 : ~0o2000) }
        }
        if let mode { node.mode = mode }
        nodes[place] = node
    }

    private mutating func move(_ old: String, to new: String) {
        for (path, node) in nodes where path == old || path.hasPrefix(old + "/") {
            nodes[path] = nil
            nodes[new + path.dropFirst(old.count)] = node
        }
    }

    private mutating func makeParents(of path: String) throws {
        let place = place(path)
        var parent = place[..<(place.lastIndex(of: "/") ?? place.startIndex)]
        var missing: [String] = []
        while !parent.isEmpty {
            if let node = nodes[String(parent)] {
                guard node.isDirectory else { throw Failure(.host, "\(path): \(parent) is no directory") }
                break
            }
            missing.append(String(parent))
            parent = parent[..<(parent.lastIndex(of: "/") ?? parent.startIndex)]
        }
        for path in missing { nodes[path] = FakeNode(.directory) }
    }

    // MARK: As a fixture writes it

    var json: JSONValue {
        let isImplied = { (path: String, node: FakeNode) in
            path == "/" || node.isUsualDirectory && nodes.keys.contains { $0.hasPrefix(path + "/") }
        }
        return .object(
            JSONObject(nodes.filter { !isImplied($0, $1) }.sorted { $0.key < $1.key }.map { ($0, $1.json) }))
    }
}
