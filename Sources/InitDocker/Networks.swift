// Networks: made with addresses from our own pool, joined by running containers.

import InitCore
import Synchronization

/// Subnets that this process has given away, on their way to the daemon: networks are made side by side.
final class SubnetAllotment: Sendable {
    private let given = Mutex<Set<Subnet>>([])

    /// Nil: none is free.
    func take(_ pool: Subnet, prefix: Int, besides taken: [Subnet]) -> Subnet? {
        given.withLock { given in
            guard let subnet = pool.firstFree(prefix: prefix, besides: taken + given) else { return nil }
            given.insert(subnet)
            return subnet
        }
    }
}

extension DockerEngine {
    func network(_ name: String) async throws -> NetworkState? {
        guard let found = try await look("/networks/\(percentEncoded(name))", "network \(name) can't be looked at"),
            // An id that begins like this is another's.
            found["Name"]?.string == name
        else { return nil }
        return NetworkState(labels: found["Labels"]?.strings ?? [:], subnet: Self.subnets(found).first ?? "")
    }

    private static func subnets(_ network: JSONNode) -> [String] {
        network["IPAM"]?["Config"]?.items.compactMap { $0["Subnet"]?.string } ?? []
    }

    func create(_ wish: NetworkWish) async throws {
        let doing = "network \(wish.name) can't be made"
        switch wish.place {
        case .fixed(let subnet):
            do {
                try await create(wish, subnet, doing)
            } catch var failure as Failure where failure.message.contains("overlaps") {
                let others = try await look("/networks", doing)?.items ?? []
                let other = others.first { Self.subnets($0).compactMap(Subnet.init).contains { $0.overlaps(subnet) } }
                if let name = other?["Name"]?.string {
                    failure.message +=
                        "; network \(name) lies there: name another subnet, or remove that one, and before it the containers in it"
                }
                throw failure
            }
        case .within(let pool, let prefix):
            var taken = wish.taken
            taken += try await look("/networks", doing)?.items.flatMap(Self.subnets).compactMap(Subnet.init) ?? []
            // The pool may be used by what only Docker knows of; each try takes another one.
            for attempt in 1... {
                guard let subnet = subnets.take(pool, prefix: prefix, besides: taken) else {
                    throw Failure(
                        .host,
                        "\(doing): no /\(prefix) is free in \(pool); name a larger one that nobody uses, as \u{201C}networks\u{201D}: {\u{201C}pool\u{201D}: \u{201C}10.200.0.0/14\u{201D}}"
                    )
                }
                do {
                    return try await create(wish, subnet, doing)
                } catch let failure as Failure where failure.message.contains("overlaps") && attempt < 64 {
                    continue
                }
            }
        }
    }

    private func create(_ wish: NetworkWish, _ subnet: Subnet, _ doing: String) async throws {
        let body = JSONValue.object(
            JSONObject([
                ("Name", .string(wish.name)), ("CheckDuplicate", .bool(true)), ("Driver", .string("bridge")),
                ("Labels", .texts(wish.labels)),
                (
                    "IPAM",
                    .object(
                        JSONObject([
                            ("Driver", .string("default")),
                            ("Config", .array([.object(JSONObject([("Subnet", .string("\(subnet)"))]))])),
                        ]))
                ),
            ]))
        // Somebody was quicker.
        try await call("POST", "/networks/create", body, within: 600, accepting: [409], failing: doing)
    }

    /// - Parameter alias: the name under which others in it find the container; nil: its own.
    func connect(_ container: String, to network: String, alias: String?) async throws {
        var body = JSONObject([("Container", .string(container))])
        if let alias {
            body["EndpointConfig"] = .object(JSONObject([("Aliases", .array([.string(alias)]))]))
        }
        let doing = "container \(container) can't join network \(network)"
        let answer = try await call(
            "POST", "/networks/\(percentEncoded(network))/connect", .object(body), within: 600, accepting: [403],
            failing: doing)
        // A stopped container's network is joined in its settings already.
        guard answer.status != 403 || answer.message.contains("already exists") else {
            throw Failure(.host, "\(doing): Docker says: \(answer.message)")
        }
    }

    func disconnect(_ container: String, from network: String) async throws {
        // 404: it is out of it already, or the network is gone.
        try await call(
            "POST", "/networks/\(percentEncoded(network))/disconnect",
            .object(JSONObject([("Container", .string(container))])), within: 600, accepting: [404],
            failing: "container \(container) can't leave network \(network)")
    }

    /// With all who are still in it sent away: a proxy goes on serving the others.
    func removeNetwork(_ name: String) async throws {
        let path = "/networks/\(percentEncoded(name))"
        let doing = "network \(name) can't be removed"
        guard let found = try await look(path, doing) else { return }
        for (id, _) in found["Containers"]?.members ?? [] {
            let body = JSONObject([("Container", .string(id)), ("Force", .bool(true))])
            try await call("POST", "\(path)/disconnect", .object(body), accepting: [404], failing: doing)
        }
        try await call("DELETE", path, within: 600, accepting: [404], failing: doing)
    }
}
