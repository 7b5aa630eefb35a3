// A wish as `POST /containers/create` takes it.

import InitCore

extension JSONValue {
    static func texts(_ members: [String: String]) -> JSONValue {
        .object(JSONObject(members.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    }
    static func list(_ items: [String]) -> JSONValue { .array(items.map { .string($0) }) }
    static func whole(_ number: Int) -> JSONValue { .number(JSONNumber("\(number)")) }
}

extension ContainerWish {
    /// Kept by Docker: three files of ten megabytes, so that nobody's output fills the disk.
    private static let log = JSONValue.object(
        JSONObject([
            ("Type", .string("json-file")), ("Config", .texts(["max-size": "10m", "max-file": "3"])),
        ]))

    /// - Parameters:
    ///   - binds: of secrets, and of volumes taken over from the container that is replaced.
    func createBody(binds: [String]) -> JSONValue {
        var host = JSONObject([
            ("Binds", .list(spec.mounts.map(\.text) + binds)),
            ("NetworkMode", .string(spec.mode == .networks ? spec.networks.first ?? "none" : spec.mode.rawValue)),
            (
                "RestartPolicy",
                .object(
                    JSONObject([
                        ("Name", .string(spec.restart.policy)), ("MaximumRetryCount", .whole(spec.restart.mostTries)),
                    ]))
            ),
            ("LogConfig", Self.log), ("PidsLimit", .whole(spec.pids)), ("Init", .bool(true)),
            ("CapDrop", .list(["NET_RAW"])),
        ])
        if !spec.ports.isEmpty { host["PortBindings"] = portBindings }
        host["Memory"] = spec.memory.map { .whole($0) }
        host["NanoCpus"] = spec.nanoCPUs.map { .whole($0) }
        host["ShmSize"] = spec.sharedMemory.map { .whole($0) }
        if !spec.capabilities.isEmpty { host["CapAdd"] = .list(spec.capabilities) }
        if spec.isReadOnly { host["ReadonlyRootfs"] = .bool(true) }
        if !spec.temporary.isEmpty {
            host["Tmpfs"] = .texts(
                spec.temporary.reduce(into: [:]) { result, text in
                    let halves = text.split(separator: ":", maxSplits: 1).map(String.init)
                    if let path = halves.first { result[path] = halves.count > 1 ? halves[1] : "" }
                })
        }
        var body = JSONObject([("Image", .string("\(spec.image)")), ("Labels", .texts(labels))])
        let variables =
            spec.environment.map { "\($0.key)=\($0.value)" }
            + secretEnvironment.map { name, value in
                "\(name)=" + value.reveal { String(decoding: $0, as: UTF8.self) }
            }
        if !variables.isEmpty { body["Env"] = .list(variables.sorted()) }
        body["Cmd"] = spec.command.map { .list($0) }
        body["Entrypoint"] = spec.entrypoint.map { .list($0) }
        body["User"] = spec.user.map { .string($0) }
        body["WorkingDir"] = spec.workingDirectory.map { .string($0) }
        // As compose and docker run leave it: the id's beginning; ours tells which IDE a prompt is in.
        if spec.mode == .networks { body["Hostname"] = .string(spec.hostname ?? spec.name) }
        body["StopTimeout"] = spec.stopTimeout.map { .whole($0) }
        body["Healthcheck"] = spec.health.map { Self.healthCheck($0) }
        if !spec.ports.isEmpty {
            body["ExposedPorts"] = .object(JSONObject(spec.ports.map { ($0.inside, .object(JSONObject())) }))
        }
        body["HostConfig"] = .object(host)
        if spec.mode == .networks, let first = spec.networks.first {
            // By its name even while it has another one.
            let endpoint = JSONValue.object(JSONObject([("Aliases", .list([spec.name]))]))
            body["NetworkingConfig"] = .object(
                JSONObject([("EndpointsConfig", .object(JSONObject([(first, endpoint)])))]))
        }
        return .object(body)
    }

    private var portBindings: JSONValue {
        var bindings: [(inside: String, places: [JSONValue])] = []
        for port in spec.ports {
            let place = JSONValue.texts(["HostIp": port.address, "HostPort": "\(port.host)"])
            if let index = bindings.firstIndex(where: { $0.inside == port.inside }) {
                bindings[index].places.append(place)
            } else {
                bindings.append((port.inside, [place]))
            }
        }
        return .object(JSONObject(bindings.map { ($0.inside, .array($0.places)) }))
    }

    private static func healthCheck(_ check: ContainerSpec.HealthCheck) -> JSONValue {
        func nanoseconds(_ seconds: Double?) -> JSONValue? { seconds.map { .whole(Int($0 * 1e9)) } }
        var body = JSONObject([("Test", .list(check.test))])
        body["Interval"] = nanoseconds(check.interval)
        body["Timeout"] = nanoseconds(check.timeout)
        body["StartPeriod"] = nanoseconds(check.startPeriod)
        body["Retries"] = check.retries.map { .whole($0) }
        return .object(body)
    }
}
