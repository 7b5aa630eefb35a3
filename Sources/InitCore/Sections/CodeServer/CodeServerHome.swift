// Where the files of a user's code-server lie. The home is that of the account, whatever HOME says here.

struct CodeServerHome: Sendable, Equatable {
    let account: UserAccount
    let path: String
    /// `user-data-dir`.
    let data: String
    let extensions: String
    let folder: String?

    var configuration: String { path + "/.config/code-server/config.yaml" }
    var settings: String { data + "/User/settings.json" }
    /// What of the settings was written by us.
    var settingsRecord: String { data + "/.ide-init-settings.json" }
    /// Touched once a minute while somebody works; in the data directory of the XDG rules, whatever `user-data-dir` says.
    var heartbeat: String { Self.usualData(path) + "/heartbeat" }

    private static func usualData(_ home: String) -> String { home + "/.local/share/code-server" }

    init(_ account: UserAccount, _ instance: CodeServerInstance) throws {
        var path = account.home
        while path.hasSuffix("/"), !path.isEmpty { path.removeLast() }
        guard path.hasPrefix("/"), path != "/nonexistent", path != "/dev/null" else {
            throw Failure(
                .host,
                "user \(account.name) has no home (\(account.home)); give it one: usermod -d /home/\(account.name) \(account.name)"
            )
        }
        self.account = account
        self.path = path
        data = instance.configuration["user-data-dir"] ?? Self.usualData(path)
        extensions = instance.configuration["extensions-dir"] ?? data + "/extensions"
        folder = instance.folder.map { $0.hasPrefix("~") ? path + $0.dropFirst() : $0 }
    }

    enum Answer {
        case home(CodeServerHome)
        /// The account comes by an item before, which a dry run hasn't carried out.
        case later(Change.Certainty)
    }

    static func of(_ instance: CodeServerInstance, _ now: Planning) async throws -> Answer {
        if let account = try await now.probe.user(instance.user) { return .home(try CodeServerHome(account, instance)) }
        if let earlier = now.ledger.awaits("users", instance.user) ?? now.ledger.awaits("packages", "commands") {
            return .later(.knownAfter("\(earlier)"))
        }
        throw Failure(
            .host,
            "there is no user \(instance.user), for whom code-server[\(instance.name)] is; add it to users, or mend the name"
        )
    }

    /// What is written for the user, and nowhere else, whatever the user makes of the way there.
    func write(_ path: String, _ content: FileWrite.Content, mode: UInt16, owner: UInt32, group: UInt32) -> Step {
        var write = FileWrite(path, content, mode: mode, owner: owner, group: group, keepsBackup: false)
        write.linkFreeBelow = top(of: path) ?? data
        return .write(write)
    }

    /// The user's directory in which it lies, where a link could lead elsewhere; nil: it is none of these.
    private func top(of path: String) -> String? {
        [self.path, data].first { path.hasPrefix($0 + "/") }
    }

    // MARK: Directories

    /// Those that we write into, and the folder: made where they are missing, as the user's.
    /// - Throws: where one of the former is a link or somebody else's: a user could lead root's write anywhere by it.
    func missingDirectories(_ now: Planning) throws -> [Step] {
        var steps: [Step] = []
        var seen: Set<String> = []
        func make(_ path: String, isPrivate: Bool, isOurs: Bool) throws {
            guard seen.insert(path).inserted else { return }
            guard let found = try now.probe.status(path) else {
                steps.append(
                    .makeDirectory(
                        path: path, mode: isPrivate ? 0o700 : 0o755, owner: account.id, group: account.group,
                        linkFreeBelow: top(of: path)))
                return
            }
            guard isOurs else {
                if found.kind == .file || found.kind == .other {
                    throw Failure(.host, "\(path) is no directory; the folder of an IDE is one")
                }
                return
            }
            guard found.kind == .directory, found.owner == account.id || found.owner == 0 else {
                let what = found.kind == .directory ? "belongs to user \(found.owner)" : "is a \(found.kind.rawValue)"
                throw Failure(
                    .refused,
                    "\(path) \(what), and what lies below it is written for \(account.name); make it a directory of \(account.name)"
                )
            }
        }
        try make(path, isPrivate: true, isOurs: false)
        for directory in [parent(of: configuration), data, parent(of: settings), extensions] {
            for path in below(directory) { try make(path, isPrivate: path == data, isOurs: true) }
        }
        // code-server doesn't make it, and we only look there: what the user has put in its way stays.
        for path in below(parent(of: heartbeat)) {
            if let found = try now.probe.status(path), found.kind != .directory { break }
            try make(path, isPrivate: path == parent(of: heartbeat), isOurs: false)
        }
        if let folder { for path in below(folder) { try make(path, isPrivate: false, isOurs: false) } }
        return steps
    }

    /// All directories from the home to there; elsewhere the last one: those above it are root's.
    private func below(_ directory: String) -> [String] {
        guard directory.hasPrefix(path + "/") else { return [directory] }
        var result: [String] = []
        var current = path
        for name in directory.dropFirst(path.count).split(separator: "/") {
            current += "/" + name
            result.append(current)
        }
        return result
    }
}

func parent(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
}

extension Probe {
    /// What a user may have made as large as the machine's memory.
    /// - Throws: `Failure` of kind `refused` for what is longer than 4 MiB.
    func read(_ path: String, _ found: FileStatus) throws -> [UInt8] {
        let most = 4 << 20
        guard found.size <= most else {
            throw Failure(
                .refused, "\(path) holds \(found.size) bytes, and \(most >> 20) MiB at most are read; move it away")
        }
        return try read(path)
    }
}
