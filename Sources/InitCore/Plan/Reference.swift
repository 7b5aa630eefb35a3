/// A value that lives elsewhere (Parameter Store, Secrets Manager, S3), named in the place where it is wanted.
package enum Reference {
    private static let schemes = ["ssm:///", "secretsmanager://", "s3://"]

    /// Whether the whole text is one.
    package static func isWhole(_ text: String) -> Bool {
        schemes.contains { text.hasPrefix($0) } || text.hasPrefix("{{resolve:") && text.hasSuffix("}}")
    }

    /// Whether there is one in it.
    package static func isIn(_ text: String) -> Bool { isWhole(text) || holds("{{resolve:", text.utf8) }
}
