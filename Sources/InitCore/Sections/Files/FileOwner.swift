// Owner and group of a file: accounts that are there, or that this run is about to make.

struct FileOwner {
    let property: String
    let name: String
    /// Nil: not there yet; something before it in this run may make it.
    let number: UInt32?
    let awaited: ResourceID?

    func fact(_ found: FileStatus?) -> Fact? {
        guard let number else {
            return Fact(
                property, .absent, .text("\(name) (known after \(awaited.map(String.init(describing:)) ?? ""))"))
        }
        let current = property == "owner" ? found?.owner : found?.group
        return current == number ? nil : Fact(property, current.map(String.init), "\(name) (\(number))")
    }
}

extension Resource {
    func account(
        _ name: String?, _ property: String, _ now: Planning, _ look: (String) async throws -> UInt32?
    ) async throws -> FileOwner? {
        guard let name, !name.isEmpty else { return nil }
        if let number = try await look(name) ?? UInt32(name) {
            return FileOwner(property: property, name: name, number: number, awaited: nil)
        }
        if let earlier = now.ledger.awaits("users", name) ?? now.ledger.awaits("groups", name)
            ?? now.ledger.awaits("packages", "users", "commands")
        {
            return FileOwner(property: property, name: name, number: nil, awaited: earlier)
        }
        let kind = property == "owner" ? "user" : "group"
        throw Failure(
            .host, "there is no \(kind) \(name) on this host; add it to \(kind)s, or mend \u{201C}\(property)\u{201D}")
    }

    func certainty(_ owners: FileOwner?...) -> Change.Certainty {
        owners.compactMap { $0?.awaited }.first.map { .knownAfter("\($0)") } ?? .certain
    }
}
