// Why a unit didn't start or stop: the job's end in words, what became of the unit's process, and its own last lines.

import InitCore

struct JobFailure: Sendable {
    let action: UnitAction
    let unit: String
    let outcome: UnitJob.Outcome
    let bus: BusUnits
    let runner: CommandRunner

    func told() async throws -> Failure {
        let doing = "\(unit) can't be \(action.verb.done)"
        switch outcome.end {
        case .waitsForUs(let chain):
            return Failure(.host, "\(doing): \(Self.words(for: chain))")
        case .tookTooLong:
            return Failure(
                .timedOut,
                "\(doing): its job isn't done after \(durationText(UnitJob.patience)); systemctl list-jobs shows what it waits for"
            )
        case .stopped: return Failure(.stopped, "\(doing): the run was stopped")
        case .result(let result):
            var what = Self.words(for: result)
            var culprit = unit
            if result == "dependency", let needed = try await missingDependency() {
                what += ": \(needed["Id"]) \(needed["ActiveState"] == "failed" ? "failed" : "isn't active")"
                culprit = needed["Id"]
            }
            let state = try await bus.details(of: culprit)
            if ["failed", "timeout", "dependency"].contains(result),
                let why = wasTried(state) ? Self.reason(state) : Self.tooOften(unit)
            {
                what += "; \(why)"
            }
            return Failure(
                .commandFailed, "\(doing): \(what); more: journalctl -u \(culprit)",
                output: await lastLines(of: culprit, invocation: state["InvocationID"]))
        }
    }

    /// One that failed, else one that just isn't there.
    private func missingDependency() async throws -> UnitProperties? {
        let needs = try await bus.details(of: unit)
        var inactive: UnitProperties?
        for name in ["Requires", "Requisite", "BindsTo"].flatMap({ needs[$0].split(separator: " ") }) {
            let state = try await bus.properties(of: String(name))
            if state["ActiveState"] == "failed" { return state }
            if !state.isActive, inactive == nil { inactive = state }
        }
        return inactive
    }

    /// Beyond its start limit a unit keeps the result of the start before.
    private func wasTried(_ state: UnitProperties) -> Bool {
        outcome.end != .result("failed") || state["ActiveState"] != "failed"
            || state["InvocationID"] != outcome.earlierInvocation
    }

    // MARK: Words

    private static func tooOften(_ unit: String) -> String {
        "it was started too often in a short while; systemctl reset-failed \(unit) lets it try again"
    }

    static func words(for chain: [String]) -> String {
        let order = chain.dropFirst().map { "is ordered after \($0)" }.joined(separator: ", which ")
        return
            "it \(order), and this run is part of that one's own start, so each would wait for the other;"
            + " take that order (After=) out, or leave its start to systemd: enabled, without ensureRunning"
    }

    /// org.freedesktop.systemd1(5), JobRemoved.
    static func words(for result: String) -> String {
        switch result {
        case "failed": "its job failed"
        case "dependency": "a unit that it needs didn't start"
        case "timeout": "its job took longer than the unit allows (JobTimeoutSec)"
        case "canceled": "its job was cancelled, by somebody else or by a job that contradicts it"
        case "skipped": "its job was skipped, since it doesn't fit the unit's state"
        case "invalid": "its job doesn't fit the unit (one that can't be reloaded, say)"
        case "assert": "an assertion of the unit doesn't hold (Assert…=)"
        case "unsupported": "this system has no units of this kind"
        case "collected": "its unit was removed meanwhile"
        case "once": "it starts only once, and has run already"
        case "unknown": "its job is gone, and systemd didn't tell how it ended"
        default: "its job ended as \u{201C}\(result)\u{201D}"
        }
    }

    /// systemd.service(5), `Result`; systemd.exec(5), the exit codes of what precedes a program's start.
    static func reason(_ unit: UnitProperties) -> String? {
        let status = unit["ExecMainStatus"]
        // 1: exited, by code; else by signal (CLD_… of wait(2)).
        let isExit = unit["ExecMainCode"] == "1"
        let isOfMain = unit["ExecMainCode"] != "0" && !status.isEmpty
        switch unit["Result"] {
        case "exit-code" where isOfMain && isExit && status != "0":
            let meaning: [String: String] = [
                "200": "its WorkingDirectory can't be entered", "203": "its program can't be executed",
                "209": "its output can't be opened", "216": "there is no such group", "217": "there is no such user",
                "226": "its namespace can't be set up",
            ]
            return "its process exited with code \(status)" + (meaning[status].map { " (\($0))" } ?? "")
        case "exit-code": return "one of its commands exited with a code other than 0"
        case "signal" where isOfMain && !isExit: return "its process was ended by signal \(status)"
        case "core-dump" where isOfMain && !isExit: return "its process crashed by signal \(status)"
        case "signal", "core-dump": return "one of its commands was ended by a signal"
        case "timeout": return "it didn't get ready in time (TimeoutStartSec)"
        case "protocol": return "it ended or forked without having said that it is ready (its Type= promises that)"
        case "start-limit-hit": return tooOften(unit["Id"])
        case "oom-kill": return "memory ran out"
        case "watchdog": return "it missed its watchdog's time"
        case "resources": return "something that it needs to run couldn't be had"
        case "", "success": return nil
        case let other: return "its result is \(other)"
        }
    }

    // MARK: Its own lines

    /// Of this invocation, by journalctl: only systemd's own tools can read every journal's compression.
    private func lastLines(of unit: String, invocation: String) async -> String? {
        guard invocation.contains(where: { $0 != "0" }) else { return nil }
        // What it has just written may still be under way.
        _ = await journal(["--sync"])
        for field in ["_SYSTEMD_INVOCATION_ID", "INVOCATION_ID"] {
            let result = await journal(["\(field)=\(invocation)", "-n", "10", "-o", "cat", "--no-pager", "-q"])
            if result.succeeded, let lines = result.lastLines() { return lines }
        }
        return nil
    }

    private func journal(_ words: [String]) async -> CommandResult {
        let words = ["journalctl"] + words
        var command = Command(
            words.joined(separator: " "), .arguments(words), environment: .inherited(setting: ["LC_ALL": "C.UTF-8"]),
            timeout: 10)
        command.separatesErrors = true
        return await runner.run(command)
    }
}
