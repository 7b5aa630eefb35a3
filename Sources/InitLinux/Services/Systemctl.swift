// systemctl: in another root and on a host where systemd doesn't run it makes and reads links by itself; where systemd runs
// it enables SysV scripts, and stands in for the bus where that can't be reached.

import InitCore

struct Systemctl: Sendable {
    let runner: CommandRunner

    func properties(of name: String) async throws -> UnitProperties {
        let result = try await ask([
            "show",
            "--property=\(UnitProperties.asked.union(UnitProperties.askedOfService).sorted().joined(separator: ","))",
            "--", name,
        ])
        guard result.succeeded else {
            throw Failure(.host, "systemctl show \(name) \(result.endingText)", output: result.lastLines())
        }
        return UnitProperties(shown: result.text)
    }

    /// Its links' state, as they are on disk; empty: there is no such unit.
    /// - Throws: `Failure(.unreadable)` when there is no systemctl.
    func fileState(of name: String) async throws -> String {
        let result = try await ask(["is-enabled", "--", name])
        if case .notStarted(let why) = result.ending {
            throw Failure(.unreadable, "service \(name) can't be looked up: \(why); is systemd installed here?")
        }
        let state = result.text.trimmingBlanks()
        return state == "not-found" ? "" : state
    }

    private func ask(_ words: [String]) async throws -> CommandResult {
        let words = ["systemctl"] + words
        var command = Command(
            words.joined(separator: " "), .arguments(words), environment: .inherited(setting: ["LC_ALL": "C"]))
        command.separatesErrors = true
        return await runner.run(command)
    }

    func perform(_ action: UnitAction) async throws {
        switch action.verb {
        case .enable, .disable: try await run([action.verb.rawValue, "--", action.name], finishes: true)
        case .start, .stop, .restart:
            try await run(["daemon-reload"], finishes: true)
            let verb = action.verb == .restart ? "reload-or-restart" : action.verb.rawValue
            // A job of systemd's goes on without its systemctl; and some starts never end.
            try await run([verb, "--", action.name], finishes: false)
        }
    }

    private func run(_ words: [String], finishes: Bool) async throws {
        try await runner.runOrThrow(["systemctl"] + words, finishesOnStop: finishes)
    }
}

extension CommandRunner {
    /// - Throws: `Failure(.commandFailed)` with its last lines.
    func runOrThrow(_ words: [String], finishesOnStop: Bool) async throws {
        var command = Command(words.joined(separator: " "), .arguments(words))
        command.finishesOnStop = finishesOnStop
        let result = await run(command)
        guard !result.succeeded else { return }
        if let reason = stop.stopReason { throw reason }
        throw Failure(.commandFailed, "\(command.title) \(result.endingText)", output: result.lastLines())
    }
}
