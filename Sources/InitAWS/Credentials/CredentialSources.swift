// The orders in which credentials are looked for: the original's for the cfn-* names, the SDKs' otherwise.
// https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html

import Glibc
package import InitCore

/// What the command line says of them.
package struct CredentialOptions: Sendable {
    /// cfn-init's own format.
    package var file: String?
    package var role: String?
    package var profile: String?
    package var keys: (id: String, secret: Secret)?

    package init(
        file: String? = nil, role: String? = nil, profile: String? = nil, keys: (id: String, secret: Secret)? = nil
    ) {
        self.file = file
        self.role = role
        self.profile = profile
        self.keys = keys
    }

    /// Credential file, role, keys, each only if given (behaviour spec, section 3).
    package func given(_ metadata: InstanceMetadata) -> [CredentialSource] {
        if let file { return [CredentialSource("the credential file") { try readCredentialFile(file) }] }
        if let role { return [.role(named: role, metadata)] }
        if let keys {
            let credentials = Credentials(accessKeyID: keys.id, secretKey: keys.secret)
            return [CredentialSource("the command line") { credentials }]
        }
        return []
    }

    /// What is given, else all that the SDKs look at.
    package func standard(
        _ metadata: InstanceMetadata, transport: HTTPTransport, environment: @escaping @Sendable (String) -> String?
    ) -> [CredentialSource] {
        let given = given(metadata)
        if !given.isEmpty { return given }
        let profile = SharedProfile(name: profile, environment: environment)
        let shared = CredentialSource("the shared files' profile \(profile.name)") { try profile.credentials() }
        // A profile that is asked for by name goes before the environment, as in the AWS CLI.
        if self.profile != nil { return [shared] }
        return [
            CredentialSource("the environment") { Self.environmentKeys(environment) },
            shared,
            CredentialSource("the container's endpoint") {
                try await ContainerCredentials(environment: environment, transport: transport).load()
            },
            .role(named: nil, metadata),
        ]
    }

    /// Where the environment or the profile says that we are.
    package func region(_ environment: @escaping @Sendable (String) -> String?) -> String? {
        ["AWS_REGION", "AWS_DEFAULT_REGION"].lazy.compactMap(environment).first { !$0.isEmpty }
            ?? SharedProfile(name: profile, environment: environment).region
    }

    private static func environmentKeys(_ environment: @Sendable (String) -> String?) -> Credentials? {
        guard let id = environment("AWS_ACCESS_KEY_ID"), !id.isEmpty,
            let secret = environment("AWS_SECRET_ACCESS_KEY"), !secret.isEmpty
        else { return nil }
        let token = environment("AWS_SESSION_TOKEN").flatMap { $0.isEmpty ? nil : Secret($0) }
        return Credentials(accessKeyID: id, secretKey: Secret(secret), token: token)
    }
}

extension CredentialSource {
    /// The instance's role, by its name or whichever there is.
    static func role(named name: String?, _ metadata: InstanceMetadata) -> CredentialSource {
        CredentialSource(name.map { "the role \($0)" } ?? "the instance's role", isRole: true) {
            let folder = "meta-data/iam/security-credentials/"
            do {
                let attached = { try await metadata.get(folder, isKept: false)?.split(separator: "\n").first }
                var role = name
                if role == nil { role = try await attached().map(String.init) }
                guard let role else { return nil }
                guard let text = try await metadata.get(folder + role, isKept: false) else {
                    guard name != nil, let other = try await attached(), other != role else { return nil }
                    throw Failure(.network, "this instance has no role \(role); the one that it has is \(other)")
                }
                guard let credentials = Credentials(json: Array(text.utf8)) else {
                    throw Failure(.network, "instance metadata gives no keys for the role \(role)")
                }
                return credentials
            } catch let error as InstanceMetadata.Unavailable {
                guard let name else { return nil }
                throw Failure(.network, "the keys of the role \(name) are in instance metadata, and \(error.why)")
            }
        }
    }
}

/// cfn-init's credential file: `AWSAccessKeyId=` and `AWSSecretKey=`, readable by its owner alone.
package func readCredentialFile(_ path: String) throws -> Credentials {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
        throw Failure(.usage, "the credential file \(path) can't be read: \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var info = stat()
    guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
        throw Failure(.usage, "the credential file \(path) is no regular file")
    }
    guard info.st_mode & 0o077 == 0 else {
        throw Failure(
            .usage, "the credential file \(path) can be read by others; its mode must be 0600 or 0400 (chmod 600)")
    }
    var values: [String: String] = [:]
    for line in readText(descriptor).split(whereSeparator: \.isNewline) {
        let halves = line.trimmingBlanks().split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if halves.count == 2 { values[String(halves[0])] = String(halves[1]) }
    }
    guard let id = values["AWSAccessKeyId"], let secret = values["AWSSecretKey"], !id.isEmpty, !secret.isEmpty else {
        throw Failure(.usage, "the credential file \(path) needs the lines AWSAccessKeyId=… and AWSSecretKey=…")
    }
    return Credentials(accessKeyID: id, secretKey: Secret(secret))
}

/// Up to a mebibyte of an open file.
func readText(_ descriptor: Int32) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    while bytes.count < 1 << 20 {
        let count = read(descriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        bytes += buffer[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
}
