/// What CloudFormation tells of one resource of a stack.
package struct StackResourceDetail: Sendable, Equatable {
    package var metadata: JSONValue?
    package var physicalID: String?
    /// Seconds since 1970.
    package var lastUpdated: Double
    /// `CREATE_COMPLETE`, `UPDATE_IN_PROGRESS` …
    package var status: String
    /// `AWS::EC2::Instance` …
    package var type: String

    package init(metadata: JSONValue?, physicalID: String?, lastUpdated: Double, status: String, type: String) {
        self.metadata = metadata
        self.physicalID = physicalID
        self.lastUpdated = lastUpdated
        self.status = status
        self.type = type
    }
}

/// Asks for a resource of the one stack by its logical id. Heeds the run's stop.
package typealias DescribeResource = @Sendable (_ logicalID: String) async throws -> StackResourceDetail
