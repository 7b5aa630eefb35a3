// Values that live elsewhere: fetched ahead in batches, handed out at the point of use.

package import InitCore
import Synchronization

package final class ReferenceResolver: Sendable {
    private struct State {
        var fetches: [ReferencedItem: Task<Secret, any Error>] = [:]
        /// Of a dry run: whether there is anybody to ask.
        var access: Task<Bool, any Error>?
    }

    private let fetcher: ItemFetcher
    private let credentialsWithin: Double?
    private let learned: @Sendable (Secret) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - session: asked for at the first need, and then again and again: it is kept by who gives it.
    ///   - credentialsWithin: in a dry run the seconds in which credentials must be there; nil in an apply.
    ///   - learned: told of each value that is handed out, so that it can be kept out of sight.
    package init(
        session: @escaping @Sendable () async throws -> AWSSession, credentialsWithin: Double?,
        learned: @escaping @Sendable (Secret) -> Void
    ) {
        fetcher = ItemFetcher(session: session)
        self.credentialsWithin = credentialsWithin
        self.learned = learned
    }

    /// Begins to fetch them and returns at once. What goes wrong is kept for the point of use.
    /// - Parameter again: what is known or on its way already, too.
    package func prefetch(_ references: [Reference], again: Bool) {
        state.withLock { state in
            var items: [ReferencedItem] = []
            var seen: Set<ReferencedItem> = []
            for item in references.map(ReferencedItem.init) where seen.insert(item).inserted {
                if again || state.fetches[item] == nil { items.append(item) }
            }
            for batch in ReferenceBatch.batches(of: items) {
                let answer = Task {
                    guard try await hasAccess() else { throw NoAccess() }
                    return try await fetcher.fetch(batch)
                }
                for item in batch.items { state.fetches[item] = Task { try await fetch(item, after: answer) } }
            }
        }
    }

    /// Nil: a dry run, and no credentials in time.
    /// - Throws: `Failure` that says why there is no such value, without its name: the caller knows where it stands.
    package func resolve(_ reference: Reference) async throws -> Secret? {
        guard try await hasAccess() else { return nil }
        let value = try await value(of: ReferencedItem(reference))
        learn(value)
        guard case .secret(_, let key?, _, _) = reference else { return value }
        let part = try Self.member(key, of: value)
        learn(part)
        return part
    }

    private func value(of item: ReferencedItem) async throws -> Secret {
        if let fetch = state.withLock({ $0.fetches[item] }) {
            do {
                return try await fetch.value
            } catch let failure as Failure where failure.kind == .stopped || credentialsWithin != nil {
                throw failure
            } catch {
                // The role may have been attached since, or the value put there.
                forget(fetch, of: item)
            }
        }
        let fetch = state.withLock { state in
            if let other = state.fetches[item] { return other }
            let fetch = Task { try await fetcher.fetch(item) }
            state.fetches[item] = fetch
            return fetch
        }
        do {
            return try await fetch.value
        } catch {
            if credentialsWithin == nil { forget(fetch, of: item) }
            throw asFailure(error)
        }
    }

    private func forget(_ fetch: Task<Secret, any Error>, of item: ReferencedItem) {
        state.withLock { if $0.fetches[item] == fetch { $0.fetches[item] = nil } }
    }

    private func fetch(
        _ item: ReferencedItem, after batch: Task<[ReferencedItem: Result<Secret, Failure>], any Error>
    ) async throws -> Secret {
        if let result = try await batch.value[item] { return try result.get() }
        return try await fetcher.fetch(item)
    }

    /// What would hold captured output back for long is no password, certificate or key: those are smaller.
    private static let largestLearned = 1 << 16

    private func learn(_ value: Secret) {
        if value.reveal({ $0.count <= Self.largestLearned }) { learned(value) }
    }

    // MARK: Dry run

    private func hasAccess() async throws -> Bool {
        guard let seconds = credentialsWithin else { return true }
        let access = state.withLock { state in
            let access =
                state.access ?? Task { [fetcher] in try await hasCredentials(within: seconds, fetcher.session) }
            state.access = access
            return access
        }
        return try await access.value
    }

    /// Nobody sees it: without access nothing is asked for.
    private struct NoAccess: Error {}

    // MARK: Secrets with JSON

    /// - Throws: `Failure` that holds nothing of the secret.
    private static func member(_ key: String, of secret: Secret) throws -> Secret {
        guard case .object(let object)? = secret.reveal({ try? JSONParser.parse($0, name: "secret").value }) else {
            throw Failure(
                .refused, "the secret is no JSON map, so it has no key \u{201C}\(key)\u{201D}; leave the key out")
        }
        switch object[key] {
        case .string(let text)?: return Secret(text)
        case .number(let number)?: return Secret(number.text)
        case .bool(let flag)?: return Secret(flag ? "true" : "false")
        case let value?:
            throw Failure(
                .refused,
                "\(value.kindName) stands at the secret's key \u{201C}\(key)\u{201D}; a string, a number or a boolean is wanted"
            )
        case nil: throw Failure(.refused, "the secret's JSON has no key \u{201C}\(key)\u{201D}")
        }
    }
}
