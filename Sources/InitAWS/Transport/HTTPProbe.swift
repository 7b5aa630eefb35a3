// Asks a server once whether it is ready. Each time by a connection of its own: a kept one may lead to a process that is on its
// way out. Never by a proxy.

import AsyncHTTPClient
package import InitCore
import NIOCore
import NIOHTTP1

package struct HTTPProbe: Sendable {
    private let transport: HTTPTransport

    package init(_ transport: HTTPTransport) { self.transport = transport }

    /// - Parameter within: seconds, for all of it.
    @Sendable package func ask(_ check: HTTPCheck, within seconds: Double) async -> CheckAnswer {
        do {
            return try await transport.heedingStop { try await limited(to: seconds) { try await answer(check) } }
        } catch {
            let trouble = Trouble(error)
            return trouble.isFinal ? .wrong(trouble.message) : .notYet(trouble.message)
        }
    }

    private func answer(_ check: HTTPCheck) async throws -> CheckAnswer {
        guard let url = URLParts(check.url) else { throw HTTPClientError.invalidURL }
        var target = url
        var route = HTTPTransport.Route(connectTimeout: Self.connectTimeout)
        route.triesOnce = true
        // What serves here shows the certificate of the name that it is known by outside.
        route.trustsAnybody = check.socket != nil || Self.isLoopback(url.host)
        if let socket = check.socket {
            target.scheme = "\(url.scheme)+unix"
            target.authority = percentEncoded(socket)
        } else if let host = check.host, !Self.isAddress(URLParts("http://\(host)")?.host ?? host) {
            // Asked for by its name, server name indication included, and sought at the URL's address.
            let name = host.prefix { $0 != ":" }.lowercased()
            route.address = HTTPTransport.Route.Address(name: name, host: url.host.filter { $0 != "[" && $0 != "]" })
            target.authority = name + url.authority.dropFirst(url.host.count)
        }
        var request = HTTPClientRequest(url: target.text)
        request.headers.add(name: "Host", value: check.host ?? url.authority)
        request.headers.add(name: "User-Agent", value: "ide-init")
        request.headers.add(name: "Connection", value: "close")
        let response = try await transport.client(route).execute(request, deadline: .distantFuture)
        var body: [UInt8] = []
        if check.body != nil, check.takes(Int(response.status.code)) {
            for try await piece in response.body {
                body += piece.readableBytesView.prefix(HTTPCheck.longestBody - body.count)
                if body.count == HTTPCheck.longestBody { break }
            }
        }
        return check.answer(Int(response.status.code), response.status.reasonPhrase, body: body)
    }

    /// Milliseconds; the whole try has its own limit.
    private static let connectTimeout: Int64 = 10_000

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "[::1]" || host.hasPrefix("127.") && isAddress(host)
    }

    private static func isAddress(_ host: String) -> Bool {
        host.hasPrefix("[") || host.allSatisfy { $0 == "." || $0.isASCII && $0.isNumber }
    }
}

/// Ends the work when its time is up.
private func limited<Result: Sendable>(
    to seconds: Double, _ work: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask { try await work() }
        group.addTask {
            try await Task.sleep(for: .seconds(seconds))
            throw HTTPClientError.deadlineExceeded
        }
        defer { group.cancelAll() }
        guard let result = try await group.next() else { throw CancellationError() }
        return result
    }
}
