// What may be asked of this machine's Docker Engine, and what may be done with it.

package struct DockerProbe: Sendable {
    /// Nil: there is none of this name.
    package var container: @Sendable (String) async throws -> ContainerState?
    /// Nil: it isn't on this host.
    package var image: @Sendable (String) async throws -> ImageState?
    /// The digest that the registry has for this name now; nil: not asked, in a dry run.
    package var publishedDigest: @Sendable (String, RegistryLogin) async throws -> String?
    package var network: @Sendable (String) async throws -> NetworkState?
    /// All that carries a mark of ours; nil: no Docker is installed here, so nothing does.
    package var owned: @Sendable () async throws -> OwnedByUs?
    /// The oldest version of its API that the daemon still takes: `1.24`.
    package var oldestAPI: @Sendable () async throws -> String

    package init(
        container: @escaping @Sendable (String) async throws -> ContainerState?,
        image: @escaping @Sendable (String) async throws -> ImageState?,
        publishedDigest: @escaping @Sendable (String, RegistryLogin) async throws -> String?,
        network: @escaping @Sendable (String) async throws -> NetworkState?,
        owned: @escaping @Sendable () async throws -> OwnedByUs?,
        oldestAPI: @escaping @Sendable () async throws -> String
    ) {
        self.container = container
        self.image = image
        self.publishedDigest = publishedDigest
        self.network = network
        self.owned = owned
        self.oldestAPI = oldestAPI
    }

    /// In another root, where no daemon runs.
    package static let absent = DockerProbe(
        container: { _ in try refuse() }, image: { _ in try refuse() }, publishedDigest: { _, _ in try refuse() },
        network: { _ in try refuse() }, owned: { nil }, oldestAPI: { try refuse() })

    package static func refuse<Value>() throws -> Value {
        throw Failure(.refused, "containers are made on a running host only, not in another root (--root)")
    }
}

package struct ContainerState: Sendable, Equatable {
    package enum Status: String, Sendable {
        case created, running, paused, restarting, removing, exited, dead
    }

    package enum Health: String, Sendable {
        case starting, healthy, unhealthy
    }

    /// Of its image, `sha256:…`.
    package var image: String
    package var labels: [String: String]
    package var status: Status
    package var exitCode: Int
    /// Nil: it has no health check.
    package var health: Health?
    /// Names of those it is in.
    package var networks: Set<String>
    /// As it was made: the network that Docker can't start it without, `host`, `none`, `container:…`.
    package var networkMode: String
    /// Whether a replacement was broken off: another stands beside it, as NAME.old or NAME.new.
    package var isHalfReplaced: Bool

    package init(
        image: String, labels: [String: String], status: Status, exitCode: Int = 0, health: Health? = nil,
        networks: Set<String> = [], networkMode: String = "", isHalfReplaced: Bool = false
    ) {
        self.image = image
        self.labels = labels
        self.status = status
        self.exitCode = exitCode
        self.health = health
        self.networks = networks
        self.networkMode = networkMode
        self.isHalfReplaced = isHalfReplaced
    }

    /// As a person says it: `exited (137)`.
    package var words: String {
        switch status {
        case .exited, .dead: "\(status.rawValue) (\(exitCode))"
        case .running: health.map { "running, \($0.rawValue)" } ?? "running"
        case .created, .paused, .restarting, .removing: status.rawValue
        }
    }

    /// Whether the network is more to it than one of several that it has joined.
    package func lives(in network: String) -> Bool {
        networks.contains(network) && (networkMode == network || !networks.contains(networkMode))
    }

    /// Whether it can join networks at all.
    package var isNetworked: Bool {
        !["host", "none"].contains(networkMode) && !networkMode.hasPrefix("container:")
    }

    /// Running, and healthy where it can tell.
    package var isReady: Bool { status == .running && (health == nil || health == .healthy) }
}

package struct ImageState: Sendable, Equatable {
    /// `sha256:…`
    package var id: String
    /// What registries call it: `sha256:…`
    package var digests: [String]
    /// As its Dockerfile says; empty: root.
    package var user: String

    package init(id: String, digests: [String] = [], user: String = "") {
        self.id = id
        self.digests = digests
        self.user = user
    }
}

package struct NetworkState: Sendable, Equatable {
    package var labels: [String: String]
    /// `10.213.0.0/28`; empty for one without addresses of its own.
    package var subnet: String

    package init(labels: [String: String], subnet: String) {
        self.labels = labels
        self.subnet = subnet
    }
}

/// How a registry learns who asks.
package enum RegistryLogin: Sendable, Equatable {
    case none
    case password(user: Secret, Secret)
    /// A token of Amazon ECR, fetched with the run's own credentials for this registry.
    case ecr(registry: String)
}

// MARK: What may be done

package enum DockerAction: Sendable, Equatable {
    case pull(image: String, RegistryLogin)
    case createNetwork(NetworkWish)
    /// Makes it so: creates, replaces, starts or connects. On a failure the one that was there before runs again.
    case bring(ContainerWish)
    case connect(container: String, networks: [String])
    /// Containers are stopped first; volumes stay.
    case remove(containers: [String], networks: [String])
}

package struct NetworkWish: Sendable, Equatable {
    package enum Place: Sendable, Equatable {
        case fixed(Subnet)
        /// The first free one of this size.
        case within(Subnet, prefix: Int)
    }

    package var name: String
    package var place: Place
    package var labels: [String: String]
    /// Subnets that the host's own routes lead to.
    package var taken: [Subnet]

    package init(name: String, place: Place, labels: [String: String], taken: [Subnet]) {
        self.name = name
        self.place = place
        self.labels = labels
        self.taken = taken
    }
}

/// A container as it is to be, with all values known.
package struct ContainerWish: Sendable, Equatable {
    package var spec: ContainerSpec
    /// Its digest and our mark among them.
    package var labels: [String: String]
    package var secretEnvironment: [String: Secret]
    package var secretFiles: [SecretFile]
    /// Host directories that aren't there yet.
    package var directories: [String]
    /// Joined beside its own, where they are there: those of the containers that it is the proxy of.
    package var otherNetworks: [String]
    /// Whether a container of that name which isn't ours is replaced too.
    package var adopts = false
    /// Networks of ours that it is in and isn't to be in any more.
    package var leaving: [String] = []
    /// Whether it was seen unhealthy or on its way to a restart: it has to show that it runs, whatever it looks like now.
    package var isDoubted = false

    /// By path inside the container.
    package struct SecretFile: Sendable, Equatable {
        package var path: String
        package var content: Secret
    }
}
