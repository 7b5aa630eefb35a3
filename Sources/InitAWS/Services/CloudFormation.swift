// The two calls that a host makes about its own stack.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResource.html

package import InitCore

package struct CloudFormation: Sendable {
    private static let version = "2010-05-15"

    private let session: AWSSession

    package var region: String { session.region }

    package init(_ session: AWSSession) { self.session = session }

    /// - Throws: `ServiceError`, `Failure`.
    package func describe(stack: String, resource: String) async throws -> StackResourceDetail {
        let root = try await session.json(
            call(
                "DescribeStackResource",
                [("LogicalResourceId", resource), ("ContentType", "JSON"), ("StackName", stack)]))
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
    /// - Returns: why it wasn't needed any more, if it wasn't: the stack has made up its mind, or has heard this before.
    package func signal(stack: String, resource: String, uniqueID: String, success: Bool) async throws -> String? {
        do {
            _ = try await session.json(
                call(
                    "SignalResource",
                    [
                        ("LogicalResourceId", resource), ("StackName", stack), ("UniqueId", uniqueID),
                        ("Status", success ? "SUCCESS" : "FAILURE"), ("ContentType", "JSON"),
                    ]))
            return nil
        } catch let error as ServiceError {
            let isLate = error.code == "ValidationError" && Self.late.contains { error.message.contains($0) }
            guard isLate else { throw error }
            return error.message
        }
    }

    private static let late = ["already exists", "cannot be signaled", "can't be signaled"]

    private func call(_ action: String, _ parameters: [(String, String)]) -> ServiceCall {
        var call = ServiceCall.query(.cloudformation, action, version: Self.version, parameters)
        call.headers = [(name: "Accept", value: "application/json")]
        call.allowsIdentity = true
        return call
    }

    private static func text(_ node: JSONNode?) -> String? {
        if case .string(let text)? = node?.value { text } else { nil }
    }
}
