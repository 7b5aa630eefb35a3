// The two calls that a host makes about its own stack.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResource.html

package import InitCore

package struct CloudFormation: Sendable {
    private static let version = "2010-05-15"

    private let session: AWSSession

    package init(_ session: AWSSession) { self.session = session }

    /// - Throws: `ServiceError`, `Failure`.
    package func describe(stack: String, resource: String) async throws -> StackResourceDetail {
        let answer = try await session.answer(
            call(
                "DescribeStackResource",
                [("LogicalResourceId", resource), ("ContentType", "JSON"), ("StackName", stack)]))
        let root = JSONNode(try JSONParser.parse(answer.body, name: "CloudFormation's answer").value)
        let result = root["DescribeStackResourceResponse"]?["DescribeStackResourceResult"]
        guard let detail = result?["StackResourceDetail"], let status = Self.text(detail["ResourceStatus"]),
            let type = Self.text(detail["ResourceType"]),
            case .number(let updated)? = detail["LastUpdatedTimestamp"]?.value
        else {
            throw Failure(
                .network,
                "CloudFormation's answer to DescribeStackResource lacks what it always holds; is --url a CloudFormation?"
            )
        }
        var metadata: JSONValue?
        if let text = Self.text(detail["Metadata"]), !text.isEmpty {
            metadata = try JSONParser.parse(Array(text.utf8), name: "the metadata of \(resource)").value
        }
        return StackResourceDetail(
            metadata: metadata, physicalID: Self.text(detail["PhysicalResourceId"]), lastUpdated: updated.double,
            status: status, type: type)
    }

    /// - Parameter uniqueID: for an instance its id; at most 64 characters.
    package func signal(stack: String, resource: String, uniqueID: String, success: Bool) async throws {
        _ = try await session.answer(
            call(
                "SignalResource",
                [
                    ("LogicalResourceId", resource), ("StackName", stack), ("UniqueId", uniqueID),
                    ("Status", success ? "SUCCESS" : "FAILURE"), ("ContentType", "JSON"),
                ]))
    }

    private func call(_ action: String, _ parameters: [(String, String)]) -> ServiceCall {
        var call = ServiceCall.query(.cloudformation, action, version: Self.version, parameters)
        call.headers = [(name: "Accept", value: "application/json")]
        call.allowsIdentity = true
        call.proof = .json
        return call
    }

    private static func text(_ node: JSONNode?) -> String? {
        if case .string(let text)? = node?.value { text } else { nil }
    }
}
