// A stack at the stand-in for AWS whose resource this machine is.

import Foundation
import InitCore
import TestSupport
import Testing

struct Stack {
    static let standIn = Result { try StandIn() }

    let standIn: StandIn
    let name = "stack-\(UUID().uuidString.prefix(8))"

    /// - Parameter waits: whether its resource waits for a signal before it is complete.
    init(_ metadata: [String: Any], waits: Bool = true) async throws {
        standIn = try Self.standIn.get()
        var resource: [String: Any] = ["Type": "AWS::EC2::Instance", "Metadata": metadata]
        if waits { resource["CreationPolicy"] = ["ResourceSignal": ["Count": 1, "Timeout": "PT15M"]] }
        let stack: [String: Any] = [
            "name": name, "region": "us-east-1", "instances": [standIn["instanceId"]], "Resources": ["Host": resource],
        ]
        try await standIn.set("stacks", String(decoding: JSONSerialization.data(withJSONObject: stack), as: UTF8.self))
    }

    var options: String { "--stack \(name) --resource Host --region us-east-1" }

    /// How a unit reaches it.
    var environment: [String: String] {
        [
            "AWS_ENDPOINT_URL": standIn.url, "AWS_EC2_METADATA_SERVICE_ENDPOINT": standIn.imdsURL,
            "AWS_ACCESS_KEY_ID": standIn["accessKeyId"], "AWS_SECRET_ACCESS_KEY": standIn["secretAccessKey"],
        ]
    }

    func update(_ metadata: [String: Any], status: String = "UPDATE_COMPLETE") async throws {
        let update: [String: Any] = ["name": name, "metadata": ["Host": metadata], "status": status]
        try await standIn.set(
            "stacks/update", String(decoding: JSONSerialization.data(withJSONObject: update), as: UTF8.self))
    }

    /// What it was told, each time.
    var signals: [String] {
        get async throws {
            try await standIn.look("signals").items.compactMap { signal in
                signal["stack"]?.plainText == name ? signal["status"]?.plainText : nil
            }
        }
    }
}
