// Parameter Store. https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html

import InitCore

struct SSM: Sendable {
    /// Names in one call.
    static let most = 10

    private let session: AWSSession

    init(_ session: AWSSession) { self.session = session }

    /// Decrypted values by the spellings asked for. A spelling that isn't in the result names no parameter, or no version of it.
    /// - Parameters:
    ///   - spellings: up to ten of `NAME`, `ARN`, `NAME:VERSION`, `ARN:VERSION`, all of one region.
    ///   - settles: whether a no may be one of a role that isn't known everywhere yet, and is worth waiting for.
    /// - Throws: `ServiceError` for all of them, even where only one is denied; `Failure`.
    func parameters(_ spellings: [String], region: String?, settles: Bool) async throws -> [String: Secret] {
        var call = ServiceCall.json(
            .ssm, "GetParameters", target: "AmazonSSM",
            .object(
                JSONObject([("Names", .array(spellings.map(JSONValue.string))), ("WithDecryption", .bool(true))])))
        call.region = region
        call.settles = settles
        let answer = try await session.json(call)
        var values: [String: Secret] = [:]
        for parameter in answer["Parameters"]?.items ?? [] {
            guard let value = parameter["Value"]?.string else { continue }
            let names = ["Name", "ARN"].compactMap { parameter[$0]?.string }
            for spelling in spellings where Self.means(spelling, names, parameter) { values[spelling] = Secret(value) }
        }
        return values
    }

    /// Whether a spelling asked for what was answered. `Selector` is what followed the name in it: `:3`.
    private static func means(_ spelling: String, _ names: [String], _ parameter: JSONNode) -> Bool {
        if let selector = parameter["Selector"]?.string, !selector.isEmpty {
            let suffix = selector.hasPrefix(":") ? selector : ":\(selector)"
            return names.contains { spelling == $0 + suffix }
        }
        if names.contains(spelling) { return true }
        guard case .number(let version)? = parameter["Version"]?.value else { return false }
        return names.contains { spelling == "\($0):\(version.text)" }
    }
}

extension JSONNode {
    var string: String? { if case .string(let text) = value { text } else { nil } }
}
