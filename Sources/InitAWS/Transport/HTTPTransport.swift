// The way out: http and https, directly or by proxy, with the CA certificates that the host or the command line names.

import AsyncHTTPClient
package import InitCore
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// One request, small enough to be kept in memory.
package struct HTTPCall: Sendable {
    package var method: String
    package var url: String
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(_ method: String, _ url: String, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

package struct HTTPAnswer: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
    package var text: String { String(decoding: body, as: UTF8.self) }
}

/// Made without cost; a client starts with the first request that needs it and lives until the process ends.
package final class HTTPTransport: Sendable {
    /// Which of the clients: they differ in what is fixed for a client's life.
    struct Route: Hashable {
        /// A host that is sought elsewhere than at its name's address.
        struct Address: Hashable {
            let name: String
            let host: String
        }

        var proxy: String?
        /// Milliseconds that a connection may take.
        var connectTimeout: Int64
        /// No second connection when the first one fails.
        var triesOnce = false
        /// Any certificate will do.
        var trustsAnybody = false
        var address: Address?
    }

    private struct Clients {
        var loops: MultiThreadedEventLoopGroup?
        var byRoute: [Route: HTTPClient] = [:]
    }

    /// A larger answer is no answer of an API.
    package static let largestAnswer = 64 << 20

    private let clients = Mutex(Clients())
    private let proxies: Proxies
    private let environment: @Sendable (String) -> String?
    private let stopReason: @Sendable () -> Failure?
    /// Seconds of silence after which a connection counts as lost.
    private let longestSilence: Double

    /// - Parameter proxies: from the command line and the environment.
    package init(
        proxies: Proxies, environment: @escaping @Sendable (String) -> String?,
        stopReason: @escaping @Sendable () -> Failure?, longestSilence: Double = 60
    ) {
        self.longestSilence = longestSilence
        self.proxies = proxies
        self.environment = environment
        self.stopReason = stopReason
    }

    deinit {
        clients.withLock { clients in
            for client in clients.byRoute.values { try? client.syncShutdown() }
            try? clients.loops?.syncShutdownGracefully()
        }
    }

    /// The whole answer, whatever its status. Redirects aren't followed.
    /// - Parameters:
    ///   - seconds: for all of it.
    ///   - goesDirectly: past any proxy (instance metadata).
    ///   - limit: bytes that the body may have.
    /// - Throws: what kept an answer from arriving; the run's stop reason.
    package func send(
        _ call: HTTPCall, within seconds: Double, connectingWithin connect: Double = 10, goesDirectly: Bool = false,
        upTo limit: Int = largestAnswer
    ) async throws -> HTTPAnswer {
        let client = try client(for: call.url, connect: connect, goesDirectly: goesDirectly)
        let request = Self.request(call)
        let deadline = NIODeadline.now() + .milliseconds(Int64(seconds * 1000))
        return try await heedingStop {
            let response = try await client.execute(request, deadline: deadline)
            let body = try await response.body.collect(upTo: limit)
            return HTTPAnswer(
                status: Int(response.status.code), headers: response.headers.map { ($0.name, $0.value) },
                body: Array(body.readableBytesView))
        }
    }

    /// The answer's head, with its body still to come.
    func open(_ call: HTTPCall) async throws -> HTTPClientResponse {
        let client = try client(for: call.url, connect: 10, goesDirectly: false)
        return try await client.execute(Self.request(call), deadline: .distantFuture)
    }

    private static func request(_ call: HTTPCall) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: call.url)
        request.method = HTTPMethod(rawValue: call.method)
        for (name, value) in call.headers { request.headers.add(name: name, value: value) }
        if !request.headers.contains(name: "User-Agent") { request.headers.add(name: "User-Agent", value: "ide-init") }
        if !call.body.isEmpty || call.method == "POST" || call.method == "PUT" { request.body = .bytes(call.body) }
        return request
    }

    func heedingStop<Result: Sendable>(_ work: @escaping @Sendable () async throws -> Result) async throws -> Result {
        try await heeding(stopReason, work)
    }

    // MARK: Clients

    private func client(for url: String, connect: Double, goesDirectly: Bool) throws -> HTTPClient {
        let proxy = goesDirectly ? nil : proxies.proxy(for: url)
        return try client(Route(proxy: proxy, connectTimeout: Int64(connect * 1000)))
    }

    func client(_ route: Route) throws -> HTTPClient {
        try clients.withLock { clients in
            if let client = clients.byRoute[route] { return client }
            let loops = clients.loops ?? MultiThreadedEventLoopGroup(numberOfThreads: 1)
            var configuration = HTTPClient.Configuration()
            configuration.timeout = .init(
                connect: .milliseconds(route.connectTimeout), read: .milliseconds(Int64(longestSilence * 1000)))
            // Who calls tries again, and knows why.
            configuration.connectionPool.retryConnectionEstablishment = false
            configuration.redirectConfiguration = .disallow
            configuration.httpVersion = .http1Only
            configuration.proxy = try route.proxy.map(Proxies.configuration)
            configuration.tlsConfiguration = try tls()
            configuration.connectionPool.retryConnectionEstablishment = !route.triesOnce
            if let address = route.address { configuration.dnsOverride = [address.name: address.host] }
            if route.trustsAnybody {
                var tls = configuration.tlsConfiguration ?? .makeClientConfiguration()
                tls.certificateVerification = .none
                configuration.tlsConfiguration = tls
            }
            let client = HTTPClient(eventLoopGroup: loops, configuration: configuration)
            clients.loops = loops
            clients.byRoute[route] = client
            return client
        }
    }

    /// Nil: the system's certificates. The variables are cfn-init's own, the AWS CLI's, and those of Python's requests and curl,
    /// which the original heeds.
    private func tls() throws -> TLSConfiguration? {
        let override = environment("CA_OVERRIDE") ?? "/etc/cfn/ca-override.pem"
        let named = ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"].lazy.compactMap(environment).first {
            !$0.isEmpty
        }
        guard let path = named ?? (isReadable(override) ? override : nil) else { return nil }
        guard isReadable(path) else {
            throw Failure(.usage, "the CA certificates are to be in \(path), which can't be read")
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(path)
        return configuration
    }
}
