// Edits in as few batches as Route 53 takes.

enum RecordBatches {
    /// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html; an UPSERT would count twice.
    private static let mostRecords = 1000
    private static let mostCharacters = 32_000

    /// - Parameter groups: edits that belong together, a record's and its mark's: they are done in one batch.
    static func batches(_ groups: [[DNSChange.Edit]]) -> [[DNSChange.Edit]] {
        var batches: [[DNSChange.Edit]] = []
        var (records, characters) = (0, 0)
        for group in groups where !group.isEmpty {
            let values = group.flatMap(\.set.values)
            let size = values.map(\.unicodeScalars.count).reduce(0, +)
            records += values.count
            characters += size
            if batches.isEmpty || records > mostRecords || characters > mostCharacters {
                batches.append([])
                (records, characters) = (values.count, size)
            }
            batches[batches.count - 1] += group
        }
        return batches
    }
}
