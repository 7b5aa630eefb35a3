// What is ours among all that this daemon has.

import InitCore

extension DockerEngine {
    /// Nil: no Docker is installed here.
    func owned() async throws -> OwnedByUs? {
        let doing = "what is ours can't be asked for"
        let containers: JSONNode?
        do {
            // Others' too: one of them may live in a network of ours.
            containers = try await look("/containers/json?all=1", doing)
        } catch let failure as Failure where failure.isWithoutDocker {
            return nil
        }
        let filter = percentEncoded(#"{"label":["ide-init.owner"]}"#)
        let networks = try await look("/networks?filters=\(filter)", doing)
        var states: [String: ContainerState] = [:]
        for item in containers?.items ?? [] {
            // Links of others lead to it as /OTHER/ALIAS.
            let names = item["Names"]?.items.compactMap { $0.string?.dropFirst() } ?? []
            guard let name = names.first(where: { !$0.contains("/") }) else { continue }
            states[String(name)] = ContainerState(
                image: item["ImageID"]?.string ?? "", labels: item["Labels"]?.strings ?? [:],
                status: item["State"]?.string.flatMap(ContainerState.Status.init) ?? .dead,
                networks: Set(item["NetworkSettings"]?["Networks"]?.members.map(\.key) ?? []),
                networkMode: item["HostConfig"]?["NetworkMode"]?.string ?? "")
        }
        var labels: [String: [String: String]] = [:]
        for item in networks?.items ?? [] {
            guard let name = item["Name"]?.string else { continue }
            labels[name] = item["Labels"]?.strings ?? [:]
        }
        return OwnedByUs(states, networks: labels)
    }
}
