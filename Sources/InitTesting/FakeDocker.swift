// The Docker Engine of the fake host: what a bring would come to, in one step. How the real one gets there is DockerTests' matter.

import InitCore

package struct FakeDocker: Sendable, Equatable {
    struct Container: Sendable, Equatable {
        var state: ContainerState
        /// Of the one that was brought last, for `after.json`.
        var environment: [String] = []
        var secrets: [String] = []
        /// What the daemon answers to its start.
        var refusal: String?
    }

    var containers: [String: Container] = [:]
    var networks: [String: NetworkState] = [:]
    var images: [String: ImageState] = [:]
    /// What registries have, by an image's name; with who must ask: nobody, or `USER PASSWORD`.
    var published: [String: (image: ImageState, login: String)] = [:]
    var oldestAPI = "1.24"
    var isInstalled = true

    package init() {}

    package static func == (left: Self, right: Self) -> Bool {
        left.containers == right.containers && left.networks == right.networks && left.images == right.images
    }

    mutating func apply(_ node: JSONNode, _ diagnostics: inout Diagnostics) {
        node.checkKeys(["containers", "networks", "images", "registries", "oldestAPI", "installed"], &diagnostics)
        isInstalled = node.given("installed")?.flag(&diagnostics) ?? isInstalled
        oldestAPI = node.given("oldestAPI")?.text(&diagnostics) ?? oldestAPI
        for (name, item) in node.given("networks")?.map(&diagnostics) ?? [] {
            networks[name] = NetworkState(
                labels: Self.labels(item, &diagnostics), subnet: item.given("subnet")?.text(&diagnostics) ?? "")
        }
        for (name, item) in node.given("images")?.map(&diagnostics) ?? [] {
            images[name] = Self.image(item, &diagnostics)
        }
        for (name, item) in node.given("registries")?.map(&diagnostics) ?? [] {
            published[name] = (Self.image(item, &diagnostics), item.given("login")?.text(&diagnostics) ?? "")
        }
        for (name, item) in node.given("containers")?.map(&diagnostics) ?? [] {
            item.checkKeys(
                [
                    "image", "labels", "status", "exitCode", "health", "networks", "networkMode", "halfReplaced",
                    "refusal",
                ], &diagnostics)
            let networks = item.given("networks")?.texts(&diagnostics) ?? []
            containers[name] = Container(
                state: ContainerState(
                    image: item.given("image")?.text(&diagnostics) ?? "", labels: Self.labels(item, &diagnostics),
                    status: item.given("status")?.text(&diagnostics).flatMap(ContainerState.Status.init) ?? .running,
                    exitCode: item.given("exitCode")?.whole(&diagnostics, 0...255) ?? 0,
                    health: item.given("health")?.text(&diagnostics).flatMap(ContainerState.Health.init),
                    networks: Set(networks),
                    networkMode: item.given("networkMode")?.text(&diagnostics) ?? networks.first ?? "",
                    isHalfReplaced: item.given("halfReplaced")?.flag(&diagnostics) ?? false),
                refusal: item.given("refusal")?.text(&diagnostics))
        }
    }

    /// `"mark": "OWNER CONFIG SECTION ITEM"` stands for the four labels of one.
    private static func labels(_ node: JSONNode, _ diagnostics: inout Diagnostics) -> [String: String] {
        var labels: [String: String] = [:]
        for (name, value) in node.given("labels")?.map(&diagnostics) ?? [] where name != "mark" {
            labels[name] = value.text(&diagnostics)
        }
        let words =
            node.given("labels")?.given("mark")?.text(&diagnostics)?.split(separator: " ").map(String.init) ?? []
        if words.count >= 4 {
            let item = words[3...].joined(separator: " ")
            labels.merge(OwnershipMark(owner: words[0], config: words[1], section: words[2], item: item).labels) { $1 }
        }
        return labels
    }

    private static func image(_ node: JSONNode, _ diagnostics: inout Diagnostics) -> ImageState {
        ImageState(
            id: node.given("id")?.text(&diagnostics) ?? "sha256:0",
            digests: node.given("digest")?.text(&diagnostics).map { [$0] } ?? [],
            user: node.given("user")?.text(&diagnostics) ?? "")
    }

    /// Without the labels of a specification, which hang on a key.
    var json: JSONValue {
        func labels(_ labels: [String: String]) -> JSONValue {
            var shown = labels.filter { ![ContainerLabel.spec, ContainerLabel.parts].contains($0.key) }
            if let mark = OwnershipMark(labels: labels) {
                shown = shown.filter { !mark.labels.keys.contains($0.key) }
                shown["mark"] = "\(mark.owner) \(mark.config) \(mark.section) \(mark.item)"
            }
            return .object(JSONObject(shown.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
        }
        /// Who comes first gets the first one: its size is what hangs on the document.
        func shown(_ subnet: String) -> String { subnet.firstIndex(of: "/").map { "…\(subnet[$0...])" } ?? subnet }
        func add(_ key: String, _ members: [(String, JSONValue)], to object: inout JSONObject) {
            if !members.isEmpty { object[key] = .object(JSONObject(members.sorted { $0.0 < $1.0 })) }
        }
        func list(_ items: some Sequence<String>) -> JSONValue { .array(items.sorted().map { .string($0) }) }
        var result = JSONObject()
        add(
            "containers",
            containers.map { name, container in
                var object = JSONObject([
                    ("image", .string(container.state.image)), ("labels", labels(container.state.labels)),
                    ("networks", list(container.state.networks)), ("status", .string(container.state.status.rawValue)),
                ])
                if !container.environment.isEmpty { object["environment"] = list(container.environment) }
                if !container.secrets.isEmpty { object["secrets"] = list(container.secrets) }
                return (name, .object(object))
            }, to: &result)
        add("images", images.map { ($0, .string($1.id)) }, to: &result)
        add(
            "networks",
            networks.map { name, network in
                (
                    name,
                    .object(
                        JSONObject([("labels", labels(network.labels)), ("subnet", .string(shown(network.subnet)))]))
                )
            }, to: &result)
        return .object(result)
    }

    // MARK: Doing

    mutating func perform(_ action: DockerAction, _ tree: inout FakeTree) throws -> StepResult {
        switch action {
        case .pull(let name, let login):
            let who =
                switch login {
                case .none: ""
                case .ecr(let registry): "ecr \(registry)"
                case .password(let user, let password): "\(user.revealedText) \(password.revealedText)"
                }
            guard let (image, wanted) = published[name], wanted == who else {
                throw Failure(.network, "image \(name) can't be pulled: Docker says: denied")
            }
            let isNew = images[name] != image
            images[name] = image
            return StepResult(changed: isNew)
        case .createNetwork(let wish):
            let taken = wish.taken + networks.values.compactMap { Subnet($0.subnet) }
            let subnet: Subnet? =
                switch wish.place {
                case .fixed(let subnet): subnet
                case .within(let pool, let prefix): pool.firstFree(prefix: prefix, besides: taken)
                }
            guard let subnet else { throw Failure(.host, "no subnet is free") }
            networks[wish.name] = NetworkState(labels: wish.labels, subnet: "\(subnet)")
        case .bring(let wish): try bring(wish, &tree)
        case .connect(let container, let networks): containers[container]?.state.networks.formUnion(networks)
        case .remove(let names, let networks):
            for name in names {
                containers[name] = nil
                tree.remove("\(ContainerSecrets.place)/\(name)")
            }
            for name in networks {
                self.networks[name] = nil
                for key in containers.keys { containers[key]?.state.networks.remove(name) }
            }
        }
        return StepResult(changed: true)
    }

    private mutating func bring(_ wish: ContainerWish, _ tree: inout FakeTree) throws {
        let name = wish.spec.name
        guard let image = images["\(wish.spec.image)"] else {
            throw Failure(.host, "image \(wish.spec.image) isn't there")
        }
        if let why = containers[name]?.refusal {
            throw Failure(.host, "container \(name) \(why); the container that was there before runs again")
        }
        for path in wish.directories {
            tree.set(
                path, FakeNode(.directory, mode: 0o755, owner: UInt32(image.user) ?? 0, group: UInt32(image.user) ?? 0))
        }
        for folder in tree.names("\(ContainerSecrets.place)/\(name)")
        where wish.secretFiles.isEmpty || folder != wish.labels[ContainerLabel.spec] {
            tree.remove("\(ContainerSecrets.place)/\(name)/\(folder)")
        }
        let standing = containers[name]?.state
        let isSame =
            standing?.labels[ContainerLabel.spec] == wish.labels[ContainerLabel.spec] && standing?.image == image.id
        let kept = isSame ? standing?.networks.subtracting(wish.leaving) ?? [] : []
        let joined = wish.spec.networks + wish.otherNetworks.filter { networks[$0] != nil }
        containers[name] = Container(
            state: ContainerState(
                image: image.id, labels: wish.labels, status: .running, networks: kept.union(joined),
                networkMode: wish.spec.networks.first ?? wish.spec.mode.rawValue),
            environment: wish.spec.environment.map { "\($0.key)=\($0.value)" }
                + wish.secretEnvironment.keys.map { "\($0)=…" },
            secrets: wish.secretFiles.map(\.path))
    }
}
