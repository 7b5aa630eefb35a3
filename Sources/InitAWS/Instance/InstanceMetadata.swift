// The instance metadata service, version 2 only: a token first, then what is asked for with it.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html

import InitCore
import Synchronization

/// What a machine may ask about itself. Answers are kept for the run, but for credentials.
package final class InstanceMetadata: Sendable {
    /// There is no such service here, or it is switched off.
    package struct Unavailable: Error { package let why: String }

    private struct Session: Sendable {
        let base: String
        let token: String
    }

    private struct State {
        var session: Task<Session, any Error>?
        /// When the last attempt to begin one failed.
        var failed: Double?
        var answers: [String: String] = [:]
    }

    /// Seconds: the longest that AWS allows.
    private static let tokenLife = "21600"
    /// Off EC2 nobody answers, and a person may be waiting.
    private static let impatience = 1.5
    /// A machine that has just begun to boot.
    private static let patience = 60.0

    private let transport: HTTPTransport
    private let environment: @Sendable (String) -> String?
    private let sleep: @Sendable (Double) async -> Void
    private let clock: @Sendable () -> Double
    private let state = Mutex(State())

    package init(
        transport: HTTPTransport, environment: @escaping @Sendable (String) -> String?,
        sleep: @escaping @Sendable (Double) async -> Void, clock: @escaping @Sendable () -> Double
    ) {
        self.transport = transport
        self.environment = environment
        self.sleep = sleep
        self.clock = clock
    }

    /// Nil: the service has nothing of that name.
    /// - Parameter path: below `/latest/`, like `meta-data/instance-id`.
    /// - Throws: `Unavailable`; a `Failure` when the run is to stop.
    package func get(_ path: String, isKept: Bool = true) async throws -> String? {
        if isKept, let known = state.withLock({ $0.answers[path] }) { return known }
        var session = try await session()
        var renewals = 0
        var attempt = 0
        while true {
            attempt += 1
            do {
                let answer = try await transport.send(
                    HTTPCall(
                        "GET", "\(session.base)/latest/\(path)",
                        headers: [(name: "X-aws-ec2-metadata-token", value: session.token)]),
                    within: 5, connectingWithin: 1, goesDirectly: true)
                switch answer.status {
                case 200 where !answer.isWebPage:
                    let text = answer.text
                    if isKept { state.withLock { $0.answers[path] = text } }
                    return text
                case 404: return nil
                case 401 where renewals < 3:
                    // The token has run out, or the service was started anew.
                    renewals += 1
                    state.withLock { $0.session = nil }
                    session = try await self.session()
                    continue
                case 400, 401, 403: throw Unavailable(why: "it answers \(answer.status) for \(path)")
                default:
                    let what = answer.isWebPage ? "with a web page" : "\(answer.status)"
                    guard attempt < 10 else { throw Unavailable(why: "it answers \(what) for \(path)") }
                }
            } catch let error where !(error is Unavailable || error is Failure || error is CancellationError) {
                guard attempt < 10 else { throw Unavailable(why: Trouble(error).message) }
            }
            await sleep(Double.random(in: 0...1) * min(5, 0.1 * Double(1 << attempt)))
        }
    }

    /// - Throws: `Unavailable` when there is none.
    package func text(_ path: String) async throws -> String {
        guard let text = try await get(path) else { throw Unavailable(why: "it knows no \(path)") }
        return text
    }

    package func instanceID() async throws -> String { try await text("meta-data/instance-id") }
    package func region() async throws -> String { try await text("meta-data/placement/region") }

    // MARK: Token

    /// Seconds for which a no is taken for the answer: a run asks often, a daemon asks again.
    private static let failureLife = 10.0

    private func session() async throws -> Session {
        let now = clock()
        let task = state.withLock { state in
            if let task = state.session, now - (state.failed ?? now) < Self.failureLife { return task }
            let task = Task { try await self.begin() }
            (state.session, state.failed) = (task, nil)
            return task
        }
        do {
            return try await task.value
        } catch {
            state.withLock { $0.failed = $0.failed ?? now }
            throw error
        }
    }

    private func begin() async throws -> Session {
        guard environment("AWS_EC2_METADATA_DISABLED")?.lowercased() != "true" else {
            throw Unavailable(why: "AWS_EC2_METADATA_DISABLED is set")
        }
        let start = clock()
        var attempt = 0
        while true {
            do {
                return try await race(bases)
            } catch let error as Unavailable {
                throw error
            } catch {
                if error is Failure { throw error }
                // Where the firmware says that this is EC2, it will come.
                guard Self.isEC2, clock() - start < Self.patience else {
                    throw Unavailable(why: Trouble(error).message)
                }
            }
            attempt += 1
            await sleep(Double.random(in: 0.1...1) * min(5, Double(attempt)))
        }
    }

    private var bases: [String] {
        if let named = environment("AWS_EC2_METADATA_SERVICE_ENDPOINT"), !named.isEmpty {
            return [named.hasSuffix("/") ? String(named.dropLast()) : named]
        }
        let (four, six) = ("http://169.254.169.254", "http://[fd00:ec2::254]")
        switch environment("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")?.lowercased() {
        case "ipv4": return [four]
        case "ipv6": return [six]
        default: return [four, six]
        }
    }

    /// The first one that gives a token: most machines reach it by IPv4, some by IPv6 alone.
    private func race(_ bases: [String]) async throws -> Session {
        try await withThrowingTaskGroup(of: Session.self) { group in
            for base in bases { group.addTask { try await self.token(from: base) } }
            defer { group.cancelAll() }
            var first: (any Error)?
            while true {
                do {
                    if let session = try await group.next() { return session }
                    throw first ?? Unavailable(why: "nobody answers")
                } catch {
                    if group.isEmpty { throw first ?? error }
                    // What the one that is there says counts for more than that the other isn't.
                    if first == nil || error is Unavailable { first = error }
                }
            }
        }
    }

    private func token(from base: String) async throws -> Session {
        let answer = try await transport.send(
            HTTPCall(
                "PUT", "\(base)/latest/api/token",
                headers: [(name: "X-aws-ec2-metadata-token-ttl-seconds", value: Self.tokenLife)]),
            within: Self.impatience, connectingWithin: 1, goesDirectly: true)
        switch answer.status {
        case 200 where !answer.isWebPage: return Session(base: base, token: answer.text)
        case 403: throw Unavailable(why: "the instance metadata service is switched off (403)")
        case 400..<500: throw Unavailable(why: "the instance metadata service gives no token (\(answer.status))")
        default: throw HTTPStatusError(status: answer.status)
        }
    }

    /// What the hypervisor tells: no network is needed for it.
    private static let isEC2 = firmwareSaysEC2()
}

/// An answer that says that trying again may help.
struct HTTPStatusError: Error, CustomStringConvertible {
    let status: Int
    var description: String { status == 200 ? "the server answers with a web page" : "the server answers \(status)" }
}

extension HTTPAnswer {
    /// Somebody in between speaks, or somebody else is at that address: nothing that the service says is one.
    fileprivate var isWebPage: Bool {
        (200..<300).contains(status) && header("content-type")?.lowercased().hasPrefix("text/html") == true
    }
}
