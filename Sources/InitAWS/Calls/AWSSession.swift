// Makes calls: signs them, waits and tries again where that helps, until an answer, a plain no, or the deadline.

import InitCore
import Synchronization

/// How long a call is worth waiting for. All in seconds.
package struct Patience: Sendable {
    /// For a call with all its attempts: a boot has nobody to press the button again.
    package var total: Double
    /// From the first refusal on, in which a role that has just been attached may become known.
    package var settling: Double

    package init(total: Double, settling: Double) {
        self.total = total
        self.settling = settling
    }
}

package struct AWSSession: Sendable {
    /// Seconds for one attempt, as in the original.
    private static let attemptTime = 60.0
    /// Attempts of a call that is told that its time is wrong, though the clocks agree.
    private static let mostUntimely = 10

    package let region: String
    package let metadata: InstanceMetadata
    let endpoints: Endpoints
    let transport: HTTPTransport
    private let credentials: CredentialStore
    private let patience: Patience
    private let clocks: Clocks
    private let waiting: @Sendable (String) -> Void
    private let shared = Shared()

    /// Time as the session sees it.
    package struct Clocks: Sendable {
        /// Seconds since 1970.
        package let now: @Sendable () -> Double
        /// Seconds since some fixed moment.
        package let steady: @Sendable () -> Double
        package let sleep: @Sendable (Double) async -> Void

        package init(
            now: @escaping @Sendable () -> Double, steady: @escaping @Sendable () -> Double,
            sleep: @escaping @Sendable (Double) async -> Void
        ) {
            self.now = now
            self.steady = steady
            self.sleep = sleep
        }
    }

    /// What calls of one session learn for each other.
    private final class Shared: Sendable {
        struct State {
            /// What is to be added to our clock to have AWS's.
            var skew = 0.0
            /// When the first refusal came that may pass.
            var unsettledSince: Double?
        }
        let state = Mutex(State())
    }

    /// - Parameter waiting: told why a call takes its time.
    package init(
        region: String, credentials: CredentialStore, metadata: InstanceMetadata, endpoints: Endpoints,
        transport: HTTPTransport, patience: Patience, clocks: Clocks, waiting: @escaping @Sendable (String) -> Void
    ) {
        self.region = region
        self.credentials = credentials
        self.metadata = metadata
        self.endpoints = endpoints
        self.transport = transport
        self.patience = patience
        self.clocks = clocks
        self.waiting = waiting
    }

    /// The same, with somebody else's credentials (an entry of Authentication).
    package func acting(by credentials: CredentialStore) -> AWSSession {
        AWSSession(
            region: region, credentials: credentials, metadata: metadata, endpoints: endpoints, transport: transport,
            patience: patience, clocks: clocks, waiting: waiting)
    }

    /// The same, with other credentials, which are found and kept out of sight as these are.
    func acting(by sources: [CredentialSource]) -> AWSSession { acting(by: credentials.sibling(sources)) }

    // MARK: Calls

    /// The answer of a service that speaks JSON.
    func json(_ call: ServiceCall) async throws -> JSONNode {
        try await answer(call) { answer in
            (try? JSONParser.parse(answer.body, name: call.action).value).map { JSONNode($0) }
        }
    }

    /// - Parameter decode: nil for what AWS can't have sent: something between us and it speaks in its place, for now.
    /// - Throws: `ServiceError` for a no that stays one; `Failure` when nobody could be reached or asked in time, or the run is to stop.
    func answer<Answer>(_ call: ServiceCall, _ decode: (HTTPAnswer) -> Answer?) async throws -> Answer {
        let deadline = clocks.steady() + patience.total
        var attempt = 0
        var usesIdentity = false
        var told: String?
        while true {
            attempt += 1
            // The error is what is told when the deadline comes first.
            let trouble: (text: String, error: any Error, delay: Double)
            do {
                let authorization = try await authorization(for: call, usesIdentity: usesIdentity)
                let answer = try await transport.send(
                    request(call, authorization), within: min(Self.attemptTime, max(1, deadline - clocks.steady())),
                    upTo: call.largestAnswer)
                let isGood = (200..<300).contains(answer.status) || answer.status == 304
                if isGood, let decoded = decode(answer) { return decoded }
                let error = isGood ? ServiceError(garbled: answer) : ServiceError(answer)
                if call.allowsIdentity, !usesIdentity, error.isDenied, await credentials.areOfRole {
                    // The role need not allow it: every instance may ask about its own stack.
                    usesIdentity = true
                    continue
                }
                guard call.settles || !error.isDenied,
                    let delay = await delay(after: error, answer, authorization.credentials, attempt)
                else { throw error }
                trouble = (error.text, error, delay)
            } catch let error as ServiceError {
                throw error
            } catch let error as Failure {
                throw error
            } catch let error as CredentialStore.None {
                guard let delay = await delayWithoutCredentials() else { throw noCredentials(call.action, error) }
                trouble = ("no credentials", noCredentials(call.action, error), delay)
            } catch {
                let reason = Trouble(error)
                let failure = Failure(
                    .network, "\(host(of: call)) can't be reached for \(call.action): \(reason.message)")
                guard !reason.isFinal else { throw failure }
                trouble = (reason.message, failure, Self.pause(attempt, unit: 0.05))
            }
            guard clocks.steady() + trouble.delay < deadline else {
                if let error = trouble.error as? ServiceError, !error.isThrottling, !error.isTransient { throw error }
                throw Failure(
                    .network,
                    "\(host(of: call)) doesn't answer \(call.action) (tried \(attempt) times in \(durationText(patience.total))): \(trouble.text)"
                )
            }
            // Once for each reason: a boot may wait for minutes.
            if attempt >= 3, told != trouble.text {
                waiting("\(host(of: call)): \(trouble.text); trying \(call.action) again and again")
                told = trouble.text
            }
            await clocks.sleep(trouble.delay)
            // The role may have got its permission in the meantime.
            usesIdentity = false
        }
    }

    /// Seconds to wait before it is worth trying again; nil: it isn't.
    /// - Parameter used: the credentials by which it was signed.
    func delay(
        after error: ServiceError, _ answer: HTTPAnswer, _ used: Credentials?, _ attempt: Int
    ) async -> Double? {
        if error.mayBeClock, adjustClock(by: answer) { return 0 }
        if error.isUntimely, attempt < Self.mostUntimely { return Self.pause(attempt, unit: 0.05) }
        if error.isExpired, let used {
            await credentials.discard(used)
            return attempt < 3 ? 0 : Self.pause(attempt, unit: 1)
        }
        if error.isThrottling || error.isTransient {
            let pause = Self.pause(attempt, unit: error.isThrottling ? 1 : 0.05)
            // In milliseconds; botocore's standard mode.
            guard let wished = answer.header("x-amz-retry-after").flatMap(Double.init) else { return pause }
            return min(max(wished / 1000, pause), pause + 5)
        }
        if error.isUnsettled, await credentials.areOfRole, mayStillSettle() { return Double.random(in: 0.5...1.5) }
        return nil
    }

    /// Full jitter below a limit that doubles up to 20 s.
    static func pause(_ attempt: Int, unit: Double) -> Double {
        Double.random(in: 0...1) * min(20, unit * Double(1 << min(attempt, 20)))
    }

    private func mayStillSettle() -> Bool {
        let now = clocks.steady()
        return shared.state.withLock { state in
            let since = state.unsettledSince ?? now
            state.unsettledSince = since
            return now - since < patience.settling
        }
    }

    /// Whether AWS's clock, as its answer tells it, was another one than we thought.
    private func adjustClock(by answer: HTTPAnswer) -> Bool {
        guard let theirs = answer.header("date").flatMap(Timestamp.http) else { return false }
        let skew = theirs - clocks.now()
        return shared.state.withLock { state in
            // Under four minutes it isn't why a signature was refused.
            guard abs(skew - state.skew) > 240 else { return false }
            state.skew = skew
            return true
        }
    }

    /// Seconds to wait before it is worth looking for credentials again; nil: none will come.
    func delayWithoutCredentials() async -> Double? {
        // Elsewhere than on EC2 nobody attaches a role.
        guard await (try? metadata.instanceID()) != nil, mayStillSettle() else { return nil }
        return Double.random(in: 0.5...1.5)
    }

    func noCredentials(_ action: String, _ error: CredentialStore.None) -> Failure {
        let tried = error.tried.isEmpty ? "" : " (looked at: \(error.tried.joined(separator: ", ")))"
        return Failure(
            .network,
            "\(action) takes AWS credentials, and there are none\(tried); give this instance a role, or name one")
    }

    // MARK: Authorization

    private enum Authorization: Sendable {
        case signature(Credentials)
        case identity(String)

        var credentials: Credentials? { if case .signature(let used) = self { used } else { nil } }
    }

    private func authorization(for call: ServiceCall, usesIdentity: Bool) async throws -> Authorization {
        if usesIdentity { return .identity(try await identity()) }
        do {
            return .signature(try await credentials.credentials())
        } catch let none as CredentialStore.None where call.allowsIdentity {
            do {
                return .identity(try await identity())
            } catch let error as InstanceMetadata.Unavailable {
                throw Failure(
                    .network,
                    "\(call.action) takes AWS credentials, and there are none (looked at: \((none.tried + ["the instance's identity"]).joined(separator: ", "))); "
                        + "instance metadata: \(error.why)")
            }
        }
    }

    /// `CFN_V1`, by which CloudFormation knows an instance of its own: behaviour spec, section 3.
    private func identity() async throws -> String {
        async let document = metadata.text("dynamic/instance-identity/document")
        async let signature = metadata.text("dynamic/instance-identity/signature")
        let trimmed = try await document.trimmingEnd()
        let signed = try await signature.filter { !$0.isNewline }
        return "CFN_V1 \(base64(Array(trimmed.utf8))):\(signed)"
    }

    private func host(of call: ServiceCall) -> String {
        let url = call.host ?? endpoints.url(call.service, region: call.region ?? region)
        return URLParts(url)?.authority ?? url
    }

    private func request(_ call: ServiceCall, _ authorization: Authorization) -> HTTPCall {
        let base = call.host ?? endpoints.url(call.service, region: call.region ?? region)
        let query = formEncoded(call.query)
        let url = base + call.path + (query.isEmpty ? "" : "?\(query)")
        var request = HTTPCall(call.method, url, headers: call.headers, body: call.body)
        switch authorization {
        case .identity(let value): request.headers.append((name: "Authorization", value: value))
        case .signature(let credentials):
            let signing = endpoints.signingRegion(call.service, region: call.region ?? region)
            sign(&request, call.service, region: signing, credentials)
        }
        return request
    }

    /// Adds what AWS wants to see of who asks.
    func sign(_ request: inout HTTPCall, _ service: Service, region: String, _ credentials: Credentials) {
        guard let parts = URLParts(request.url) else { return }
        let time = Timestamp.compact(clocks.now() + shared.state.withLock(\.skew))
        let hash = request.body.isEmpty ? SignatureV4.emptyHash : SignatureV4.sha256(request.body)
        request.headers.append((name: "X-Amz-Date", value: time))
        if service == .s3 { request.headers.append((name: "X-Amz-Content-Sha256", value: hash)) }
        credentials.token?.reveal { token in
            request.headers.append((name: "X-Amz-Security-Token", value: String(decoding: token, as: UTF8.self)))
        }
        let signature = SignatureV4(
            method: request.method, path: parts.path, query: parts.query ?? "",
            headers: request.headers + [(name: "Host", value: parts.authority)], payloadHash: hash, region: region,
            service: service.rawValue, time: time)
        request.headers.append(
            (name: "Authorization", value: signature.authorization(credentials.accessKeyID, credentials.secretKey)))
    }

    /// For calls that bring their own way of sending (downloads).
    func currentCredentials() async throws -> Credentials { try await credentials.credentials() }
}

extension String {
    fileprivate func trimmingEnd() -> String {
        var text = self[...]
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
