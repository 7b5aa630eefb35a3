/// The parts of an Amazon Resource Name that matter here: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
struct ARN: Sendable, Equatable {
    let region: String
    /// The rest, in which colons may stand.
    let resource: String

    /// Nil for a plain name.
    init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", !parts[3].isEmpty else { return nil }
        region = String(parts[3])
        resource = String(parts[5])
    }
}
