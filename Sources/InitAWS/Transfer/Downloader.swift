// Fetches files over http and https: streamed to an open file, tried again where trying helps, checked against their sum.

import AsyncHTTPClient
import Crypto
import Glibc
package import InitCore
import NIOCore
import NIOHTTP1

package final class Downloader: Sendable {
    /// As the original; each waits longer than the one before.
    private static let attempts = 5

    private static let mostRedirects = 10

    private let transport: HTTPTransport
    private let sleep: @Sendable (Double) async -> Void
    private let stopReason: @Sendable () -> Failure?

    package init(
        transport: HTTPTransport, sleep: @escaping @Sendable (Double) async -> Void,
        stopReason: @escaping @Sendable () -> Failure?
    ) {
        self.transport = transport
        self.sleep = sleep
        self.stopReason = stopReason
    }

    /// Replaces the content of the file by the download's body.
    /// - Throws: `Failure` of kind `.network`, or `.refused` when the sum is another one.
    package func fetch(_ download: Download, into file: Int32) async throws {
        var attempt = 0
        while true {
            if let reason = stopReason() { throw reason }
            do {
                return try await transport.heedingStop { try await self.fetchOnce(download, file) }
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

    private func fetchOnce(_ download: Download, _ file: Int32) async throws {
        guard ftruncate(file, 0) == 0, lseek(file, 0, SEEK_SET) == 0 else { throw Unwritable(code: errno) }
        let response = try await response(to: download)
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

    private func response(to download: Download) async throws -> HTTPClientResponse {
        var call = HTTPCall("GET", download.plainURL)
        if let credentials = download.userInfo {
            let text = "\(credentials.user):\(credentials.password)"
            call.headers = [(name: "Authorization", value: "Basic \(base64(Array(text.utf8)))")]
        }
        for _ in 0..<Self.mostRedirects {
            let response = try await transport.open(call)
            guard (300..<400).contains(response.status.code), let location = response.headers.first(name: "Location"),
                let here = URLParts(call.url)
            else { return response }
            let next = here.resolving(location)
            // What was meant for one host is none of another's business.
            if URLParts(next)?.authority != here.authority { call.headers = [] }
            call.url = next
        }
        throw Failure(.network, "\(download.shownURL) leads from one address to the next without end")
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
        default:
            let trouble = Trouble(error)
            return (trouble.message, trouble.isFinal)
        }
    }
}
