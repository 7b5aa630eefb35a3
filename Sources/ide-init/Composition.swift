// Where the live parts are put together. Nothing is made here that the command at hand doesn't use.

import Glibc
import InitAWS
import InitCore
import InitDocker
import InitLinux

struct Composition: Sendable {
    var root = Root()
    let terminal: Terminal
    let stop: StopSwitch
    let cloud: Cloud
    /// A dry run that asks nobody for the values of references.
    var isOffline = false
    var runGuard: RunGuard?

    static let environment: @Sendable (String) -> String? = { name in getenv(name).map { String(cString: $0) } }

    /// The metadata document's bytes from a file, or `-` for standard input.
    static func read(_ source: String) throws -> [UInt8] {
        let descriptor = source == "-" ? 0 : open(source, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(.usage, "\(source): \(String(cString: strerror(errno)))") }
        defer { if descriptor != 0 { close(descriptor) } }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure(.usage, "\(source): \(String(cString: strerror(errno)))") }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= JSONParser.largestDocument else {
                throw Failure(.invalidDocument, "\(source) is larger than \(JSONParser.largestDocument >> 20) MiB")
            }
        }
    }

    func host(mode: Report.Mode, runsTests: Bool, scrubber: Scrubber) -> Host {
        let cloud = cloud
        let downloader = Downloader(
            transport: cloud.transport, session: { try await cloud.session() },
            sleep: { [stop] in await stop.sleep($0) },
            stopReason: { [stop] in stop.stopReason })
        let references = ReferenceResolver(
            session: { try await cloud.session() }, credentialsWithin: mode == .plan ? Self.planPatience : nil,
            learned: { scrubber.add($0) })
        let docker = docker(scrubber)
        var host = LinuxHost(
            root: root, scrubber: scrubber, stop: stop, runGuard: runGuard, isRehearsal: mode == .plan,
            runsTests: mode == .apply || runsTests,
            fetch: downloader.fetch,
            resolve: { [isOffline] in isOffline ? nil : try await references.resolve($0) },
            prefetch: { [isOffline] in if !isOffline { references.prefetch($0, again: $1) } },
            askHTTP: HTTPProbe(cloud.transport).ask,
            docker: docker.probe(isOffline: isOffline), performDocker: { try await docker.perform($0, onHost: $1) })
        if root.isHost { host.zones = zones(mode) }
        return host.host
    }

    /// Dialled when it is first asked.
    private func docker(_ scrubber: Scrubber) -> DockerEngine {
        let cloud = cloud
        let reason: @Sendable () -> Failure? = { [stop] in stop.stopReason }
        return DockerEngine(
            socket: DockerSocket(host: Self.environment("DOCKER_HOST"), stopReason: reason),
            ecrLogin: { registry in
                let login = try await ECR(try await cloud.session()).login(registry)
                scrubber.add(login.password)
                return login
            }, stopReason: reason, sleep: { [stop] in await stop.sleep($0) }, progress: terminal.waiting)
    }

    private func zones(_ mode: Report.Mode) -> (DNSProbe, @Sendable (DNSChange) async throws -> StepResult) {
        let cloud = cloud
        let zones = HostedZones(
            session: { try await cloud.session() }, instance: cloud.machine,
            credentialsWithin: mode == .plan ? Self.planPatience : nil,
            patience: max(Self.spreading, cloud.patience.total),
            sleep: { [stop] in await stop.sleep($0) }, stopReason: { [stop] in stop.stopReason },
            clock: monotonicSeconds)
        var probe = zones.probe
        if isOffline { probe.listing = { _, _ in .unasked } }
        return (probe, zones.perform)
    }

    /// Seconds that a change of a zone may take until it is everywhere; mostly it is less than one minute.
    private static let spreading = 120.0
    /// Seconds in which credentials must answer, or a plan goes on without the values of references.
    private static let planPatience = 2.0
}
