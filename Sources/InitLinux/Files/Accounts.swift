// Users and groups as the root's own files tell them. Read directly: in another root the C library would ask the host's,
// and a static binary must not load the host's name services. Who isn't in them (LDAP, SSSD) is asked of getent(1).

import Glibc
import InitCore
import Synchronization

final class Accounts: Sendable {
    private struct Table: Sendable {
        var stamp: [Int64] = []
        var lines: [String: [String]] = [:]
        /// Of the group file: user → the groups that name it.
        var memberships: [String: [String]] = [:]
    }

    private struct Tables: Sendable {
        var users = Table()
        var groups = Table()
    }

    private let root: Root
    private let tables = Mutex(Tables())
    /// Runs getent(1) with these words; nil in another root.
    private let getent: (@Sendable (String, String) async throws -> String?)?

    init(root: Root, getent: (@Sendable (String, String) async throws -> String?)?) {
        self.root = root
        self.getent = getent
    }

    func user(_ name: String) async throws -> UserAccount? {
        var fields = try tables.withLock { try lookUp(name, "/etc/passwd", &$0.users) }
        if fields == nil, let line = try await getent?("passwd", name) { fields = split(line) }
        guard let fields, fields.count >= 6, let id = UInt32(fields[2]), let group = UInt32(fields[3]) else {
            return nil
        }
        return UserAccount(
            name: fields[0], id: id, group: group, home: fields[5], groups: try groupsOf(name))
    }

    func group(_ name: String) async throws -> GroupAccount? {
        var fields = try tables.withLock { try lookUp(name, "/etc/group", &$0.groups) }
        if fields == nil, let line = try await getent?("group", name) { fields = split(line) }
        guard let fields, fields.count >= 3, let id = UInt32(fields[2]) else { return nil }
        return GroupAccount(name: fields[0], id: id)
    }

    /// The ids by name without asking anybody else: for archives, whose owners are usual system accounts.
    func localUserID(_ name: String) -> UInt32? {
        (try? tables.withLock { try lookUp(name, "/etc/passwd", &$0.users) })?.dropFirst(2).first.flatMap { UInt32($0) }
    }

    func localGroupID(_ name: String) -> UInt32? {
        (try? tables.withLock { try lookUp(name, "/etc/group", &$0.groups) })?.dropFirst(2).first.flatMap { UInt32($0) }
    }

    /// The home of our own user, where HOME isn't set (cloud-init runs user-data without).
    func home(of id: UInt32) -> String? {
        _ = localUserID("root")
        return tables.withLock { $0.users.lines.values.first { $0.count >= 6 && $0[2] == String(id) }?[5] }
    }

    private func groupsOf(_ user: String) throws -> [String] {
        try tables.withLock { tables in
            _ = try lookUp("root", "/etc/group", &tables.groups)
            return tables.groups.memberships[user] ?? []
        }
    }

    private func lookUp(_ name: String, _ path: String, _ table: inout Table) throws -> [String]? {
        let place = try root.resolve(path)
        var info = stat()
        guard stat(place, &info) == 0 else { return nil }
        let stamp = [Int64(info.st_ino), Int64(info.st_size), Int64(info.st_mtim.tv_sec), Int64(info.st_mtim.tv_nsec)]
        if table.stamp != stamp {
            let text = String(decoding: try FileProbe(root: root).read(path), as: UTF8.self)
            table.lines = Dictionary(
                text.split(whereSeparator: \.isNewline).map { split(String($0)) }.map { ($0[0], $0) },
                uniquingKeysWith: { first, _ in first })
            table.memberships = [:]
            for fields in table.lines.values.sorted(by: { $0[0] < $1[0] }) where fields.count == 4 {
                for member in fields[3].split(separator: ",") {
                    table.memberships[String(member), default: []].append(fields[0])
                }
            }
            table.stamp = stamp
        }
        return table.lines[name]
    }

    private func split(_ line: String) -> [String] {
        line.split(separator: ":", omittingEmptySubsequences: false).map { $0.trimmingBlanks() }
    }
}
