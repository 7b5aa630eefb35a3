// Fetches files over http and https: streamed to an open file, tried again where trying helps, checked against their sum.

import AsyncHTTPClient
import Crypto
import Glibc
package import InitCore
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Made without cost; the client behind it starts with the first download and lives until the process ends.
package final class Downloader: Sendable {
    /// As the original; each waits longer than the one before.
    private static let attempts = 5

    private struct Clients {
        var loops: MultiThreadedEventLoopGroup?
        /// By proxy; the empty one goes directly.
        var byProxy: [String: HTTPClient] = [:]
    }

    private let clients = Mutex(Clients())
    private let proxies: Proxies
    private let sleep: @Sendable (Double) async -> Void
    private let stopReason: @Sendable () -> Failure?

    package init(
        environment: @escaping @Sendable (String) -> String?, sleep: @escaping @Sendable (Double) async -> Void,
        stopReason: @escaping @Sendable () -> Failure?
    ) {
        proxies = Proxies(environment: environment)
        self.sleep = sleep
        self.stopReason = stopReason
    }

    deinit {
        clients.withLock { clients in
            for client in clients.byProxy.values { try? client.syncShutdown() }
            try? clients.loops?.syncShutdownGracefully()
        }
    }

    /// Replaces the content of the file by the download's body.
    /// - Throws: `Failure` of kind `.network`, or `.refused` when the sum is another one.
    package func fetch(_ download: Download, into file: Int32) async throws {
        var attempt = 0
        while true {
            if let reason = stopReason() { throw reason }
            do {
                return try await heedingStop { try await self.fetchOnce(download, file) }
            } catch let failure as Failure where failure.kind == .refused {
                throw failure
            } catch {
                attempt += 1
                let (message, isFinal) = Self.explain(error)
                guard !isFinal, attempt < Self.attempts else {
                    let tried = attempt > 1 ? " (tried \(attempt) times)" : ""
                    throw Failure(.network, "\(download.shownURL) can't be fetched: \(message)\(tried)")
                }
                await sleep(Double.random(in: 0...1) * min(20, Double(1 << attempt) - 1))
            }
        }
    }

    /// Ends the work when the run is told to stop, even while a server is silent.
    private func heedingStop(_ work: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await work() }
            group.addTask { [stopReason] in
                while true {
                    try await Task.sleep(for: .milliseconds(100))
                    if let reason = stopReason() { throw reason }
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func fetchOnce(_ download: Download, _ file: Int32) async throws {
        guard ftruncate(file, 0) == 0, lseek(file, 0, SEEK_SET) == 0 else { throw Unwritable(code: errno) }
        var request = HTTPClientRequest(url: download.plainURL)
        request.headers.add(name: "User-Agent", value: "ide-init")
        if let credentials = download.userInfo {
            request.setBasicAuth(username: credentials.user, password: credentials.password)
        }
        let response = try await client(for: download).execute(request, deadline: .distantFuture)
        guard response.status.code == 200 else { throw UnwelcomeStatus(status: response.status) }
        var hash = SHA256()
        for try await buffer in response.body {
            try buffer.withUnsafeReadableBytes { bytes in
                hash.update(bufferPointer: bytes)
                try Self.write(bytes, to: file)
            }
        }
        let sum = hexadecimal(hash.finalize())
        if let wanted = download.sha256, wanted != sum {
            throw Failure(
                .refused,
                "\(download.shownURL) has the SHA-256 sum \(sum), and \(wanted) is wanted: it was replaced, or the document's sum is old"
            )
        }
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to file: Int32) throws {
        var rest = bytes
        while rest.count > 0 {
            let count = Glibc.write(file, rest.baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw Unwritable(code: errno)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    // MARK: What may go wrong

    private struct UnwelcomeStatus: Error { let status: HTTPResponseStatus }
    private struct Unwritable: Error { let code: Int32 }

    /// In words, and whether trying again is of no use.
    private static func explain(_ error: any Error) -> (String, isFinal: Bool) {
        switch error {
        case let failure as Failure: return (failure.message, true)
        case let error as Unwritable:
            return ("what arrives can't be written: " + String(cString: strerror(error.code)), true)
        case let error as UnwelcomeStatus:
            let code = error.status.code
            let isFinal = code < 500 && code != 404 && code != 408 && code != 429
            return ("the server answers \(code) \(error.status.reasonPhrase)", isFinal)
        case let error as HTTPClientError:
            return ("\(error)", [.invalidURL, .emptyScheme, .emptyHost].contains(error))
        default:
            let text = "\(error)"
            let bundles = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]
            let hasBundle = bundles.contains { bundle in access(bundle, R_OK) == 0 }
            return (
                text + (text.contains("SSL") && !hasBundle ? " (no CA certificates are installed here)" : ""), false
            )
        }
    }

    // MARK: Client

    private func client(for download: Download) -> HTTPClient {
        let proxy = proxies.proxy(for: download.plainURL) ?? ""
        return clients.withLock { clients in
            if let client = clients.byProxy[proxy] { return client }
            let loops = clients.loops ?? MultiThreadedEventLoopGroup(numberOfThreads: 1)
            var configuration = HTTPClient.Configuration()
            configuration.timeout = .init(connect: .seconds(10), read: .seconds(60))
            configuration.redirectConfiguration = .follow(max: 10, allowCycles: false)
            configuration.proxy = proxy.isEmpty ? nil : Proxies.configuration(proxy)
            let client = HTTPClient(eventLoopGroup: loops, configuration: configuration)
            clients.loops = loops
            clients.byProxy[proxy] = client
            return client
        }
    }
}
