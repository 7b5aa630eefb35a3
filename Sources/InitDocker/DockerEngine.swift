// This machine's Docker Engine: what Core asks of it and has done by it.

package import InitCore
import Synchronization

package final class DockerEngine: Sendable {
    /// User name and password for a registry of Amazon ECR.
    package typealias ECRLogin = @Sendable (ECRName) async throws -> (user: String, password: Secret)

    let socket: DockerSocket
    let ecrLogin: ECRLogin
    let stopReason: @Sendable () -> Failure?
    let sleep: @Sendable (Double) async -> Void
    /// Told of what takes its time: a pull's progress.
    let progress: @Sendable (String) -> Void
    /// Seconds for which a container without a health check has to run.
    let settling: Double
    let subnets = SubnetAllotment()
    let owners = ImageOwners()
    let logins = RegistryTokens()

    package init(
        socket: DockerSocket, ecrLogin: @escaping ECRLogin, stopReason: @escaping @Sendable () -> Failure?,
        sleep: @escaping @Sendable (Double) async -> Void, progress: @escaping @Sendable (String) -> Void,
        settling: Double = 2
    ) {
        self.socket = socket
        self.ecrLogin = ecrLogin
        self.stopReason = stopReason
        self.sleep = sleep
        self.progress = progress
        self.settling = settling
    }

    /// - Parameter isOffline: a dry run that asks no registry.
    package func probe(isOffline: Bool) -> DockerProbe {
        DockerProbe(
            container: { try await self.state(of: $0) },
            image: { try await self.image($0) },
            publishedDigest: { isOffline ? nil : try await self.publishedDigest($0, $1) },
            network: { try await self.network($0) },
            owned: { try await self.owned() },
            oldestAPI: { try await self.oldestAPI() })
    }

    /// - Parameter onHost: for the directories and files that are mounted into containers.
    package func perform(
        _ action: DockerAction, onHost: @escaping @Sendable (Step) async throws -> StepResult
    ) async throws -> StepResult {
        switch action {
        case .pull(let image, let login): return StepResult(changed: try await pull(image, login))
        case .createNetwork(let wish): try await create(wish)
        case .bring(let wish): try await Replacement(engine: self, wish: wish, onHost: onHost).bring()
        case .connect(let container, let networks):
            for network in networks { try await connect(container, to: network, alias: nil) }
        case .remove(let containers, let networks):
            try await remove(containers: containers, networks: networks, onHost: onHost)
        }
        return StepResult(changed: true)
    }

    // MARK: Calls

    /// - Parameters:
    ///   - doing: for a failure: `container dev-1 can't be started`.
    ///   - statuses: that are no failure, beside those from 200 to 299.
    @discardableResult
    func call(
        _ method: String, _ path: String, _ body: JSONValue? = nil, headers: [(String, String)] = [],
        within seconds: Double = DockerSocket.patience, accepting statuses: Set<Int> = [], failing doing: String
    ) async throws -> DockerAnswer {
        let answer = try await socket.call(method, path, body, headers: headers, within: seconds)
        guard (200..<300).contains(answer.status) || statuses.contains(answer.status) else {
            throw Failure(.host, "\(doing): Docker says: \(answer.message)")
        }
        return answer
    }

    /// Nil: 404.
    func look(_ path: String, _ doing: String) async throws -> JSONNode? {
        let answer = try await call("GET", path, accepting: [404], failing: doing)
        return answer.status == 404 ? nil : try answer.json()
    }

    private func oldestAPI() async throws -> String {
        try await look("/version", "Docker's version can't be asked for")?["MinAPIVersion"]?.string ?? "1.12"
    }
}
