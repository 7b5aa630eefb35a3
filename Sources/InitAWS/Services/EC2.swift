// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTags.html

import InitCore

struct EC2: Sendable {
    let session: AWSSession

    /// - Throws: `ServiceError`, `Failure`.
    func tags(of instance: String) async throws -> [String: String] {
        let set = try await session.answer(
            .query(
                .ec2, "DescribeTags", version: "2016-11-15",
                [
                    ("Filter.1.Name", "resource-id"), ("Filter.1.Value.1", instance),
                    ("Filter.2.Name", "key"), ("Filter.2.Value.1", "aws:*"),
                ])
        ) { XMLElement($0.body)?["tagSet"] }
        return Dictionary(
            set.children.compactMap { item in item["key"].map { ($0.text, item["value"]?.text ?? "") } },
            uniquingKeysWith: { $1 })
    }
}
