// Who a container runs as, in numbers: for the owner of what is mounted into it. A name stands in the image's own passwd.

import Glibc
import InitCore
import Synchronization

struct NumericOwner: Sendable, Equatable {
    let user: UInt32
    let group: UInt32
}

final class ImageOwners: Sendable {
    /// By image id and user.
    private let known = Mutex<[String: Once<NumericOwner>]>([:])

    func owner(
        _ image: String, _ user: String, _ find: @escaping @Sendable () async throws -> NumericOwner
    ) async throws -> NumericOwner {
        let one = known.withLock { known in
            let one = known["\(image) \(user)"] ?? Once()
            known["\(image) \(user)"] = one
            return one
        }
        return try await one.value(find)
    }
}

extension DockerEngine {
    /// - Parameter user: `1000`, `1000:1000`, `coder`, `coder:ides`; nil: the image's own.
    func owner(of image: ImageName, user: String?) async throws -> NumericOwner {
        guard let found = try await self.image("\(image)") else {
            throw Failure(.host, "image \(image) isn't on this host any more")
        }
        let text = user ?? found.user
        let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let name = halves.first, !name.isEmpty else { return NumericOwner(user: 0, group: 0) }
        let group = halves.count > 1 ? halves[1] : nil
        if let id = UInt32(name), group.map({ UInt32($0) != nil }) ?? true {
            // Nobody has to be looked for: a user's group has most often the same number.
            return NumericOwner(user: id, group: group.flatMap { UInt32($0) } ?? id)
        }
        return try await owners.owner(found.id, text) { [self] in
            try await lookUp(name, group, in: "\(image)")
        }
    }

    /// Images can't be looked into, containers can: one is made of it, never started, and is gone at once.
    private func lookUp(_ user: String, _ group: String?, in image: String) async throws -> NumericOwner {
        let doing = "the users of image \(image) can't be looked up"
        let body = JSONValue.object(
            JSONObject([
                ("Image", .string(image)), ("Cmd", .list(["-"])), ("Entrypoint", .list(["-"])),
                ("Labels", .texts([ContainerLabel.lookup: "\(getpid())"])),
                ("HostConfig", .object(JSONObject([("NetworkMode", .string("none"))]))),
            ]))
        try await removeOldLookUps(doing)
        guard let id = try await call("POST", "/containers/create", body, failing: doing).json()["Id"]?.string else {
            throw Failure(.host, "\(doing): Docker tells no id")
        }
        let found: Result<NumericOwner, any Error>
        do {
            let users = try await file("/etc/passwd", in: id, doing)
            let groups = try await file("/etc/group", in: id, doing)
            found = .success(try Self.owner(user, group, users, groups, image))
        } catch {
            found = .failure(error)
        }
        try await call("DELETE", "\(Self.path(container: id))?force=1&v=1", accepting: [404], failing: doing)
        return try found.get()
    }

    /// What a process left that was killed while it looked.
    private func removeOldLookUps(_ doing: String) async throws {
        let filter = percentEncoded(#"{"label":["\#(ContainerLabel.lookup)"],"status":["created"]}"#)
        for item in try await look("/containers/json?all=1&filters=\(filter)", doing)?.items ?? [] {
            guard let id = item["Id"]?.string else { continue }
            if let process = item["Labels"]?[ContainerLabel.lookup]?.string.flatMap({ pid_t($0) }), process > 0,
                kill(process, 0) == 0
            {
                continue
            }
            // 409: it is on its way out already.
            try await call(
                "DELETE", "\(Self.path(container: id))?force=1&v=1", accepting: [404, 409], failing: doing)
        }
    }

    /// Empty where there is none.
    private func file(_ path: String, in id: String, _ doing: String) async throws -> String {
        let answer = try await call(
            "GET", "\(Self.path(container: id))/archive?path=\(percentEncoded(path))", accepting: [404], failing: doing)
        guard answer.status != 404 else { return "" }
        return String(decoding: TarFile.firstContent(answer.body), as: UTF8.self)
    }

    static func owner(
        _ user: String, _ group: String?, _ users: String, _ groups: String, _ image: String
    ) throws -> NumericOwner {
        func entry(_ name: String, _ lines: String) -> [Substring]? {
            lines.split(separator: "\n").lazy.map { $0.split(separator: ":", omittingEmptySubsequences: false) }
                .first { $0.count > 2 && ($0[0] == name || $0[2] == name) }
        }
        let account = entry(user, users)
        guard let id = account.flatMap({ UInt32($0[2]) }) ?? UInt32(user) else {
            throw Failure(
                .host,
                "image \(image) runs as \(user), and its /etc/passwd has no such user; write \u{201C}user\u{201D} as a number"
            )
        }
        guard let group else {
            return NumericOwner(user: id, group: account.flatMap { $0.count > 3 ? UInt32($0[3]) : nil } ?? id)
        }
        guard let groupID = entry(group, groups).flatMap({ UInt32($0[2]) }) ?? UInt32(group) else {
            throw Failure(
                .host, "image \(image) has no group \(group) in its /etc/group; write \u{201C}user\u{201D} in numbers")
        }
        return NumericOwner(user: id, group: groupID)
    }
}

/// The one file in a tar archive of one.
enum TarFile {
    static func firstContent(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        var rest = bytes[...]
        while rest.count >= 512 {
            let head = rest.prefix(512)
            let start = head.startIndex
            let digits = head[start + 124..<start + 136].prefix { $0 != 0 && $0 != UInt8(ascii: " ") }
            guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 8) else { return [] }
            let kind = head[start + 156]
            rest = rest.dropFirst(512)
            if kind == UInt8(ascii: "0") || kind == 0 { return rest.prefix(size) }
            rest = rest.dropFirst((size + 511) / 512 * 512)
        }
        return []
    }
}
