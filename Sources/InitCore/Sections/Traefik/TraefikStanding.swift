// What stands in Traefik's directory: which of it is ours, and the hashes in it.

extension TraefikResource {
    struct Standing {
        let directory: String
        let isEmpty: Bool

        init(_ directory: String, _ now: Planning) throws {
            self.directory = directory
            isEmpty = try now.probe.names(directory).isEmpty
        }

        /// Nil: no such file.
        func file(_ name: String, _ now: Planning) throws -> (status: FileStatus, bytes: [UInt8])? {
            let path = "\(directory)/\(name)"
            guard let status = try now.probe.status(path) else { return nil }
            guard status.kind == .file else {
                throw Failure(
                    .refused, "\(path) is a \(status.kind.rawValue), and a file is wanted there; take it away")
            }
            return (status, try now.probe.read(path))
        }

        /// Files with a mark of this item.
        func ours(_ mark: OwnershipMark, _ now: Planning) throws -> [String] {
            try Self.marked(in: directory, now).filter {
                $0.mark.owner == mark.owner && $0.mark.section == mark.section && $0.mark.item == mark.item
            }.map(\.name)
        }

        /// All files with a mark of ours.
        static func marked(in directory: String, _ now: Planning) throws -> [(name: String, mark: OwnershipMark)] {
            var found: [(name: String, mark: OwnershipMark)] = []
            for part in TraefikResource.directories {
                for name in try now.probe.names("\(directory)/\(part)") {
                    let path = "\(directory)/\(part)\(name)"
                    guard let status = try now.probe.status(path), status.kind == .file, status.size < 1 << 20,
                        let mark = OwnershipMark(ofFile: try now.probe.read(path)),
                        mark.section == TraefikModel.section
                    else { continue }
                    found.append((part + name, mark))
                }
            }
            return found
        }

        private static let userTables = [
            ("[http.middlewares.", ".basicAuth]"), ("[frontends.", ".auth.basic]"), ("[entryPoints.", ".auth.basic]"),
        ]

        /// `user:hash` by the container, middleware or entry point whose table holds it, as one of our files has it.
        func users(_ name: String, _ now: Planning) throws -> [String: String] {
            guard let file = try file(name, now) else { return [:] }
            var users: [String: String] = [:]
            var name: String?
            for line in String(decoding: file.bytes, as: UTF8.self).split(separator: "\n") {
                let line = line.trimmingBlanks()
                if line.hasPrefix("[") {
                    name =
                        Self.userTables.lazy.compactMap { opening, closing in
                            guard line.hasPrefix(opening), line.hasSuffix(closing) else { return nil }
                            return line.dropFirst(opening.count).dropLast(closing.count).filter { $0 != "\"" }
                        }.first
                } else if let name, line.hasPrefix("users = [\""), line.hasSuffix("\"]") {
                    users[name] = String(line.dropFirst("users = [\"".count).dropLast(2))
                }
            }
            return users
        }
    }
}

/// Takes away what a section that is gone has left in Traefik's usual directory.
struct TraefikSweep: Resource {
    let scope: SweepScope

    var id: ResourceID { scope.id }

    func plan(_ now: Planning) async throws -> Plan {
        let directory = TraefikModel.directory
        guard try now.probe.status(directory) != nil else { return .unchanged }
        let left = try TraefikResource.Standing.marked(in: directory, now).filter { scope.isLeftOver($0.mark) }
        guard !left.isEmpty else { return .unchanged }
        return .change(
            Change(
                .remove, facts: left.map { Fact("\(directory)/\($0.name)", "there", "removed") },
                steps: [.replace(FileSet(writes: [], removals: left.map { "\(directory)/\($0.name)" }))]))
    }
}
