// The few things that may be done to a host. One exhaustive switch (InitLinux) performs them: this list is the
// whole dangerous surface. A new section almost never needs a new verb.

package enum Step: Sendable, Equatable {
    case write(FileWrite)
    case link(LinkWrite)
    /// Mode and owner of something whose content is right already.
    case setAttributes(path: String, mode: UInt16?, owner: UInt32?, group: UInt32?)
    case unpack(Unpacking)
    case run(Command)
    case unit(UnitAction)
    /// A file or a link; one that is gone already is fine.
    case remove(path: String)
    /// With its parents, which are root's and 0755; one that stands there is left as it is.
    case makeDirectory(path: String, mode: UInt16, owner: UInt32?, group: UInt32?, linkFreeBelow: String? = nil)
    case replace(FileSet)
    case docker(DockerAction)
    case dns(DNSChange)
}

/// Files that belong together: all are staged before the first is put in place.
package struct FileSet: Sendable, Equatable {
    package var writes: [FileWrite]
    /// Files and links that are gone afterwards.
    package var removals: [String]
    /// Put in place last.
    package var links: [LinkWrite]
    /// Asked once all are staged; after its no nothing has changed.
    package var check: FileCheck?

    package init(
        writes: [FileWrite], removals: [String] = [], links: [LinkWrite] = [], check: FileCheck? = nil
    ) {
        self.writes = writes
        self.removals = removals
        self.links = links
        self.check = check
    }
}

/// A file's content, put in place whole or not at all: staged beside its place with its final mode and owner,
/// made durable, renamed over what stood there.
package struct FileWrite: Sendable, Equatable {
    package enum Content: Sendable, Equatable {
        case bytes([UInt8])
        case secret(Secret)
        case download(Download)
    }

    package var path: String
    package var content: Content
    package var mode: UInt16
    /// Nil: the owner of the file that stands there, else ours.
    package var owner: UInt32?
    package var group: UInt32?
    /// Whether what stood there is kept as `PATH.bak`.
    package var keepsBackup: Bool
    /// Run on a download before it becomes the content.
    package var template: TemplateContext?
    /// A directory, on the way below which no link may stand: whoever owns it could lead the write elsewhere.
    package var linkFreeBelow: String?

    package init(
        _ path: String, _ content: Content, mode: UInt16, owner: UInt32? = nil, group: UInt32? = nil,
        keepsBackup: Bool, template: TemplateContext? = nil
    ) {
        self.path = path
        self.content = content
        self.mode = mode
        self.owner = owner
        self.group = group
        self.keepsBackup = keepsBackup
        self.template = template
    }
}

package struct LinkWrite: Sendable, Equatable {
    package var path: String
    package var target: String
    package var owner: UInt32?
    package var group: UInt32?
    package var keepsBackup: Bool

    package init(_ path: String, target: String, owner: UInt32? = nil, group: UInt32? = nil, keepsBackup: Bool) {
        self.path = path
        self.target = target
        self.owner = owner
        self.group = group
        self.keepsBackup = keepsBackup
    }
}

/// Something to fetch over http, https or from S3, followed through redirects, retried, and checked.
package struct Download: Sendable, Equatable {
    /// How a server learns who asks.
    package enum Access: Sendable, Equatable {
        /// Nothing is sent but what the URL itself holds; an `s3://` URL is asked for with the run's own credentials.
        case ofURL
        case basic(user: String, password: Secret)
        /// S3, signed with these.
        case keys(id: String, secret: Secret)
        /// S3, signed with the keys of this role of the instance.
        case role(String)
    }

    /// http, https, or `s3://BUCKET/KEY[?versionId=V]`.
    package var url: String
    /// Lower-case hexadecimal; a body with another sum is refused.
    package var sha256: String?
    package var access: Access

    package init(url: String, sha256: String? = nil, access: Access = .ofURL) {
        self.url = url
        self.sha256 = sha256
        self.access = access
    }
}

