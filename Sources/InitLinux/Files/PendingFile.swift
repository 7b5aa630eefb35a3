// The list of reactions that are due, under /var/lib/ide-init: written before the change that calls for them.

import Glibc
import InitCore

struct PendingFile: Sendable {
    static let path = "/var/lib/ide-init/pending.json"

    let root: Root

    func load() throws -> [DueReaction] {
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
            guard let mark = Self.names(node), let by = node["reactor"].flatMap(Self.names) else { return nil }
            return DueReaction(
                Mark(config: mark.config, section: mark.section, name: mark.name),
                by: ResourceID(config: by.config, section: by.section, name: by.name))
        }
    }

    private static func names(_ node: JSONNode) -> (config: String, section: String, name: String)? {
        guard case .string(let config)? = node["config"]?.value,
            case .string(let section)? = node["section"]?.value,
            case .string(let name)? = node["name"]?.value
        else { return nil }
        return (config, section, name)
    }

    func save(_ reactions: [DueReaction]) throws {
        let place = try root.resolve(Self.path)
        if reactions.isEmpty {
            guard unlink(place) == 0 || errno == ENOENT else { throw systemFailure("can't be removed", Self.path) }
            return
        }
        func members(_ config: String, _ section: String, _ name: String) -> [(String, JSONValue)] {
            [("config", .string(config)), ("section", .string(section)), ("name", .string(name))]
        }
        let value = JSONValue.array(
            reactions.map { reaction in
                let (mark, by) = (reaction.mark, reaction.reactor)
                let reactor = JSONValue.object(JSONObject(members(by.config, by.section, by.name)))
                return .object(
                    JSONObject(members(mark.config, mark.section, mark.name) + [("reactor", reactor)]))
            })
        try writePrivately(Array(value.prettyText(indent: 2).utf8), to: Self.path, root: root)
    }
}
