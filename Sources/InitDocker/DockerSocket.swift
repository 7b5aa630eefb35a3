// The Docker Engine API over its Unix socket. Nothing is dialled before the first call; the version is negotiated by it.
// https://docs.docker.com/reference/api/engine/

import AsyncHTTPClient
package import InitCore
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

package struct DockerAnswer: Sendable {
    package let status: Int
    package let body: [UInt8]
    let headers: [(name: String, value: String)]

    /// - Throws: `Failure` where the daemon doesn't speak JSON.
    func json() throws -> JSONNode {
        do {
            return JSONNode(try JSONParser.parse(body, name: "Docker's answer").value)
        } catch {
            throw Failure(.network, "what answers at Docker's socket isn't the Docker Engine: its answer is no JSON")
        }
    }

    /// The daemon's own words for why it refuses.
    var message: String {
        if let text = (try? json())?["message"]?.string { return text.trimmingBlanks() }
        return body.isEmpty ? "status \(status)" : String(decoding: body.prefix(400), as: UTF8.self).trimmingBlanks()
    }
}

package final class DockerSocket: Sendable {
    /// Where the daemon listens unless `DOCKER_HOST` says otherwise.
    package static let standardPath = "/var/run/docker.sock"
    /// What we speak: everything used here is in 1.40 (Docker 19.03) and means the same in 1.52.
    static let oldest = APIVersion(1, 40)
    static let newest = APIVersion(1, 52)
    /// Calls at once; more only wait inside the daemon.
    static let mostAtOnce = 16
    /// Seconds for an ordinary call: a daemon that is busy with a hundred starts answers late, and one that hangs never.
    static let patience = 120.0

    private struct Inside {
        var loops: MultiThreadedEventLoopGroup?
        var client: HTTPClient?
    }

    package let path: String
    private let refusal: Failure?
    private let inside = Mutex(Inside())
    private let stopReason: @Sendable () -> Failure?
    private let version = Once<APIVersion>()
    /// Before the client, whose own queue gives up after the time for connecting.
    private let slots = Slots(mostAtOnce)

    package init(path: String, stopReason: @escaping @Sendable () -> Failure?) {
        self.path = path
        refusal = nil
        self.stopReason = stopReason
    }

    /// - Parameter host: `DOCKER_HOST`. With a daemon that isn't on this machine each call fails: what is mounted into containers
    ///   is here.
    package init(host: String?, stopReason: @escaping @Sendable () -> Failure?) {
        let isLocal = host?.hasPrefix("unix:///") ?? false
        path = isLocal ? String((host ?? "").dropFirst("unix://".count)) : Self.standardPath
        refusal =
            isLocal || host?.isEmpty ?? true
            ? nil
            : Failure(
                .usage,
                "DOCKER_HOST is \(host ?? ""); containers are made by this machine's own Docker only, so unix:///PATH is wanted, or nothing"
            )
        self.stopReason = stopReason
    }

    deinit {
        inside.withLock { inside in
            try? inside.client?.syncShutdown()
            try? inside.loops?.syncShutdownGracefully()
        }
    }

    // MARK: Calls

    /// One call, whatever its status. Not cut off by the run's stop: what was begun is seen to its end or undone.
    /// - Parameter path: behind the version, with its query.
    func call(
        _ method: String, _ path: String, _ body: JSONValue? = nil, headers: [(String, String)] = [],
        within seconds: Double = patience, upTo limit: Int = 64 << 20
    ) async throws -> DockerAnswer {
        try await send(method, "/v\(try await negotiated())\(path)", body, headers, within: seconds, upTo: limit)
    }

    /// The body of a call as it comes. Ends early when the run is told to stop.
    /// - Parameter take: gets each line.
    func lines(
        _ method: String, _ path: String, headers: [(String, String)] = [],
        take: @escaping @Sendable (_ line: [UInt8]) throws -> Void
    ) async throws -> DockerAnswer {
        let url = url("/v\(try await negotiated())\(path)")
        let request = Self.request(method, url, nil, headers)
        return try await heeding(stopReason) { [self] in
            try await told(path) {
                let response = try await client().execute(request, deadline: .distantFuture)
                let status = Int(response.status.code)
                let headers = response.headers.map { (name: $0.name, value: $0.value) }
                guard status == 200 else {
                    let body = try await response.body.collect(upTo: 1 << 20)
                    return DockerAnswer(status: status, body: Array(body.readableBytesView), headers: headers)
                }
                var line: [UInt8] = []
                for try await piece in response.body {
                    for byte in piece.readableBytesView {
                        if byte == UInt8(ascii: "\n") {
                            try take(line)
                            line = []
                        } else {
                            line.append(byte)
                        }
                    }
                }
                if !line.isEmpty { try take(line) }
                return DockerAnswer(status: status, body: [], headers: headers)
            }
        }
    }

    private func send(
        _ method: String, _ path: String, _ body: JSONValue?, _ headers: [(String, String)], within seconds: Double,
        upTo limit: Int
    ) async throws -> DockerAnswer {
        let request = Self.request(method, url(path), body, headers)
        return try await told(path) {
            try await slots.take {
                let response = try await client().execute(
                    request, deadline: .now() + .milliseconds(Int64(seconds * 1000)))
                let body = try await response.body.collect(upTo: limit)
                return DockerAnswer(
                    status: Int(response.status.code), body: Array(body.readableBytesView),
                    headers: response.headers.map { ($0.name, $0.value) })
            }
        }
    }

    private func url(_ path: String) -> String { "http+unix://\(percentEncoded(self.path))\(path)" }

    private static func request(
        _ method: String, _ url: String, _ body: JSONValue?, _ headers: [(String, String)]
    ) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url)
        request.method = HTTPMethod(rawValue: method)
        request.headers.add(name: "Host", value: "docker")
        request.headers.add(name: "User-Agent", value: "ide-init")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(Array(body.pythonText.utf8))
        }
        return request
    }

    // MARK: The version

    /// The newest that both know.
    package func negotiated() async throws -> APIVersion {
        if let refusal { throw refusal }
        return try await version.value { [self] in
            let answer = try await send("GET", "/_ping", nil, [], within: 30, upTo: 1 << 16)
            let told = answer.headers.first { $0.name.lowercased() == "api-version" }.flatMap { APIVersion($0.value) }
            guard answer.status == 200, let daemon = told else {
                throw Failure(
                    .network,
                    "what answers at \(path) isn't the Docker Engine: \(answer.status), without an API version")
            }
            guard daemon >= Self.oldest else {
                throw Failure(
                    .host,
                    "Docker speaks version \(daemon) of its API, and \(Self.oldest) is the oldest that is known here; update Docker to 19.03 or later"
                )
            }
            return min(daemon, Self.newest)
        }
    }

    // MARK: Troubles

    private func told<Result: Sendable>(_ path: String, _ work: () async throws -> Result) async throws -> Result {
        do {
            return try await work()
        } catch let failure as Failure {
            throw failure
        } catch let error as IOError {
            throw unreachable(error.errnoCode)
        } catch let error as NIOConnectionError {
            if let error = error.connectionErrors.last?.error as? IOError { throw unreachable(error.errnoCode) }
            throw Failure(.network, "Docker can't be reached at \(self.path): \(error)")
        } catch let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout {
            throw Failure(.timedOut, "Docker gives no answer to \(path.prefix { $0 != "?" }); see journalctl -u docker")
        } catch let error as HTTPClientError where error == .remoteConnectionClosed {
            throw Failure(.network, "Docker closed the connection in the middle of an answer; was it restarted?")
        } catch let error as CancellationError {
            throw error
        } catch {
            throw Failure(.network, "Docker, at \(self.path): \(error)")
        }
    }

    private func unreachable(_ code: Int32) -> Failure { Failure.unreachableDocker(at: path, errno: code) }

    private func client() -> HTTPClient {
        inside.withLock { inside in
            if let client = inside.client { return client }
            let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            var configuration = HTTPClient.Configuration()
            // A pull goes on as long as anything comes.
            configuration.timeout = .init(connect: .seconds(10), read: .minutes(10))
            configuration.connectionPool.retryConnectionEstablishment = false
            configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = Self.mostAtOnce * 3
            configuration.redirectConfiguration = .disallow
            configuration.httpVersion = .http1Only
            let client = HTTPClient(eventLoopGroup: loops, configuration: configuration)
            inside.loops = loops
            inside.client = client
            return client
        }
    }
}
