import Foundation
import InitCore
import TestSupport
import Testing

extension CloudSuite {
    /// What no program can answer for itself.
    @Suite struct KillTests {
        @Test("kill -9 in the middle of apply --signal: the stack is told the truth")
        func kill9() async throws {
            let host = try Host(in: Network.ofInstance())
            let standIn = try host.standIn
            try await standIn.set("parameters", #"[{"name": "/app/value", "value": "a value"}]"#)
            let commands = Dictionary(
                uniqueKeysWithValues: (1...4).map { ("\($0)", ["command": "sleep 0.1; echo done >/srv/\($0)"]) })
            let config: [String: Any] = [
                "files": ["/srv/value": ["content": "ssm:///app/value"]], "commands": commands,
            ]
            let metadata = ["AWS::CloudFormation::Init": ["config": config]]
            var delays: [Double] = []
            var outcomes: [String: Int] = [:]
            for number in 1...Surroundings.count("IDE_INIT_KILLED_RUNS", else: 20) {
                let stack = "killed-\(number)"
                try await standIn.createStack(stack, ["Host": StandIn.instance(metadata)])
                let run = try host.start([
                    "ide-init", "apply", "--signal", "--stack", stack, "--resource", "Host", "--region", Network.region,
                ])
                // Whichever of the two processes it is that is killed, the other one speaks.
                var child: Int32?
                try await eventually("the run's second process") {
                    child = children(of: run.identifier).first
                    return child != nil || !run.isRunning
                }
                let victim = number % 2 == 0 ? run.identifier : child ?? run.identifier
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...700)))
                let killed = Date().timeIntervalSince1970
                kill(victim, SIGKILL)
                try await eventually("\(stack)'s signal") { try await !standIn.signals(stack).isEmpty }
                let ended = try run.wait()
                try await eventually("the end of all that \(stack)'s run has started") { host.processes.isEmpty }
                let signals = try await standIn.signals(stack)
                #expect(signals.count == 1, "\(signals)")
                let told = signals.first?.status ?? ""
                outcomes[told, default: 0] += 1
                if told == "SUCCESS" {
                    #expect((1...4).allSatisfy { host.read("/srv/\($0)") == "done\n" })
                    if victim == child { #expect(ended.code == 0) }
                } else {
                    #expect(told == "FAILURE" && ended.code != 0, "\(ended)")
                    #expect(try await standIn.status(stack) == "CREATE_FAILED")
                    delays.append((signals.first?.time ?? 0) - killed)
                }
                try host.shell("rm -f /srv/1 /srv/2 /srv/3 /srv/4 /srv/value")
            }
            tell("kill -9: \(outcomes), from the kill to the signal \(spread(delays))")
        }
    }
}

/// Of all threads of the process.
func children(of process: Int32) -> [Int32] {
    let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
    return tasks.flatMap { task in
        let text = (try? String(contentsOfFile: "/proc/\(process)/task/\(task)/children", encoding: .utf8)) ?? ""
        return text.split(separator: " ").compactMap { Int32($0) }
    }
}