// A user name and a key's id may come from a reference, and then are as secret as what stands beside them.
extension Download.Access: CustomStringConvertible, CustomReflectable {
    package var description: String {
        switch self {
        case .ofURL: "ofURL"
        case .basic: "basic \(Secret.placeholder)"
        case .keys: "keys \(Secret.placeholder)"
        case .role(let name): "role \(name)"
        }
    }

    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A URL may hold a password, or be one itself.
extension Download: CustomStringConvertible, CustomReflectable {
    package var description: String { shownURL }
    package var customMirror: Mirror {
        Mirror(self, children: ["url": shownURL, "sha256": sha256 ?? "", "access": access])
    }
}

extension Download {
    private var parts: (scheme: Substring, userInfo: Substring?, rest: Substring) {
        guard let separator = url.firstRange(of: "://") else { return ("", nil, url[...]) }
        let authority = url[separator.upperBound...].prefix { $0 != "/" && $0 != "?" }
        let rest = url[separator.upperBound...]
        guard let at = authority.lastIndex(of: "@") else { return (url[..<separator.upperBound], nil, rest) }
        return (url[..<separator.upperBound], authority[..<at], rest[rest.index(after: at)...])
    }

    /// Without user and password.
    package var plainURL: String { "\(parts.scheme)\(parts.rest)" }

    package var userInfo: (user: String, password: String)? {
        guard let info = parts.userInfo else { return nil }
        let halves = info.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        return (percentDecoded(halves[0]), halves.count > 1 ? percentDecoded(halves[1]) : "")
    }

    /// With a placeholder for the password, and that as it is written and as it is meant; nil where there is none.
    var concealed: (url: String, password: [Secret])? {
        let (scheme, info, rest) = parts
        guard let info, let colon = info.firstIndex(of: ":") else { return nil }
        let written = info[info.index(after: colon)...]
        guard !written.isEmpty else { return nil }
        return (
            "\(scheme)\(info[...colon])\(Secret.placeholder)@\(rest)",
            [Secret(String(written)), Secret(percentDecoded(String(written)))]
        )
    }

    /// Whether its query signs it: whoever has the URL may fetch it, and nobody may sign it again.
    package var isPresigned: Bool {
        guard let query = url.firstIndex(of: "?") else { return false }
        return url[query...].dropFirst().split(separator: "&").contains {
            $0.hasPrefix("X-Amz-Signature=") || $0.hasPrefix("Signature=")
        }
    }

    /// For people: a query may be a signature, which is as good as a password.
    package var shownURL: String {
        let plain = plainURL
        return plain.firstIndex(of: "?").map { plain[..<$0] + "?…" } ?? plain
    }
}

/// An archive laid over a directory: what differs is replaced, what isn't in the archive stays.
package struct Unpacking: Sendable, Equatable {
    package enum Origin: Sendable, Equatable {
        case path(String)
        case download(Download)
    }

    package var origin: Origin
    package var destination: String
    /// A single top-level directory is left out (GitHub's archives).
    package var stripsTopLevel: Bool
    /// Without it a member with a setuid or setgid bit is refused.
    package var allowsSetuid: Bool
    /// Whatever owners the archive names, its members are ours, and nobody else may write to them: a program that others run.
    package var takesOver: Bool

    package init(
        _ origin: Origin, to destination: String, stripsTopLevel: Bool = false, allowsSetuid: Bool = false,
        takesOver: Bool = false
    ) {
        self.origin = origin
        self.destination = destination
        self.stripsTopLevel = stripsTopLevel
        self.allowsSetuid = allowsSetuid
        self.takesOver = takesOver
    }
}

/// An archive held against the directory that it is unpacked to.
package struct ArchiveComparison: Sendable, Equatable {
    package var members: Int
    /// Names of members that are missing or differ in content, kind, mode or link target.
    package var differing: [String]

    package init(members: Int, differing: [String]) {
        self.members = members
        self.differing = differing
    }
}

package struct UnitAction: Sendable, Equatable {
    package enum Verb: String, Sendable {
        case enable
        case disable
        case start
        case stop
        /// Reload where the service can, else restart; unit files are read again first.
        case restart
    }

    package var verb: Verb
    package var name: String
    package var manager: ServiceManager

    package init(_ verb: Verb, _ name: String, _ manager: ServiceManager) {
        self.verb = verb
        self.name = name
        self.manager = manager
    }
}

package enum ServiceManager: String, Sendable {
    case systemd
    case sysvinit
}

package struct StepResult: Sendable, Equatable {
    /// False: it was right already, as only doing it could tell (a download with the same content).
    package var changed: Bool
    /// Of a command that was run.
    package var command: CommandResult?

    package init(changed: Bool, command: CommandResult? = nil) {
        self.changed = changed
        self.command = command
    }
}
