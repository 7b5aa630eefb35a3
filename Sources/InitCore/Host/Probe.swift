// All that planning may ask of the host. Nothing here changes a file: not a cache, not a log line, not an access by lock.

package struct Probe: Sendable {
    /// Of the thing itself, not of what a link points to; nil: nothing there.
    package var status: @Sendable (String) throws -> FileStatus?
    package var read: @Sendable (String) throws -> [UInt8]
    package var linkTarget: @Sendable (String) throws -> String
    /// Names in a directory, sorted; empty where there is none.
    package var names: @Sendable (String) throws -> [String]
    package var sha256: @Sendable (String) throws -> String
    package var user: @Sendable (String) async throws -> UserAccount?
    package var group: @Sendable (String) async throws -> GroupAccount?
    package var compare: @Sendable (Unpacking) throws -> ArchiveComparison
    package var unit: @Sendable (String, ServiceManager) async throws -> UnitState
    /// What a new file's mode loses (umask(2)).
    package var umask: UInt16
    /// One of a closed list of questions (Query.swift).
    package var ask: @Sendable (Query) async throws -> CommandResult
    /// A command's own `test` or `defaults`: the one open door. Nil: not run, in a dry run.
    package var test: @Sendable (Command) async throws -> CommandResult?
    /// A reference's value; nil: not asked, or not answered in time, in a dry run. Changes nothing anywhere.
    /// Throws a `Failure` that says what is wrong and leaves the reference's name and place to the caller, who knows both.
    package var resolve: @Sendable (Reference) async throws -> Secret?
    /// Another one each time: a salt is in it.
    package var hashPassword: @Sendable (Secret, PasswordScheme) throws -> Secret = { _, _ in
        throw Failure(.host, "passwords can't be hashed here")
    }
    package var passwordMatches: @Sendable (_ password: Secret, _ hash: String) throws -> Bool = { _, _ in false }
    package var docker = DockerProbe.absent
    /// A chain in PEM, held against its private key.
    /// - Throws: `Failure` that says what is wrong with either, in words that show nothing of the key.
    package var certificate: @Sendable (_ chain: Secret, _ privateKey: Secret) throws -> CertificateReport = { _, _ in
        throw Failure(.host, "certificates can't be checked here")
    }

    package var dns = DNSProbe.none

    package init(
        status: @escaping @Sendable (String) throws -> FileStatus?,
        read: @escaping @Sendable (String) throws -> [UInt8],
        linkTarget: @escaping @Sendable (String) throws -> String,
        names: @escaping @Sendable (String) throws -> [String],
        sha256: @escaping @Sendable (String) throws -> String,
        user: @escaping @Sendable (String) async throws -> UserAccount?,
        group: @escaping @Sendable (String) async throws -> GroupAccount?,
        compare: @escaping @Sendable (Unpacking) throws -> ArchiveComparison,
        unit: @escaping @Sendable (String, ServiceManager) async throws -> UnitState,
        umask: UInt16,
        ask: @escaping @Sendable (Query) async throws -> CommandResult,
        test: @escaping @Sendable (Command) async throws -> CommandResult?,
        resolve: @escaping @Sendable (Reference) async throws -> Secret?
    ) {
        self.status = status
        self.read = read
        self.linkTarget = linkTarget
        self.names = names
        self.sha256 = sha256
        self.user = user
        self.group = group
        self.compare = compare
        self.unit = unit
        self.umask = umask
        self.ask = ask
        self.test = test
        self.resolve = resolve
    }
}

/// How a password is kept by whoever checks it.
package enum PasswordScheme: Sendable, Equatable {
    /// `$2y$`, as htpasswd writes it. - cost: 4 to 31, a power of two.
    case bcrypt(cost: Int)
    /// `$argon2id$`, as code-server reads it.
    case argon2id
}

package struct FileStatus: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case file
        case directory
        case link
        case other
    }

    package var kind: Kind
    /// The low twelve bits.
    package var mode: UInt16
    package var owner: UInt32
    package var group: UInt32
    package var size: Int
    /// Seconds since its content last changed.
    package var age: Double

    package init(kind: Kind, mode: UInt16, owner: UInt32, group: UInt32, size: Int, age: Double = 0) {
        self.kind = kind
        self.mode = mode
        self.owner = owner
        self.group = group
        self.size = size
        self.age = age
    }
}

package struct UserAccount: Sendable, Equatable {
    package var name: String
    package var id: UInt32
    package var group: UInt32
    package var home: String
    /// Supplementary groups, by name.
    package var groups: [String]

    package init(name: String, id: UInt32, group: UInt32, home: String, groups: [String]) {
        self.name = name
        self.id = id
        self.group = group
        self.home = home
        self.groups = groups
    }
}

package struct GroupAccount: Sendable, Equatable {
    package var name: String
    package var id: UInt32

    package init(name: String, id: UInt32) {
        self.name = name
        self.id = id
    }
}
