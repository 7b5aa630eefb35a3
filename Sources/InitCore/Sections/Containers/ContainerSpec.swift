// What a container is to be, as the document says it, and how two wishes are told apart.

import Crypto

package struct ContainerSpec: Sendable, Equatable {
    package enum NetworkMode: String, Sendable {
        /// In networks of its own and of the document.
        case networks
        case host
        case none
    }

    package struct Mount: Sendable, Equatable {
        /// A directory or file of the host, or a volume's name.
        package var source: String
        package var target: String
        /// `ro`, `z` …, as after docker's second colon.
        package var options: [String]

        package var isOfHost: Bool { source.hasPrefix("/") }
        package var text: String {
            ([source, target] + (options.isEmpty ? [] : [options.joined(separator: ",")])).joined(separator: ":")
        }
    }

    package struct Port: Sendable, Equatable {
        /// Empty: all of the host's.
        package var address: String
        package var host: Int
        package var container: Int
        package var transport: String

        package var inside: String { "\(container)/\(transport)" }
        package var text: String { (address.isEmpty ? "" : "\(address):") + "\(host):\(inside)" }
    }

    package struct Restart: Sendable, Equatable {
        /// no, always, unless-stopped, on-failure
        package var policy: String
        package var mostTries: Int
    }

    package struct HealthCheck: Sendable, Equatable {
        /// `["CMD", …]`, `["CMD-SHELL", …]`, or `["NONE"]`: the image's own isn't wanted.
        package var test: [String]
        /// Seconds; nil: Docker's own.
        package var interval: Double?
        package var timeout: Double?
        package var startPeriod: Double?
        package var retries: Int?
    }

    package var name: String
    package var image: ImageName
    package var mode = NetworkMode.networks
    /// In the document's order; the first one is where its default route leads.
    package var networks: [String] = []
    package var entrypoint: [String]?
    package var command: [String]?
    package var environment: [String: String] = [:]
    package var labels: [String: String] = [:]
    package var mounts: [Mount] = []
    package var ports: [Port] = []
    package var user: String?
    package var workingDirectory: String?
    package var hostname: String?
    /// Bytes.
    package var memory: Int?
    /// Billionths of a processor.
    package var nanoCPUs: Int?
    package var pids = ContainerSpec.pids
    /// Bytes of /dev/shm; nil: Docker's 64 MiB.
    package var sharedMemory: Int?
    package var capabilities: [String] = []
    package var isReadOnly = false
    package var temporary: [String] = []
    package var restart = Restart(policy: "unless-stopped", mostTries: 0)
    package var health: HealthCheck?
    /// Seconds between SIGTERM and SIGKILL.
    package var stopTimeout: Int?

    /// Enough for an editor, its language servers and a build, too few for a fork bomb to hurt the host.
    package static let pids = 512

    package init(name: String, image: ImageName) {
        self.name = name
        self.image = image
    }

    /// What a replacement would be needed for, by the document's own keys. Of its networks only the first is: Docker keeps that one
    /// for ever as what it can't start without; the others are joined and left while it runs. Only what is given has a part, so that a new key of ours replaces nobody's container.
    func parts() -> [String: JSONValue] {
        func list(_ items: [String]) -> JSONValue { .array(items.map { .string($0) }) }
        func number(_ number: Int) -> JSONValue { .number(JSONNumber("\(number)")) }
        var parts: [String: JSONValue] = [
            "image": .string("\(image)"), "restart": .string("\(restart.policy):\(restart.mostTries)"),
            "pids": number(pids),
        ]
        let first = mode == .networks ? networks.first : mode.rawValue
        // Its own goes with the container's name.
        if let first, first != name { parts["network"] = .string(first) }
        parts["entrypoint"] = entrypoint.map(list)
        parts["command"] = command.map(list)
        if !environment.isEmpty { parts["environment"] = .sorted(environment.mapValues { .string($0) }) }
        if !labels.isEmpty { parts["labels"] = .sorted(labels.mapValues { .string($0) }) }
        if !mounts.isEmpty { parts["volumes"] = list(mounts.map(\.text)) }
        if !ports.isEmpty { parts["ports"] = list(ports.map(\.text)) }
        parts["user"] = user.map { .string($0) }
        parts["workingDirectory"] = workingDirectory.map { .string($0) }
        parts["hostname"] = hostname.map { .string($0) }
        parts["memory"] = memory.map(number)
        parts["cpus"] = nanoCPUs.map(number)
        parts["sharedMemory"] = sharedMemory.map(number)
        if !capabilities.isEmpty { parts["capabilities"] = list(capabilities) }
        if isReadOnly { parts["readOnly"] = .bool(true) }
        if !temporary.isEmpty { parts["tmpfs"] = list(temporary) }
        parts["stopTimeout"] = stopTimeout.map(number)
        if let health {
            let times = [health.interval, health.timeout, health.startPeriod].map { "\($0 ?? 0)" }
            parts["health"] = list(health.test + times + ["\(health.retries ?? 0)"])
        }
        return parts
    }
}

extension JSONValue {
    /// By the bytes of its keys.
    static func sorted(_ members: [String: JSONValue]) -> JSONValue {
        .object(
            JSONObject(members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { ($0.key, $0.value) })
        )
    }
}

/// Two wishes are the same if their digests are. Keyed, since the label that holds it is open to all who may ask Docker: from
/// a plain sum a short password could be found by trying.
struct SpecDigest: Sendable, Equatable {
    let whole: String
    /// Name of a part and eight digits of its own digest.
    let parts: [String: String]

    /// - Parameter parts: with the values of secrets in clear.
    init(_ parts: [String: JSONValue], key: Secret) {
        let key = key.reveal { SymmetricKey(data: $0) }
        func digest(_ value: JSONValue) -> String {
            hexadecimal(HMAC<SHA256>.authenticationCode(for: Array(value.pythonText.utf8), using: key))
        }
        whole = digest(.sorted(parts))
        self.parts = parts.reduce(into: [:]) {
            $0[$1.key] = String(digest(.array([.string($1.key), $1.value])).prefix(8))
        }
    }

    /// `image=0a1b2c3d …`, by name.
    var partsLabel: String {
        parts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    }

    /// Names of what is another, or gone, or new; empty where the label doesn't tell.
    func differing(from label: String) -> [String] {
        let before = Dictionary(
            label.split(separator: " ").compactMap { part -> (String, String)? in
                let halves = part.split(separator: "=")
                return halves.count == 2 ? (String(halves[0]), String(halves[1])) : nil
            }, uniquingKeysWith: { $1 })
        guard !before.isEmpty else { return [] }
        return Set(before.keys).union(parts.keys).filter { before[$0] != parts[$0] }.sorted()
    }
}
