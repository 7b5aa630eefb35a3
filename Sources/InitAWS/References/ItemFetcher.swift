// Fetches what references name: batches first, single calls where a batch isn't answered for all.

import InitCore

struct ItemFetcher: Sendable {
    /// Bytes of an object that becomes content: a `source` goes to disk instead and has no bound.
    static let largestObject = 16 << 20
    /// Single calls at once.
    private static let singles = 8

    let session: @Sendable () async throws -> AWSSession
    private let slots = Slots(singles)
    private let regions = BucketRegions()

    init(session: @escaping @Sendable () async throws -> AWSSession) { self.session = session }

    /// What one call tells about its items; of those that aren't in the result it tells nothing.
    /// - Throws: `Failure` when AWS can't be reached or asked.
    func fetch(_ batch: ReferenceBatch) async throws -> [ReferencedItem: Result<Secret, Failure>] {
        // With one of them there is nothing to split, and a single secret takes fewer permissions.
        guard batch.items.count > 1, let first = batch.items.first else { return [:] }
        let session = try await session()
        do {
            switch first {
            case .parameter: return try await parameters(batch.items, session, settles: false)
            case .secret:
                let ids = batch.items.compactMap { if case .secret(let id, _, _) = $0 { id } else { nil } }
                let values = try await SecretsManager(session).currentValues(ids, region: first.region)
                var results: [ReferencedItem: Result<Secret, Failure>] = [:]
                for item in batch.items {
                    guard case .secret(let id, _, _) = item, let value = values[id] else { continue }
                    results[item] = value.mapError { explained($0, item, session) }
                }
                return results
            case .object: return [:]
            }
        } catch is ServiceError {
            // One of them may be why; each is asked for by itself.
            return [:]
        }
    }

    /// - Throws: `Failure` that says why, and what to do about it.
    func fetch(_ item: ReferencedItem) async throws -> Secret {
        let session = try await session()
        return try await slots.take {
            do {
                switch item {
                case .parameter:
                    guard let result = try await parameters([item], session, settles: true)[item] else {
                        throw Failure(.network, "Parameter Store's answer says nothing about it")
                    }
                    return try result.get()
                case .secret(let id, let stage, let version):
                    return try await SecretsManager(session)
                        .value(id, stage: stage, version: version, region: item.region, settles: true)
                case .object(let bucket, let key, let version):
                    let location = S3Location(bucket: bucket, key: key, versionId: version)
                    return Secret(
                        try await S3(session, regions: regions).object(location, upTo: Self.largestObject))
                }
            } catch let error as ServiceError {
                throw explained(error, item, session)
            }
        }
    }

    private func parameters(
        _ items: [ReferencedItem], _ session: AWSSession, settles: Bool
    ) async throws -> [ReferencedItem: Result<Secret, Failure>] {
        var spellings: [(item: ReferencedItem, spelling: String)] = []
        for item in items {
            guard case .parameter(let name, let version) = item else { continue }
            spellings.append((item, name + (version.map { ":\($0)" } ?? "")))
        }
        let values = try await SSM(session)
            .parameters(spellings.map(\.spelling), region: items.first?.region, settles: settles)
        var results: [ReferencedItem: Result<Secret, Failure>] = [:]
        for (item, spelling) in spellings {
            let missing = Refusal.missingParameter(item, region: item.region ?? session.region)
            results[item] = values[spelling].map { .success($0) } ?? .failure(missing)
        }
        return results
    }

    private func explained(_ error: ServiceError, _ item: ReferencedItem, _ session: AWSSession) -> Failure {
        Refusal.failure(error, item, region: item.region ?? session.region)
    }
}
