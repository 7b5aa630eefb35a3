// How it went, told to the stack: once, truthfully, and as soon as it is known.

import Glibc
import InitAWS
import InitCore
import InitLinux
import Synchronization

/// Who is told.
enum SignalTarget: Sendable {
    case resource(stack: String, resource: String)
    case waitCondition(WaitCondition)

    /// - Parameter text: a URL, that in base64, or `@FILE`, which holds it where an argument list would show it.
    init(waitCondition text: String) throws {
        let url =
            text.hasPrefix("@") ? String(decoding: try Composition.read(String(text.dropFirst())), as: UTF8.self) : text
        guard let condition = WaitCondition(url) else {
            throw Failure(.usage, "this is no wait condition's URL (https://…), neither as it is nor in base64")
        }
        self = .waitCondition(condition)
    }

    /// For people.
    var text: String {
        switch self {
        case .resource(let stack, let resource): "\(resource) of the stack \(stack)"
        case .waitCondition: "the wait condition"
        }
    }
}

enum Verdict: Sendable, Equatable {
    case success
    /// Why, for where there is room for it.
    case failure(String)

    func scrubbed(_ scrubber: Scrubber) -> Verdict {
        if case .failure(let why) = self { .failure(scrubber.scrub(why)) } else { self }
    }
}

final class StackSignal: Sendable {
    /// Bytes: the console and a wait condition's events show no more.
    private static let longestReason = 2000

    let target: SignalTarget
    private let cloud: Cloud
    private let sent = Mutex<(verdict: Verdict, task: Task<String?, any Error>)?>(nil)

    /// - Parameter cloud: one that goes on after the run was told to stop.
    init(_ target: SignalTarget, _ cloud: Cloud) {
        self.target = target
        self.cloud = cloud
    }

    /// The first verdict is the one that is sent; later callers wait for its outcome.
    /// - Parameters:
    ///   - reason: of a success; a failure has its own.
    ///   - data: for a wait condition, which hands it on to the template.
    /// - Returns: the verdict that was told, and why it needn't have been, if so.
    @discardableResult
    func tell(
        _ verdict: Verdict, reason: String? = nil, data: String = "", id: String? = nil
    ) async throws -> (verdict: Verdict, note: String?) {
        let (verdict, task) = sent.withLock { sent in
            if let sent { return sent }
            let new = (verdict: verdict, task: Task { try await self.send(verdict, reason, data, id) })
            sent = new
            return new
        }
        return (verdict, try await task.value)
    }

    /// What became of it, for people.
    /// - Parameter outcome: of `tell`.
    func text(_ outcome: (verdict: Verdict, note: String?)) -> String {
        if let note = outcome.note {
            // The stack as a whole may still wait, for another one than was named.
            let hint = note.hasPrefix("Resource ") ? "; if an Auto Scaling group waits, name that one" : ""
            return "nobody waits for this signal: \(visible(note))\(hint)"
        }
        return "\(outcome.verdict == .success ? "SUCCESS" : "FAILURE") signalled to \(target.text)"
    }

    private func send(_ verdict: Verdict, _ reason: String?, _ data: String, _ id: String?) async throws -> String? {
        let uniqueID = if let id { id } else { await defaultID() }
        switch target {
        case .resource(let stack, let resource):
            let service = try await cloud.cloudFormation()
            do {
                return try await service.signal(
                    stack: stack, resource: resource, uniqueID: uniqueID, success: verdict == .success)
            } catch let error as ServiceError {
                throw Failure(
                    .network,
                    "\(target.text) can't be signalled: \(error.text)\(service.advice(error, "SignalResource"))")
            }
        case .waitCondition(let condition):
            var reason = reason ?? "Configuration Complete"
            if case .failure(let why) = verdict { reason = Self.shortened(why) }
            try await condition.signal(
                success: verdict == .success, reason: reason, data: data, uniqueID: uniqueID,
                through: cloud.waitConditionTransport)
            return nil
        }
    }

    /// The instance's id, or the host's full name.
    private func defaultID() async -> String {
        if let id = try? await cloud.metadata.instanceID() { return id }
        return fullHostName()
    }

    private static func shortened(_ text: String) -> String {
        guard text.utf8.count > longestReason else { return text }
        return String(decoding: text.utf8.prefix(longestReason), as: UTF8.self) + "…"
    }

    /// Where an admin looks when the stack has already thrown the machine away: the journal and the console's log.
    static func tellAdmin(_ reason: String) {
        if Journal.isThere {
            Journal.send(JournalView(scrubber: Scrubber()).failure(reason))
        } else {
            reason.withCString { text in withVaList([text]) { vsyslog(LOG_ERR | LOG_USER, "%s", $0) } }
        }
        tellConsole(reason)
    }

    static func tellConsole(_ reason: String) {
        let console = open("/dev/console", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        guard console >= 0 else { return }
        defer { close(console) }
        let bytes = Array("ide-init: \(visibleLine(reason))\r\n".utf8)
        _ = write(console, bytes, bytes.count)
    }
}

/// As `hostname -f` gives it.
func fullHostName() -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    gethostname(&buffer, buffer.count - 1)
    let name = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    var hints = addrinfo()
    hints.ai_flags = AI_CANONNAME
    var result: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(name, nil, &hints, &result) == 0, let found = result else { return name }
    defer { freeaddrinfo(found) }
    return found.pointee.ai_canonname.map { String(cString: $0) } ?? name
}
