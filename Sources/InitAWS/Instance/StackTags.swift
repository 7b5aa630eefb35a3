// What CloudFormation and Auto Scaling write on an instance.

import InitCore

package struct StackTags: Sendable, Equatable {
    package let stack: String?
    package let logicalID: String?
    package let autoScalingGroup: String?

    private init(_ tags: [String: String]) {
        stack = tags[Self.stackKey]
        logicalID = tags[Self.logicalKey]
        autoScalingGroup = tags[Self.groupKey]
    }

    private static let stackKey = "aws:cloudformation:stack-name"
    private static let logicalKey = "aws:cloudformation:logical-id"
    private static let groupKey = "aws:autoscaling:groupName"

    /// From instance metadata where the instance shows its tags there, else from EC2.
    /// - Throws: `InstanceMetadata.Unavailable`, `Failure`.
    package static func ofInstance(
        _ metadata: InstanceMetadata, session: @Sendable () async throws -> AWSSession
    ) async throws -> StackTags {
        let folder = "meta-data/tags/instance"
        async let stack = metadata.get("\(folder)/\(stackKey)")
        async let logicalID = metadata.get("\(folder)/\(logicalKey)")
        async let group = metadata.get("\(folder)/\(groupKey)")
        let found = [stackKey: try await stack, logicalKey: try await logicalID, groupKey: try await group]
            .compactMapValues { $0 }
        if found[stackKey] != nil { return StackTags(found) }
        let instance = try await metadata.instanceID()
        do {
            return StackTags(try await EC2(session: session()).tags(of: instance))
        } catch let error as ServiceError {
            let hint = error.isDenied ? "; allow ec2:DescribeTags, or show tags in instance metadata" : ""
            throw Failure(.network, error.text + hint)
        }
    }
}
