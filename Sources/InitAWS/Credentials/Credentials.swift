// Who we are to AWS.

package import InitCore

package struct Credentials: Sendable, Equatable {
    package let accessKeyID: String
    package let secretKey: Secret
    package let token: Secret?
    /// Seconds since 1970; nil: they don't run out.
    package let expiration: Double?

    package init(accessKeyID: String, secretKey: Secret, token: Secret? = nil, expiration: Double? = nil) {
        self.accessKeyID = accessKeyID
        self.secretKey = secretKey
        self.token = token
        self.expiration = expiration
    }

    /// As instance metadata and container endpoints hand them out; nil where it isn't that.
    init?(json bytes: [UInt8]) {
        guard let value = try? JSONParser.parse(bytes, name: "credentials").value else { return nil }
        let node = JSONNode(value)
        guard case .string(let id)? = node["AccessKeyId"]?.value,
            case .string(let secret)? = node["SecretAccessKey"]?.value
        else { return nil }
        var token: Secret?
        if case .string(let text)? = node["Token"]?.value { token = Secret(text) }
        var expiration: Double?
        if case .string(let text)? = node["Expiration"]?.value { expiration = Timestamp.iso(text) }
        self.init(accessKeyID: id, secretKey: Secret(secret), token: token, expiration: expiration)
    }

    var secrets: [Secret] { [secretKey] + (token.map { [$0] } ?? []) }
}

/// One place where credentials may be found.
package struct CredentialSource: Sendable {
    /// For messages: "the environment".
    package let name: String
    /// Whether they come from the instance's role, which CloudFormation may not know yet.
    package let isRole: Bool
    /// Nil: nothing is set up there.
    package let load: @Sendable () async throws -> Credentials?

    package init(_ name: String, isRole: Bool = false, load: @escaping @Sendable () async throws -> Credentials?) {
        self.name = name
        self.isRole = isRole
        self.load = load
    }
}

/// The credentials of a run: found once, renewed before they run out, by one task for all that wait for them.
package actor CredentialStore {
    /// No source has any.
    package struct None: Error { package let tried: [String] }

    /// Seconds before their end at which they are renewed.
    private static let margin = 300.0

    private let sources: [CredentialSource]
    private let now: @Sendable () -> Double
    private let learned: @Sendable (Secret) -> Void
    private var current: (credentials: Credentials, source: CredentialSource)?
    private var renewal: Task<(Credentials, CredentialSource), any Error>?

    /// - Parameters:
    ///   - sources: in the order in which they are asked.
    ///   - now: seconds since 1970.
    ///   - learned: told of each secret, so that it can be kept out of sight.
    package init(
        _ sources: [CredentialSource], now: @escaping @Sendable () -> Double,
        learned: @escaping @Sendable (Secret) -> Void
    ) {
        self.sources = sources
        self.now = now
        self.learned = learned
    }

    /// One with other sources.
    nonisolated func sibling(_ sources: [CredentialSource]) -> CredentialStore {
        CredentialStore(sources, now: now, learned: learned)
    }

    /// - Throws: `None`; what a source that is set up complains of.
    package func credentials() async throws -> Credentials {
        if let (credentials, _) = current, remaining(credentials) > Self.margin { return credentials }
        do {
            return try await renewed()
        } catch {
            // Old ones that still hold are better than none.
            if let (credentials, _) = current, remaining(credentials) > 0 { return credentials }
            throw error
        }
    }

    /// A server took these for run out, whatever their date says.
    package func discard(_ used: Credentials) {
        if current?.credentials == used { current = nil }
    }

    /// Whether the ones in use come from the instance's role.
    package var areOfRole: Bool { current?.source.isRole ?? false }

    private func remaining(_ credentials: Credentials) -> Double {
        credentials.expiration.map { $0 - now() } ?? .infinity
    }

    private func renewed() async throws -> Credentials {
        let task = renewal ?? Task { [sources] in try await Self.find(sources) }
        renewal = task
        defer { renewal = nil }
        let found = try await task.value
        for secret in found.0.secrets { learned(secret) }
        current = found
        return found.0
    }

    private static func find(_ sources: [CredentialSource]) async throws -> (Credentials, CredentialSource) {
        for source in sources {
            if let credentials = try await source.load() { return (credentials, source) }
        }
        throw None(tried: sources.map(\.name))
    }
}
