// Fetches files over http and https and from S3: streamed to an open file, gone on with after a break, checked.

import AsyncHTTPClient
import Glibc
package import InitCore
import NIOCore
import NIOHTTP1
import Synchronization

package final class Downloader: Sendable {
    /// Without a byte of progress; as the original, each waits longer than the one before.
    private static let attempts = 5
    /// AWS throttles, and says so.
    private static let signedAttempts = 10
    private static let mostRedirects = 10
    /// Bytes of an error's text.
    private static let largestError = 1 << 16

    private let transport: HTTPTransport
    private let session: @Sendable () async throws -> AWSSession
    private let sleep: @Sendable (Double) async -> Void
    private let stopReason: @Sendable () -> Failure?
    private let regions = BucketRegions()
    /// Sessions that sign by a role's keys, by its name.
    private let roles = Mutex<[String: AWSSession]>([:])

    /// - Parameter session: asked for when something is to be signed.
    package init(
        transport: HTTPTransport, session: @escaping @Sendable () async throws -> AWSSession,
        sleep: @escaping @Sendable (Double) async -> Void, stopReason: @escaping @Sendable () -> Failure?
    ) {
        self.transport = transport
        self.session = session
        self.sleep = sleep
        self.stopReason = stopReason
    }

    /// Replaces the content of the file by the download's body.
    /// - Throws: `Failure` of kind `.network`, or `.refused` when the sum is another one.
    package func fetch(_ download: Download, into file: Int32) async throws {
        if let reason = stopReason() { throw reason }
        try await transport.heedingStop { try await self.transfer(download, file) }
    }

    private func transfer(_ download: Download, _ file: Int32) async throws {
        let session = try await session(for: download)
        var body = ArrivedBody(file: file)
        var attempt = 0
        while true {
            let before = body.furthest
            do {
                try await arrive(&body, download, session)
                return try check(&body, download)
            } catch let failure as Failure where failure.kind == .refused || failure.kind == .stopped {
                throw failure
            } catch {
                if let reason = stopReason() { throw reason }
                try Task.checkCancellation()
                if body.furthest > before { attempt = 0 }
                attempt += 1
                let verdict = await verdict(on: error, attempt, session)
                // Waiting for a new role isn't counted: the session bounds it.
                if verdict.isSettling { attempt -= 1 }
                guard !verdict.isFinal, attempt < (session == nil ? Self.attempts : Self.signedAttempts) else {
                    let tried = attempt > 1 ? " (tried \(attempt) times)" : ""
                    throw Failure(.network, "\(download.shownURL) can't be fetched: \(verdict.message)\(tried)")
                }
                await sleep(verdict.delay ?? Double.random(in: 0...1) * min(20, Double(1 << attempt) - 1))
            }
        }
    }

    // MARK: One attempt

    private func arrive(_ body: inout ArrivedBody, _ download: Download, _ session: AWSSession?) async throws {
        let (response, isS3): (HTTPClientResponse, Bool)
        do {
            (response, isS3) = try await self.response(to: download, session, body.headers)
        } catch let refused as Refused where refused.answer.status == 416 {
            try body.forget()
            throw refused
        }
        let headers = response.headers
        if response.status.code == 206 {
            guard body.continues(with: headers.first(name: "Content-Range")) else {
                try body.forget()
                throw Unexpected(message: "the server sends another part than the one asked for")
            }
        } else {
            try body.begin(
                length: headers.first(name: "Content-Length").flatMap { Int($0) },
                etag: headers.first(name: "ETag"), lastModified: headers.first(name: "Last-Modified"),
                type: headers.first(name: "Content-Type"))
        }
        do {
            for try await buffer in response.body {
                try buffer.withUnsafeReadableBytes { try body.append($0) }
            }
        } catch {
            // Only the end of the connection was lost.
            guard body.isWhole else { throw error }
        }
        if isS3, let sum = Self.md5(headers), sum != body.sumMD5 {
            try body.forget()
            throw Unexpected(message: "what arrived has another MD5 sum than the one that S3 tells by its ETag")
        }
    }

    /// The one that holds the body, past all redirects, and whether it is S3's.
    private func response(
        to download: Download, _ session: AWSSession?, _ headers: [(name: String, value: String)]
    ) async throws -> (HTTPClientResponse, isS3: Bool) {
        var route = try DownloadRoute(download, session: session, regions: regions)
        for _ in 0...Self.mostRedirects {
            let (call, credentials) = try await route.call(headers)
            let response = try await transport.open(call)
            if response.status.code == 200 || response.status.code == 206 && !headers.isEmpty {
                // Somebody in between may answer in its place.
                guard !route.isS3 || ["ETag", "x-amz-request-id"].contains(where: response.headers.contains) else {
                    throw Unexpected(
                        message: "the answer isn't S3's; is there something in between that wants a login first?")
                }
                return (response, route.isS3)
            }
            let text = try? await response.body.collect(upTo: Self.largestError)
            let answer = HTTPAnswer(
                status: Int(response.status.code), headers: response.headers.map { ($0.name, $0.value) },
                body: text.map { Array($0.readableBytesView) } ?? [])
            let error = ServiceError(answer)
            guard try route.follow(answer, error, regions: regions) else {
                throw Refused(answer: answer, error: error, route: route, used: credentials)
            }
        }
        throw Failure(.refused, "\(download.shownURL) leads from one address to the next without end")
    }

    private func check(_ body: inout ArrivedBody, _ download: Download) throws {
        guard let wanted = download.sha256, wanted != body.sum else { return }
        if body.isWebPage {
            let sum = body.sum
            try body.forget()
            throw Unexpected(
                message:
                    "a web page comes with the SHA-256 sum \(sum), and \(wanted) is wanted; is there something in between that wants a login first?"
            )
        }
        throw Failure(
            .refused,
            "\(download.shownURL) has the SHA-256 sum \(body.sum), and \(wanted) is wanted: it was replaced, or the document's sum is old"
        )
    }

    /// What S3 says of the body: its ETag, unless that is one of parts, or of what KMS or the owner's key made of it.
    private static func md5(_ headers: HTTPHeaders) -> String? {
        guard let tag = headers.first(name: "ETag")?.lowercased().filter({ $0 != "\"" }), tag.count == 32,
            tag.allSatisfy(\.isHexDigit),
            headers.first(name: "x-amz-server-side-encryption")?.hasPrefix("aws:") != true,
            !headers.contains(name: "x-amz-server-side-encryption-customer-algorithm")
        else { return nil }
        return tag
    }

    // MARK: Who signs

    private func session(for download: Download) async throws -> AWSSession? {
        let isS3 = download.url.lowercased().hasPrefix("s3://")
        switch download.access {
        case .ofURL: return isS3 ? try await session() : nil
        case .basic:
            guard isS3 else { return nil }
            throw Failure(.refused, "\(download.shownURL) takes keys or a role, not a user and a password")
        case .keys(let id, let secret):
            let credentials = Credentials(accessKeyID: id, secretKey: secret)
            return try await session().acting(by: [CredentialSource("Authentication") { credentials }])
        case .role(let name):
            if let known = roles.withLock({ $0[name] }) { return known }
            let session = try await session()
            let acting = session.acting(by: [.role(named: name, session.metadata)])
            return roles.withLock { roles in
                roles[name] = roles[name] ?? acting
                return roles[name]
            }
        }
    }

    // MARK: What may go wrong

    /// An answer that isn't the body.
    private struct Refused: Error {
        let answer: HTTPAnswer
        let error: ServiceError
        let route: DownloadRoute
        let used: Credentials?
    }

    private struct Unexpected: Error { let message: String }

    private struct Verdict {
        var message: String
        /// Whether trying again is of no use.
        var isFinal: Bool
        /// Seconds; nil: as ever.
        var delay: Double?
        var isSettling = false
    }

    private func verdict(on error: any Error, _ attempt: Int, _ session: AWSSession?) async -> Verdict {
        switch error {
        case let failure as Failure: return Verdict(message: failure.message, isFinal: true)
        case let error as ArrivedBody.Unwritable:
            return Verdict(
                message: "what arrives can't be written: " + String(cString: strerror(error.code)), isFinal: true)
        case let none as CredentialStore.None:
            let delay = await session?.delayWithoutCredentials()
            return Verdict(
                message: session?.noCredentials("GetObject", none).message ?? "", isFinal: delay == nil, delay: delay,
                isSettling: delay != nil)
        case let error as Unexpected: return Verdict(message: error.message, isFinal: false)
        case let refused as Refused: return await verdict(on: refused, attempt)
        default:
            let trouble = Trouble(error)
            return Verdict(message: trouble.message, isFinal: trouble.isFinal)
        }
    }

    private func verdict(on refused: Refused, _ attempt: Int) async -> Verdict {
        let status = refused.answer.status
        let mayPass = status >= 500 || status == 404 || status == 408 || status == 429 || status == 416
        let message = refused.route.explain(refused.answer, refused.error)
        guard let signer = refused.route.signer else { return Verdict(message: message, isFinal: !mayPass) }
        let delay = await signer.session.delay(after: refused.error, refused.answer, refused.used, attempt)
        return Verdict(
            message: message, isFinal: delay == nil && !mayPass, delay: delay,
            isSettling: delay != nil && refused.error.isUnsettled)
    }
}
