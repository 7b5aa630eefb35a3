import Glibc
import InitCore

/// Of the Engine's API: `1.41`.
package struct APIVersion: Sendable, Comparable, CustomStringConvertible {
    package let major: Int
    package let minor: Int

    package init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let major = Int(parts[0]), let minor = Int(parts[1]) else { return nil }
        self.init(major, minor)
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }

    package var description: String { "\(major).\(minor)" }
}

extension Failure {
    /// Whether Docker isn't installed, or was never started.
    var isWithoutDocker: Bool { kind == .unreadable && message.hasPrefix(Self.noSocket) }
    private static let noSocket = "Docker isn't there: "

    /// Unreadable where it may come by an item before: unknown in a plan, an error in an apply.
    /// - Parameter code: of connect(2).
    static func unreachableDocker(at path: String, errno code: Int32) -> Failure {
        switch code {
        case ENOENT:
            Failure(
                .unreadable,
                "\(noSocket)no socket at \(path); install it (packages: docker, on Debian docker.io) and have services start docker"
            )
        case ECONNREFUSED:
            Failure(.unreadable, "Docker isn't running: nobody listens at \(path); have services start docker")
        case EACCES, EPERM:
            Failure(.unreadable, "Docker's socket \(path) may not be opened by this user; root may")
        default:
            Failure(.network, "Docker can't be reached at \(path): \(String(cString: strerror(code)))")
        }
    }
}
