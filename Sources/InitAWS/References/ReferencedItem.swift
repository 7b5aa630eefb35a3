import InitCore

/// What is fetched for a reference; several references may share one (the JSON keys of a secret).
enum ReferencedItem: Sendable, Hashable {
    case parameter(name: String, version: Int?)
    /// - Parameters stage, version: nil for the current one.
    case secret(id: String, stage: String?, version: String?)
    case object(bucket: String, key: String, version: String?)

    init(_ reference: Reference) {
        switch reference {
        case .parameter(let name, let version): self = .parameter(name: name, version: version)
        case .secret(let id, _, let stage, let version):
            self = .secret(id: id, stage: stage == "AWSCURRENT" ? nil : stage, version: version)
        case .object(let bucket, let key, let version): self = .object(bucket: bucket, key: key, version: version)
        }
    }

    /// An ARN names its own.
    var region: String? {
        switch self {
        case .parameter(let name, _): ARN(name)?.region
        case .secret(let id, _, _): ARN(id)?.region
        case .object: nil
        }
    }
}

/// Items that are asked for with one call.
struct ReferenceBatch: Sendable {
    var items: [ReferencedItem]

    /// Parameters by tens and current secrets by twenties, by region; all else alone.
    static func batches(of items: [ReferencedItem]) -> [ReferenceBatch] {
        struct Kind: Hashable {
            var isParameter: Bool
            var region: String?
        }
        var batches: [ReferenceBatch] = []
        /// Where the batch is that isn't full.
        var open: [Kind: Int] = [:]
        for item in items {
            let most: Int
            let kind: Kind
            switch item {
            case .parameter:
                (most, kind) = (SSM.most, Kind(isParameter: true, region: item.region))
            case .secret(_, nil, nil):
                (most, kind) = (SecretsManager.most, Kind(isParameter: false, region: item.region))
            case .secret, .object:
                batches.append(ReferenceBatch(items: [item]))
                continue
            }
            if let index = open[kind], batches[index].items.count < most {
                batches[index].items.append(item)
            } else {
                open[kind] = batches.count
                batches.append(ReferenceBatch(items: [item]))
            }
        }
        return batches
    }
}
