// The list of reactions that are due, under /var/lib/ide-init: written before the change that calls for them.

import Glibc
import InitCore

struct PendingFile: Sendable {
    static let path = "/var/lib/ide-init/pending.json"

    let root: Root

    func load() throws -> [Mark] {
        let bytes: [UInt8]
        do {
            guard let found = try stateFile(at: Self.path, root: root) else { return [] }
            bytes = found
        } catch let failure as Failure where failure.kind == .unreadable {
            // A plan may be made without root; what is due can't be told then.
            return []
        }
        guard let value = try? JSONParser.parse(bytes, name: Self.path).value else {
            throw Failure(
                .host,
                "\(Self.path) is damaged, so which restarts are due isn't known; restart services by hand and remove it"
            )
        }
        return JSONNode(value).items.compactMap { node in
            guard case .string(let config)? = node["config"]?.value,
                case .string(let section)? = node["section"]?.value,
                case .string(let name)? = node["name"]?.value
            else { return nil }
            return Mark(config: config, section: section, name: name)
        }
    }

    func save(_ marks: [Mark]) throws {
        let place = try root.resolve(Self.path)
        if marks.isEmpty {
            guard unlink(place) == 0 || errno == ENOENT else { throw systemFailure("can't be removed", Self.path) }
            return
        }
        let value = JSONValue.array(
            marks.map {
                .object(
                    JSONObject([
                        ("config", .string($0.config)), ("section", .string($0.section)), ("name", .string($0.name)),
                    ]))
            })
        try writePrivately(Array(value.prettyText(indent: 2).utf8), to: Self.path, root: root)
    }
}
