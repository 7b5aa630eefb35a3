// From references to their values, while a resource plans.

/// The values of the references that a resource asked for.
package struct ReferenceValues: Sendable, Equatable {
    private let values: [Reference: Secret]

    package init(_ values: [Reference: Secret] = [:]) { self.values = values }

    func secret(of piece: ReferencedText.Piece) throws -> Secret {
        switch piece {
        case .literal(let text): return text
        case .reference(let reference):
            guard let value = values[reference] else { throw Failure(.host, "\(reference) was never asked for") }
            return value
        }
    }
}

package enum Resolution: Sendable, Equatable {
    case values(ReferenceValues)
    /// In a dry run.
    case unknown(Change.Certainty)
}

extension Planning {
    /// Asks for the values of all of these.
    /// - Throws: `Failure` naming the reference and its place.
    package func resolve(_ wanted: [NamedReference]) async throws -> Resolution {
        var values: [Reference: Secret] = [:]
        var unknown: [Reference] = []
        for named in wanted where values[named.reference] == nil && !unknown.contains(named.reference) {
            do {
                if let value = try await probe.resolve(named.reference) {
                    values[named.reference] = value
                } else {
                    unknown.append(named.reference)
                }
            } catch var failure as Failure where failure.kind != .stopped {
                failure.message = "\(named.reference), named in \(named.path): \(failure.message)"
                guard failure.kind == .unreadable else { throw failure }
                return .unknown(.unanswered(failure.message))
            }
        }
        guard unknown.isEmpty else {
            return .unknown(.knownAfter("resolving " + unknown.map(String.init(describing:)).joined(separator: ", ")))
        }
        return .values(ReferenceValues(values))
    }
}
