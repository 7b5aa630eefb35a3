// ~/.aws/credentials and ~/.aws/config. https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html

import Glibc
import InitCore

struct SharedProfile: Sendable {
    let name: String
    private let isNamed: Bool
    private let environment: @Sendable (String) -> String?

    init(name: String?, environment: @escaping @Sendable (String) -> String?) {
        let chosen = name ?? environment("AWS_PROFILE").flatMap { $0.isEmpty ? nil : $0 }
        self.name = chosen ?? "default"
        isNamed = chosen != nil
        self.environment = environment
    }

    /// The region that the profile names.
    var region: String? { settings["region"] }

    /// - Throws: a profile that was asked for and isn't there, or wants something that isn't known here.
    func credentials() throws -> Credentials? {
        let settings = settings
        if let id = settings["aws_access_key_id"], let secret = settings["aws_secret_access_key"] {
            return Credentials(
                accessKeyID: id, secretKey: Secret(secret), token: settings["aws_session_token"].map { Secret($0) })
        }
        guard isNamed else { return nil }
        let unknown = ["role_arn", "credential_process", "sso_session", "sso_start_url", "web_identity_token_file"]
        if let key = unknown.first(where: { settings[$0] != nil }) {
            throw Failure(
                .usage,
                "the profile \(name) uses \(key), which isn't known here; give it keys, or use the instance's role")
        }
        throw Failure(.usage, "there is no profile \(name) with keys in ~/.aws/credentials or ~/.aws/config")
    }

    /// Of both files; the credentials file goes first.
    private var settings: [String: String] {
        let config = section(of: file("AWS_CONFIG_FILE", "config"), [name == "default" ? "default" : "profile \(name)"])
        return config.merging(section(of: file("AWS_SHARED_CREDENTIALS_FILE", "credentials"), [name])) { $1 }
    }

    private func file(_ variable: String, _ standard: String) -> String? {
        if let named = environment(variable), !named.isEmpty { return named }
        return environment("HOME").map { "\($0)/.aws/\(standard)" }
    }

    private func section(of path: String?, _ wanted: [String]) -> [String: String] {
        guard let path else { return [:] }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return [:] }
        defer { close(descriptor) }
        var values: [String: String] = [:]
        var isWanted = false
        for line in readText(descriptor).split(whereSeparator: \.isNewline) {
            let text = line.trimmingBlanks()
            if text.hasPrefix("[") {
                let words = text.dropFirst().prefix { $0 != "]" }.split(separator: " ")
                isWanted = wanted.contains(words.joined(separator: " "))
            } else if isWanted, let first = line.first, !first.isWhitespace, first != "#", first != ";",
                let equals = text.firstIndex(of: "=")
            {
                values[text[..<equals].trimmingBlanks().lowercased()] = text[text.index(after: equals)...]
                    .trimmingBlanks()
            }
        }
        return values
    }
}
