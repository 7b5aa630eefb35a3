// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html

import InitCore

struct SecretsManager: Sendable {
    /// Secrets in one call.
    static let most = 20

    private let session: AWSSession

    init(_ session: AWSSession) { self.session = session }

    /// Current values by the ids asked for, or why there is none. An id may be missing from the result.
    /// - Parameter ids: up to twenty names or ARNs, all of one region.
    /// - Throws: `ServiceError` where this call isn't allowed at all, which says nothing about the single ones; `Failure`.
    func currentValues(_ ids: [String], region: String?) async throws -> [String: Result<Secret, ServiceError>] {
        var values: [String: Result<Secret, ServiceError>] = [:]
        var page: String?
        // As many as there can be values.
        for _ in 0...ids.count {
            var fields: [(String, JSONValue)] = [("SecretIdList", .array(ids.map(JSONValue.string)))]
            if let page { fields.append(("NextToken", .string(page))) }
            var call = ServiceCall.json(
                .secretsmanager, "BatchGetSecretValue", target: "secretsmanager", .object(JSONObject(fields)))
            call.region = region
            call.settles = false
            let answer = try await session.json(call)
            for secret in answer["SecretValues"]?.items ?? [] {
                guard let value = Self.value(secret) else { continue }
                for id in ids where Self.means(id, secret) { values[id] = .success(value) }
            }
            for error in answer["Errors"]?.items ?? [] {
                guard let id = error["SecretId"]?.string else { continue }
                values[id] = .failure(
                    ServiceError(
                        status: 400, code: error["ErrorCode"]?.string ?? "", message: error["Message"]?.string ?? ""))
            }
            page = answer["NextToken"]?.string
            if page?.isEmpty ?? true { break }
        }
        return values
    }

    /// - Parameters:
    ///   - stage: `AWSCURRENT` unless a stage or a version is named.
    ///   - settles: whether a no may be one of a role that isn't known everywhere yet, and is worth waiting for.
    /// - Throws: `ServiceError`, `Failure`.
    func value(_ id: String, stage: String?, version: String?, region: String?, settles: Bool) async throws -> Secret {
        var fields: [(String, JSONValue)] = [("SecretId", .string(id))]
        if let stage { fields.append(("VersionStage", .string(stage))) }
        if let version { fields.append(("VersionId", .string(version))) }
        var call = ServiceCall.json(
            .secretsmanager, "GetSecretValue", target: "secretsmanager", .object(JSONObject(fields)))
        call.region = region
        call.settles = settles
        guard let value = Self.value(try await session.json(call)) else {
            throw Failure(.network, "Secrets Manager's answer holds neither SecretString nor SecretBinary")
        }
        return value
    }

    private static func value(_ secret: JSONNode) -> Secret? {
        if let text = secret["SecretString"]?.string { return Secret(text) }
        return secret["SecretBinary"]?.string.flatMap(lenientBase64).map { Secret($0) }
    }

    /// An id may be the name, the ARN, or the ARN without the six characters that Secrets Manager adds.
    private static func means(_ id: String, _ secret: JSONNode) -> Bool {
        if id == secret["Name"]?.string { return true }
        guard let arn = secret["ARN"]?.string else { return false }
        return id == arn || arn.dropLast(7) == id
    }
}
