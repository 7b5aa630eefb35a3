import InitCore
import Testing

/// A document from the text of its Init block.
func document(
    init text: String, configSets: [String] = [], compatible: Bool = false, strict: Bool = false
) throws -> Document {
    try document(
        "{\"AWS::CloudFormation::Init\": \(text)}", configSets: configSets, compatible: compatible, strict: strict)
}

func document(
    _ text: String, configSets: [String] = [], compatible: Bool = false, strict: Bool = false
) throws -> Document {
    let parsed = try JSONParser.parse(Array(text.utf8), name: "doc")
    return Document(
        parsed.value, configSets: configSets, compatible: compatible, strict: strict, duplicates: parsed.duplicates)
}

extension Document {
    var errors: [String] { diagnostics.errors.map { "\($0.path): \($0.message)" } }
    var warnings: [String] { diagnostics.warnings.map { "\($0.path): \($0.message)" } }
    /// `set: config config …`
    var plan: [String] { sets.map { set in "\(set.name): \(set.configs.map(\.name).joined(separator: " "))" } }
    var items: [String] { sets.flatMap(\.configs).flatMap(\.resources).map { "\($0.id)" } }
}
