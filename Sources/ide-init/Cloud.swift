// AWS as a command sees it: one way out, one set of credentials, made when the first call needs them.

import Glibc
import InitAWS
import InitCore
import InitLinux

/// What the command line, ours or cfn-init's, says about AWS.
struct CloudSettings: Sendable {
    /// Whose orders and defaults hold.
    enum Manner: Sendable {
        /// The SDKs': environment, shared files, container, the instance's role; the region wherever it is named.
        case standard
        /// cfn-init's: what is given or nothing, and us-east-1.
        case original
    }

    var manner = Manner.standard
    var region: String?
    var url: String?
    var credentials = CredentialOptions()
    var httpProxy: String?
    var httpsProxy: String?
}

final class Cloud: Sendable {
    let metadata: InstanceMetadata
    let transport: HTTPTransport
    private let settings: CloudSettings
    private let environment: @Sendable (String) -> String?
    let patience: Patience
    private let clocks: AWSSession.Clocks
    private let learned: @Sendable (Secret) -> Void
    private let waiting: @Sendable (String) -> Void
    private let general = Once<AWSSession>()
    private let forStacks = Once<AWSSession>()

    /// - Parameters:
    ///   - stop: nil: calls go on whatever becomes of the run (its end is to be told).
    ///   - waiting: told why a call takes its time.
    ///   - learned: told of each secret.
    init(
        _ settings: CloudSettings, environment: @escaping @Sendable (String) -> String?, patience: Patience,
        stop: StopSwitch?, waiting: @escaping @Sendable (String) -> Void,
        learned: @escaping @Sendable (Secret) -> Void = { _ in }
    ) {
        self.settings = settings
        self.environment = environment
        self.patience = patience
        self.learned = learned
        self.waiting = waiting
        let sleep: @Sendable (Double) async -> Void = { seconds in
            if let stop { await stop.sleep(seconds) } else { try? await Task.sleep(for: .seconds(seconds)) }
        }
        clocks = AWSSession.Clocks(now: { secondsSince1970() }, steady: monotonicSeconds, sleep: sleep)
        transport = HTTPTransport(
            proxies: Proxies(environment: environment, http: settings.httpProxy, https: settings.httpsProxy),
            environment: environment, stopReason: { stop?.stopReason })
        metadata = InstanceMetadata(
            transport: transport, environment: environment, sleep: sleep, clock: monotonicSeconds)
    }

    /// This machine in marks that outlast a run.
    @Sendable func machine() async throws -> String {
        try await metadata.machineName { try stateFile(at: "/etc/machine-id", root: Root()) }
    }

    /// For all but CloudFormation.
    func session() async throws -> AWSSession { try await general.value { try await self.makeSession() } }

    func cloudFormation() async throws -> CloudFormation {
        guard settings.manner == .original else { return CloudFormation(try await session()) }
        let session = try await forStacks.value {
            self.session(self.settings.region ?? "us-east-1", self.settings.credentials.given(self.metadata))
        }
        return CloudFormation(session)
    }

    /// Where this machine is, by what it was told, else by what it knows of itself.
    func region() async throws -> String {
        if let region = settings.region { return region }
        if let region = settings.credentials.region(environment) { return region }
        do {
            return try await metadata.region()
        } catch let error as InstanceMetadata.Unavailable {
            if settings.manner == .original { return "us-east-1" }
            throw Failure(.usage, "no region is named; add --region (instance metadata: \(error.why))")
        }
    }

    var waitConditionTransport: WaitConditionTransport {
        WaitConditionTransport(transport, patience: patience, clocks: clocks)
    }

    private func makeSession() async throws -> AWSSession {
        session(
            try await region(),
            settings.credentials.standard(metadata, transport: transport, environment: environment))
    }

    private func session(_ region: String, _ sources: [CredentialSource]) -> AWSSession {
        AWSSession(
            region: region, credentials: CredentialStore(sources, now: clocks.now, learned: learned),
            metadata: metadata,
            endpoints: Endpoints(
                environment: environment, urls: settings.url.map { [.cloudformation: $0] } ?? [:]),
            transport: transport, patience: patience, clocks: clocks, waiting: waiting)
    }
}

extension Patience {
    /// A boot waits; a role that a stack has just made becomes known within seconds.
    static func applying() -> Patience {
        var uptime = timespec()
        clock_gettime(CLOCK_BOOTTIME, &uptime)
        return uptime.tv_sec < 900 ? Patience(total: 600, settling: 20) : Patience(total: 120, settling: 4)
    }
    /// A person waits.
    static let planning = Patience(total: 20, settling: 0)
    /// The next pass comes anyway.
    static let watching = Patience(total: 60, settling: 0)
    /// Somebody has to be told, and soon the machine may be gone.
    static let signalling = Patience(total: 120, settling: 20)
}

func secondsSince1970() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}
