// One container of the document, key by key.

struct DecodedContainer: Sendable {
    enum Pull: String, Sendable, CaseIterable {
        case missing
        case always
        case never
    }

    var spec: ContainerSpec
    var pull = Pull.missing
    var secretEnvironment: [String: ReferencedText] = [:]
    /// By path inside the container.
    var secretFiles: [String: ReferencedText] = [:]
    var route: ContainerRoute?
    var isDenied = true
    var isProxy = false
    var adopts = false
    var path: DocumentPath

    static let keys = [
        "image", "pull", "network", "networks", "volumes", "ports", "user", "command", "entrypoint", "environment",
        "secretEnvironment", "secrets", "labels", "route", "memory", "cpus", "pids", "sharedMemory", "restart",
        "health",
        "stopTimeout", "instanceMetadata", "proxy", "workingDirectory", "hostname", "capabilities", "readOnly", "tmpfs",
        "name", "count", "adopt",
    ]

    init?(
        _ node: JSONNode, _ name: String, _ outline: ContainerOutline, _ traefik: TraefikModel?,
        _ diagnostics: inout Diagnostics
    ) {
        guard node.isMap else {
            node.complain("a map with an image", &diagnostics)
            return nil
        }
        node.checkKeys(Self.keys, &diagnostics)
        path = node.path
        guard Self.isName(name), ![".new", ".old"].contains(where: name.hasSuffix) else {
            diagnostics.error(
                node.path,
                "\u{201C}\(name)\u{201D} can't name a container: letters, digits, _ . and - are taken, a letter or digit first, and .new and .old at its end are ours"
            )
            return nil
        }
        guard let imageNode = node.given("image") else {
            diagnostics.error(node.path, "it has no \u{201C}image\u{201D}; traefik:v3.6 would be one")
            return nil
        }
        guard let text = imageNode.text(&diagnostics) else { return nil }
        guard let image = ImageName(text) else {
            diagnostics.error(
                imageNode.path,
                "\u{201C}\(text)\u{201D} is no image; [REGISTRY/]NAME[:TAG][@sha256:…] is wanted, the name in small letters"
            )
            return nil
        }
        spec = ContainerSpec(name: name, image: image)
        let reader = ContainerReader(node: node)
        if let pull: Pull = reader.choice("pull", &diagnostics) { self.pull = pull }
        adopts = node.given("adopt")?.flag(&diagnostics) ?? false
        isProxy = ContainerOutline.isProxy(node, traefik?.directory)
        if let flag = node.given("proxy") { _ = flag.flag(&diagnostics) }
        readNetworks(node, outline, &diagnostics)
        spec.entrypoint = reader.words("entrypoint", &diagnostics)
        spec.command = reader.words("command", &diagnostics)
        spec.environment = reader.texts("environment", &diagnostics)
        spec.labels = reader.texts("labels", &diagnostics)
        for (key, _) in spec.labels where key.hasPrefix("ide-init.") {
            diagnostics.error(node.path.appending("labels").appending(key), "labels that begin with ide-init. are ours")
        }
        readSecrets(node, &diagnostics)
        spec.mounts = reader.list("volumes", &diagnostics) { ContainerReader.mount($0, $1, &$2) }
        spec.ports = reader.list("ports", &diagnostics) { ContainerReader.port($0, $1, &$2) }
        if let ports = node.given("ports"), !spec.ports.isEmpty, spec.mode != .networks {
            diagnostics.error(ports.path, "a container without a network of its own publishes no ports; leave them out")
        }
        for key in ["user", "workingDirectory", "hostname"] {
            let text = node.given(key)?.text(&diagnostics)
            switch key {
            case "user": spec.user = text
            case "workingDirectory": spec.workingDirectory = text
            default: spec.hostname = text
            }
        }
        spec.memory = reader.bytes("memory", from: 6 << 20, &diagnostics)
        spec.sharedMemory = reader.bytes("sharedMemory", from: 1 << 10, &diagnostics)
        spec.nanoCPUs = reader.processors(&diagnostics)
        if let pids = node.given("pids")?.whole(&diagnostics, 1...4_194_304) { spec.pids = pids }
        if let restart = reader.restart(&diagnostics) { spec.restart = restart }
        spec.health = reader.health(&diagnostics)
        spec.stopTimeout = node.given("stopTimeout")?.duration(&diagnostics).map { Int($0.rounded(.up)) }
        spec.capabilities = node.given("capabilities")?.texts(&diagnostics) ?? []
        spec.isReadOnly = node.given("readOnly")?.flag(&diagnostics) ?? false
        spec.temporary = node.given("tmpfs")?.texts(&diagnostics) ?? []
        if let given = node.given("route") {
            route = ContainerRoute(given, container: name, domain: traefik?.domain, &diagnostics)
            if traefik == nil {
                diagnostics.warning(
                    given.path,
                    "there is no \u{201C}traefik\u{201D} section in the document, so nobody serves this route")
            }
        }
    }

