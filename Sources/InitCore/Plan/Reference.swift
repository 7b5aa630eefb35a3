/// A value that lives elsewhere (Parameter Store, Secrets Manager, S3), named in the place where it is wanted.
package enum Reference: Sendable, Hashable {
    /// - Parameter version: nil: the newest.
    case parameter(name: String, version: Int?)
    /// - Parameters:
    ///   - id: a name or an ARN.
    ///   - key: of the JSON that the secret holds; nil: the whole text.
    ///   - stage: `AWSCURRENT` unless a stage or a version is named; never both.
    case secret(id: String, key: String?, stage: String?, version: String?)
    case object(bucket: String, key: String, version: String?)

    /// Whether there is one in the text, or what is meant to be one. An `s3://` by itself may be an address for other programs.
    package static func isIn(_ text: String) -> Bool {
        holds("{{resolve:", text.utf8) || ReferencedText.isWhole(text, takesObjects: false)
    }
}

extension Reference: CustomStringConvertible {
    /// For people: the spelling as a whole value.
    package var description: String {
        switch self {
        case .parameter(let name, let version):
            "ssm:///\(name.hasPrefix("/") ? String(name.dropFirst()) : name)" + (version.map { "?version=\($0)" } ?? "")
        case .secret(let id, let key, let stage, let version):
            "secretsmanager://\(id)"
                + (stage.map { "?stage=\(percentEncoded($0, "#&"))" }
                    ?? version.map { "?version=\(percentEncoded($0, "#&"))" } ?? "")
                + (key.map { "#\(percentEncoded($0, "?#"))" } ?? "")
        case .object(let bucket, let key, let version):
            "s3://\(bucket)/\(percentEncoded(key, "?"))"
                + (version.map { "?versionId=\(percentEncoded($0, "&"))" } ?? "")
        }
    }
}
