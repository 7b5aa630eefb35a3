// References are fetched ahead, all of them at once, while packages install. A command may change what they stand for
// (it puts a parameter, a deployment rotates a secret): what comes after one is fetched again, once per config.

struct Prefetching {
    private let host: Host
    private let mode: Report.Mode
    private var commandHasRun = false
    private var isFetchedAgain = false

    init(host: Host, mode: Report.Mode) {
        self.host = host
        self.mode = mode
    }

    /// Begins with all that the chosen configs name.
    func begin(_ resources: [any Resource]) { fetch(resources, again: false) }

    mutating func beginConfig() { isFetchedAgain = false }

    /// - Parameter rest: of the config, from the resource on whose turn it is.
    mutating func take(_ rest: ArraySlice<any Resource>) {
        guard commandHasRun, !isFetchedAgain, let next = rest.first, !next.references.isEmpty else { return }
        isFetchedAgain = true
        fetch(Array(rest), again: true)
    }

    /// A dry run changes nothing, so that nothing is out of date.
    mutating func record(_ id: ResourceID, _ outcome: Report.Outcome) {
        if mode == .apply, id.section == commandsSection.key, outcome == .ran { commandHasRun = true }
    }

    private func fetch(_ resources: [any Resource], again: Bool) {
        var seen: Set<Reference> = []
        let references = resources.flatMap(\.references).filter { seen.insert($0).inserted }
        if !references.isEmpty { host.prefetch(references, again) }
    }
}

extension Probe {
    /// In a dry run a value that isn't to be had is unknown, as a file is that can't be read; an apply can't go on without.
    func resolving(in mode: Report.Mode) -> Probe {
        var probe = self
        probe.resolve = { [resolve] reference in
            switch mode {
            case .apply:
                do {
                    guard let value = try await resolve(reference) else { throw Failure(.network, "nobody answered") }
                    return value
                } catch let failure as Failure where failure.kind == .unreadable {
                    throw Failure(.network, failure.message)
                }
            case .plan:
                do {
                    return try await resolve(reference)
                } catch let failure as Failure where failure.kind != .stopped {
                    throw Failure(.unreadable, failure.message)
                }
            }
        }
        return probe
    }
}
