// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html

package import InitCore

package struct ECR: Sendable {
    private let session: AWSSession

    package init(_ session: AWSSession) { self.session = session }

    /// User name and password for the caller's registries in a region, good for twelve hours.
    /// - Throws: `Failure` that says what the role lacks.
    package func login(_ registry: ECRName) async throws -> (user: String, password: Secret) {
        var call = ServiceCall.json(
            .ecr, "GetAuthorizationToken", target: "AmazonEC2ContainerRegistry_V20150921", .object(JSONObject()))
        call.region = registry.region
        let answer: JSONNode
        do {
            answer = try await session.json(call)
        } catch let error as ServiceError {
            let advice = error.isDenied ? "; the role needs ecr:GetAuthorizationToken on *" : ""
            throw Failure(.network, "Amazon ECR in \(registry.region) gives no login: \(error.text)\(advice)")
        }
        let token = answer["authorizationData"]?.items.first?["authorizationToken"]?.string
        let halves = token.flatMap(lenientBase64)?.split(separator: UInt8(ascii: ":"), maxSplits: 1) ?? []
        guard halves.count == 2 else {
            throw Failure(.network, "Amazon ECR in \(registry.region) answers without a token that can be read")
        }
        return (String(decoding: halves[0], as: UTF8.self), Secret(Array(halves[1])))
    }
}
