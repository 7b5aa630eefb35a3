/// Something that a run waits for at its end: asked again and again until it answers as it should, or its time is up.
package struct ReadinessCheck: Sendable, Equatable {
    package enum Target: Sendable, Equatable {
        /// Active, or a oneshot that has done its work; of one that the run has started itself it isn't asked whether it has.
        case unit(String, ServiceManager, wasStarted: Bool = false)
        case http(HTTPCheck)
        /// Takes a connection. An IPv6 address is without its brackets.
        case tcp(host: String, port: Int)
        /// Ends with 0.
        case command(Command)
        /// Runs, and is healthy where it can tell.
        case container(String)
    }

    package var id: ResourceID
    package var target: Target
    /// Seconds, from when all checks begin.
    package var timeout: Double
    /// Seconds between an answer and the next try.
    package var interval: Double
    /// Not from the document: a unit that the run has made sure of.
    package var isImplicit = false

    package init(_ id: ResourceID, _ target: Target, timeout: Double, interval: Double, isImplicit: Bool = false) {
        self.id = id
        self.target = target
        self.timeout = timeout
        self.interval = interval
        self.isImplicit = isImplicit
    }

    /// Seconds that one try may take: one that hangs is tried again. A command's as in a container's health check.
    package var longestTry: Double {
        if case .command = target { max(interval, 30) } else { max(interval, 10) }
    }
}

extension ReadinessCheck.Target: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unit(let name, _, _): "unit \(name)"
        case .http(let check): check.description
        case .tcp(let host, let port): "port \(host.contains(":") ? "[\(host)]" : host):\(port)"
        case .command(let command): "command \(command.program.text)"
        case .container(let name): "container \(name)"
        }
    }
}

/// A GET, sent directly and not redirected.
package struct HTTPCheck: Sendable, Equatable, CustomStringConvertible {
    /// http or https.
    package var url: String
    /// A Unix socket to connect to in place of the URL's host.
    package var socket: String?
    /// The name to ask for, where the URL's host is only where to connect to.
    package var host: String?
    /// Empty: 200 to 399.
    package var statuses: [Int]
    /// What the body must hold.
    package var body: String?

    /// Bytes of a body that are looked at.
    package static let longestBody = 64 << 10

    package init(_ url: String, socket: String? = nil, host: String? = nil, statuses: [Int] = [], body: String? = nil) {
        self.url = url
        self.socket = socket
        self.host = host
        self.statuses = statuses
        self.body = body
    }

    package var description: String {
        url + (host.map { " as \($0)" } ?? "") + (socket.map { " by \($0)" } ?? "")
    }

    package func takes(_ status: Int) -> Bool {
        statuses.isEmpty ? (200..<400).contains(status) : statuses.contains(status)
    }

    /// - Parameters:
    ///   - reason: the status in words, as the server or the standard has it.
    ///   - body: as much of it as was read.
    package func answer(_ status: Int, _ reason: String, body: [UInt8]) -> CheckAnswer {
        let line = "\(status) \(reason)".trimmingBlanks()
        guard takes(status) else {
            let wanted = statuses.map(String.init).joined(separator: ", ")
            return .notYet(line + (wanted.isEmpty ? "" : "; \(wanted) is wanted"))
        }
        guard let wanted = self.body, body.firstRange(of: Array(wanted.utf8)) == nil else { return .ready }
        return .notYet("\(line), and its body doesn't hold \u{201C}\(wanted)\u{201D}", output: Self.beginning(of: body))
    }

    private static func beginning(of body: [UInt8]) -> String? {
        let text = String(decoding: body.prefix(200), as: UTF8.self).trimmingBlanks()
        return text.isEmpty ? nil : text
    }
}

package enum CheckAnswer: Sendable, Equatable {
    case ready
    /// Why not: the last answer in words, and what a command or server said with it.
    case notYet(String, output: String? = nil)
    /// The same, and it isn't likely to get better: a failed unit, a program that isn't there.
    case wrong(String, output: String? = nil)
}

extension CheckAnswer {
    /// - Parameter state: nil: there is none of that name.
    package init(_ state: ContainerState?) {
        guard let state else {
            self = .wrong("there is no such container")
            return
        }
        switch state.status {
        case .running where state.isReady: self = .ready
        case .exited, .dead: self = .wrong(state.words)
        case .running: self = state.health == .unhealthy ? .wrong(state.words) : .notYet(state.words)
        case .created, .paused, .restarting, .removing: self = .notYet(state.words)
        }
    }

    /// - Parameters:
    ///   - name: of the unit.
    ///   - wasStarted: by the run, successfully.
    package init(_ state: UnitState, of name: String, wasStarted: Bool) {
        let words = state.words ?? (state.isStarting ? "starting" : state.isFailing ? "failing" : "inactive")
        if !state.exists {
            self = .wrong("there is no such unit")
        } else if state.hasFailed {
            self = .wrong("\(words); its own lines: journalctl -u \(name)")
        } else if state.isActive == true || state.hasFinished || wasStarted && state.isIdleOneshot {
            self = .ready
        } else {
            self = .notYet(words)
        }
    }

    package init(_ result: CommandResult) {
        switch result.ending {
        case .exited(0): self = .ready
        case .notStarted: self = .wrong("it \(result.endingText)")
        case .exited, .signalled, .timedOut: self = .notYet("it \(result.endingText)", output: result.lastLines())
        }
    }
}
