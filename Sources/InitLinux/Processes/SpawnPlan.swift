// A command's words, directory, user and environment as the kernel wants them.

import Glibc
import InitCore
import Subprocess

struct SpawnPlan {
    struct User {
        let id: uid_t
        let group: gid_t
        let groups: [gid_t]
    }

    var words: [String]
    var directory: String?
    var environment: Subprocess.Environment
}

extension CommandRunner {
    /// What is meant for us alone, and must not reach a child that could speak in our name.
    private static let ours = [
        "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
    ]

    func spawnPlan(_ command: Command) async throws -> SpawnPlan {
        var account: UserAccount?
        var user: SpawnPlan.User?
        if let name = command.user {
            guard let found = try await accounts.user(name) else { throw Failure(.host, "there is no user \(name)") }
            var groups: [gid_t] = [found.group]
            for group in found.groups {
                if let id = try await accounts.group(group)?.id { groups.append(id) }
            }
            account = found
            user = SpawnPlan.User(id: found.id, group: found.group, groups: groups)
        }
        let variables = environment(of: command, for: account)
        var words: [String]
        switch command.program {
        case .shell(let text): words = ["/bin/sh", "-c", text]
        case .arguments(let list): words = list
        }
        var directory: String?
        if let path = command.directory { directory = try await expandHome(path) }
        words[0] = try executable(words[0], path: variables["PATH"], in: directory, of: root)
        if let directory, try access(root.resolve(directory, followingLast: true), X_OK) != 0 {
            throw systemFailure("its directory can't be entered", directory)
        }
        if !root.isHost {
            guard geteuid() == 0 else { throw Failure(.host, "only root can run a program in another root") }
            words = try chroot(words, directory: directory, user: user)
            directory = nil
        } else if let user, user.id != geteuid() {
            words = try chroot(words, directory: nil, user: user)
        }
        let environment = Subprocess.Environment.custom(
            Dictionary(uniqueKeysWithValues: variables.map { (Subprocess.Environment.Key(stringLiteral: $0), $1) }))
        return SpawnPlan(words: words, directory: directory, environment: environment)
    }

    /// - Throws: when there's no such program in the root.
    func find(_ name: String) throws {
        let path = environment(of: Command(name, .arguments([name])), for: nil)["PATH"]
        _ = try executable(name, path: path, in: nil, of: root)
    }

    private func environment(of command: Command, for account: UserAccount?) -> [String: String] {
        var variables: [String: String] = [:]
        switch command.environment {
        case .only(let values):
            for (name, value) in values { variables[name] = value.reveal { String(decoding: $0, as: UTF8.self) } }
        case .inherited(let setting):
            var entry = environ
            while let pointer = entry.pointee {
                let parts = String(cString: pointer).split(
                    separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                if parts.count == 2, !Self.ours.contains(String(parts[0])) {
                    variables[String(parts[0])] = String(parts[1])
                }
                entry += 1
            }
            if variables["PATH"] == nil {
                variables["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
            }
            // The init of the host is none of another root's business.
            if !root.isHost { variables["SYSTEMD_OFFLINE"] = "1" }
            if let account {
                // As su(1) does without a login.
                variables["HOME"] = account.home
                variables["USER"] = account.name
                variables["LOGNAME"] = account.name
            }
            variables.merge(setting) { $1 }
        }
        return variables
    }

    /// `~` and `~user`, as Python's expanduser.
    private func expandHome(_ path: String) async throws -> String {
        guard path.hasPrefix("~") else { return path }
        let name = path.dropFirst().prefix { $0 != "/" }
        let rest = path.dropFirst(1 + name.count)
        var home: String?
        if name.isEmpty {
            home = root.isHost ? getenv("HOME").map { String(cString: $0) } : nil
            home = home ?? accounts.home(of: geteuid())
        } else {
            home = try await accounts.user(String(name))?.home
        }
        guard let home else { throw Failure(.host, "\(path): there is no such home directory") }
        return rest.isEmpty ? home : (home == "/" ? "" : home) + rest
    }

    /// Looked up as execvp(3) does; without a PATH in its environment in /bin and /usr/bin.
    private func executable(_ name: String, path: String?, in directory: String?, of root: Root) throws -> String {
        if name.contains("/") {
            let place = name.hasPrefix("/") ? name : (directory.map { $0 + "/" } ?? "") + name
            guard try access(root.resolve(place, followingLast: true), X_OK) == 0 else {
                throw systemFailure("can't be run", name)
            }
            return name.hasPrefix("/") || directory == nil ? name : place
        }
        for folder in (path ?? "/bin:/usr/bin").split(separator: ":") {
            let place = "\(folder)/\(name)"
            if try access(root.resolve(place, followingLast: true), X_OK) == 0 { return place }
        }
        throw Failure(.host, "there is no program \(name) in \(path ?? "/bin:/usr/bin")")
    }

    /// Through chroot(8), which enters the other root, or stays, takes the user's identity there and runs the words. A forked
    /// child of ours can't do that itself: with threads around, glibc's setgroups(3) waits for some that only the parent has.
    private func chroot(_ words: [String], directory: String?, user: SpawnPlan.User?) throws -> [String] {
        var result = [try executable("chroot", path: "/usr/sbin:/usr/bin:/sbin:/bin", in: nil, of: Root())]
        if let user {
            result += [
                "--userspec=\(user.id):\(user.group)",
                "--groups=\(user.groups.map(String.init).joined(separator: ","))",
            ]
        }
        result += root.isHost ? ["--skip-chdir", "/"] : [root.directory]
        if let directory { result += ["/bin/sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh", directory] }
        return result + words
    }
}
