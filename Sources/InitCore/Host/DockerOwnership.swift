// Whose a container or network is. Its labels alone don't tell: an image that somebody makes of our container (docker commit)
// hands them on to whatever is made of it.

extension OwnershipMark {
    /// What a container is called on its way into its place, and out of it.
    package static let endings = [".old", ".new"]

    /// Nil: it isn't ours.
    package init?(ofContainer name: String, _ labels: [String: String]) {
        guard let mark = OwnershipMark(labels: labels),
            ([""] + Self.endings).contains(where: { mark.item + $0 == name })
        else { return nil }
        self = mark
    }

    /// Nil: it isn't ours.
    package init?(ofNetwork name: String, _ labels: [String: String]) {
        guard let mark = OwnershipMark(labels: labels), mark.item == "networks/\(name)" else { return nil }
        self = mark
    }
}

package struct OwnedByUs: Sendable, Equatable {
    package var containers: [String: OwnershipMark]
    package var networks: [String: OwnershipMark]
    /// Who lives in them, of whomsoever; not those that have another network and have only joined.
    package var residents: [String: Set<String>]

    package init(
        containers: [String: OwnershipMark] = [:], networks: [String: OwnershipMark] = [:],
        residents: [String: Set<String>] = [:]
    ) {
        self.containers = containers
        self.networks = networks
        self.residents = residents
    }

    /// - Parameter states: of all containers, by name; what is needed of them are labels and networks.
    package init(_ states: [String: ContainerState], networks labels: [String: [String: String]]) {
        containers = states.reduce(into: [:]) { $0[$1.key] = OwnershipMark(ofContainer: $1.key, $1.value.labels) }
        networks = labels.reduce(into: [:]) { $0[$1.key] = OwnershipMark(ofNetwork: $1.key, $1.value) }
        residents = networks.keys.reduce(into: [:]) { result, network in
            let names = states.filter { $0.value.lives(in: network) }.keys
            if !names.isEmpty { result[network] = Set(names) }
        }
    }
}

/// Labels of ours beside those of the ownership mark.
package enum ContainerLabel {
    /// HMAC of the wished-for specification.
    package static let spec = "ide-init.spec"
    /// The same of each of its parts, shortened, to tell which of them differ.
    package static let parts = "ide-init.parts"
    /// Id of the container of another's that it was made in place of.
    package static let replaces = "ide-init.replaces"
    /// On what is made for a look inside an image and gone at once: the id of the process that made it.
    package static let lookup = "ide-init.lookup"
}

/// Where secrets of containers lie, in a directory for each container, and in that one for each of its specifications.
package enum ContainerSecrets {
    package static let place = "/var/lib/ide-init/secrets"
}

extension Failure {
    package static func foreign(container name: String) -> Failure {
        Failure(
            .refused,
            "there is a container \(name) that isn't ours; rename one, remove it (docker rm -f \(name)), or write \u{201C}adopt\u{201D}: true to have it replaced"
        )
    }
}
