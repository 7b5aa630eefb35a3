/// One thing that the document wishes for: it compares wish and host, and says what would change.
package protocol Resource: Sendable {
    var id: ResourceID { get }
    /// Marks that make this resource act even if it is already right.
    var reactsTo: [Mark] { get }
    /// The one path that planning looks at and a single write replaces; nil: more than that. Neighbours with one may be planned
    /// before any of them is written, and are then written as one durable batch.
    var lonePath: String? { get }
    /// What it will write or hand on that must be shown nowhere, in its final form.
    var secrets: [Secret] { get }
    /// What it will ask `Probe.resolve` for, or may: these are fetched ahead.
    var references: [Reference] { get }
    /// Whether it has its turn at the place of `services`: a unit whose files are written at its section's own place.
    var runsAmongServices: Bool { get }
    /// Whether it and its neighbours of the same kind are planned, and then carried out, side by side.
    var runsSideBySide: Bool { get }
    /// How many of them at once.
    var mostSideBySide: Int { get }
    /// What it makes, as ownership marks of its section name it: while it stands in the document, a sweep leaves these alone.
    var owns: [String] { get }
    /// What two configs of one run can't both make, in words: each would undo what the other has done.
    var claims: [String] { get }
    /// The unit that it makes sure of; nil: none. A run that is told of no checks waits for it.
    var unit: ServiceResource? { get }
    /// What is to be done, if anything. Sees the host through a probe only and can't change it.
    /// - Throws: `Failure` when the wish can't be met.
    func plan(_ now: Planning) async throws -> Plan
}

extension Resource {
    package var reactsTo: [Mark] { [] }
    package var lonePath: String? { nil }
    package var secrets: [Secret] { [] }
    package var references: [Reference] { [] }
    package var runsAmongServices: Bool { false }
    package var runsSideBySide: Bool { false }
    /// A host has so many hands; what it serves (a daemon's API, a registry) doesn't get faster by more.
    package var mostSideBySide: Int { 16 }
    package var owns: [String] { [id.name] }
    package var claims: [String] { [] }
    package var unit: ServiceResource? { nil }
}

package enum Plan: Sendable, Equatable {
    case unchanged
    /// Right as it is, and yet there is something to say (a certificate that soon expires).
    case noted(String)
    case change(Change)
    /// Not wanted this time, for the reason given (a command whose `test` said no).
    case skip(String)
}

/// What a resource may look at while it plans.
package struct Planning: Sendable {
    package let probe: Probe
    package let ledger: Ledger

    package init(probe: Probe, ledger: Ledger) {
        self.probe = probe
        self.ledger = ledger
    }
}