    static func isName(_ text: String) -> Bool {
        let isPlain = { (character: Character) in character.isASCII && (character.isLetter || character.isNumber) }
        return text.utf8.count >= 2 && text.first.map(isPlain) == true
            && text.allSatisfy { isPlain($0) || "_.-".contains($0) }
    }

    // MARK: Networks

    private mutating func readNetworks(_ node: JSONNode, _ outline: ContainerOutline, _ diagnostics: inout Diagnostics)
    {
        let said: Bool? = node.given("instanceMetadata").flatMap { node in
            guard let text = node.text(&diagnostics) else { return nil }
            guard ["allow", "deny"].contains(text) else {
                diagnostics.error(node.path, "\u{201C}\(text)\u{201D} stands here; deny or allow is wanted")
                return nil
            }
            return text == "deny"
        }
        isDenied = said ?? true
        if let both = node.given("networks"), node.given("network") != nil {
            diagnostics.error(both.path, "networks and network stand side by side; put them all into networks")
            return
        }
        let given = node.given("networks") ?? node.given("network")
        let names = given?.texts(&diagnostics) ?? ["own"]
        guard let given else {
            spec.networks = [spec.name]
            return checkOwn(outline, node.path, &diagnostics)
        }
        for name in names {
            switch name {
            case "own":
                checkOwn(outline, given.path, &diagnostics)
                spec.networks.append(spec.name)
            case "host", "none":
                spec.mode = name == "host" ? .host : .none
                if names.count > 1 {
                    diagnostics.error(given.path, "\(name) stands beside other networks; it excludes them")
                }
                if name == "host", isDenied {
                    diagnostics.error(
                        given.path,
                        "in the host's network instance metadata can't be kept out of reach; write \u{201C}instanceMetadata\u{201D}: \u{201C}allow\u{201D} if that is meant"
                    )
                }
            default:
                guard let network = outline.networks[name] else {
                    diagnostics.error(
                        given.path,
                        "there is no network \(name) in the document\(suggestion(for: name, among: outline.networks.keys.sorted() + ["own"])); put it into \u{201C}networks\u{201D} of containers, or write own, host or none"
                    )
                    continue
                }
                if said ?? true != network.isDenied {
                    diagnostics.error(
                        given.path,
                        "network \(name) \(network.isDenied ? "denies" : "allows") instance metadata, and this container is to be \(isDenied ? "denied" : "allowed") it; write \u{201C}instanceMetadata\u{201D} alike at both"
                    )
                }
                if !spec.networks.contains(name) { spec.networks.append(name) }
            }
        }
    }

    private func checkOwn(_ outline: ContainerOutline, _ path: DocumentPath, _ diagnostics: inout Diagnostics) {
        if outline.networks[spec.name] != nil {
            diagnostics.error(
                path,
                "a network \(spec.name) is in the document already, and this container's own would be called so too; rename one"
            )
        }
    }

    // MARK: Secrets

    private mutating func readSecrets(_ node: JSONNode, _ diagnostics: inout Diagnostics) {
        for (place, value) in node.given("secrets")?.map(&diagnostics) ?? [] {
            guard place.hasPrefix("/"), !place.hasSuffix("/"), !place.split(separator: "/").contains("..") else {
                diagnostics.error(
                    value.path,
                    "\u{201C}\(place)\u{201D} is no path of a file in the container; /run/secrets/token is one")
                continue
            }
            guard let text = value.text(&diagnostics, wanted: "a reference or a text") else { continue }
            secretFiles[place] = ReferencedText(reading: text, at: value.path, takesObjects: true, &diagnostics)
        }
        guard let variables = node.given("secretEnvironment") else { return }
        diagnostics.warning(
            variables.path,
            "docker inspect shows these to all who may use Docker, and the container's processes hand them on; a file in \u{201C}secrets\u{201D} is shown to nobody"
        )
        for (name, value) in variables.map(&diagnostics) {
            guard let text = value.text(&diagnostics) else { continue }
            if spec.environment[name] != nil {
                diagnostics.error(
                    value.path, "\(name) stands in \u{201C}environment\u{201D} too; leave one of them out")
            }
            secretEnvironment[name] = ReferencedText(reading: text, at: value.path, takesObjects: true, &diagnostics)
        }
    }

    var references: [NamedReference] {
        let texts =
            secretEnvironment.values.map { $0 } + secretFiles.values.map { $0 }
            + [route?.login?.password].compactMap { $0 }
        return texts.flatMap(\.references)
    }
}
