// Asks one readiness check once: a unit, a port, a command; http and Docker are asked by whoever speaks it.

import InitCore

struct ReadinessProbe: Sendable {
    let units: Units
    let runner: CommandRunner
    let stop: StopSwitch
    let askHTTP: @Sendable (HTTPCheck, _ within: Double) async -> CheckAnswer
    let container: @Sendable (String) async throws -> ContainerState?

    func ask(_ target: ReadinessCheck.Target, within seconds: Double) async -> CheckAnswer {
        switch target {
        case .unit(let name, let manager, let wasStarted):
            guard manager != .systemd || Units.isSystemdRunning else { return .wrong("systemd doesn't run here") }
            do {
                return CheckAnswer(try await units.state(name, manager), of: name, wasStarted: wasStarted)
            } catch {
                let failure = Failure(wrapping: error)
                return .notYet(failure.message, output: failure.output)
            }
        case .http(let check): return await askHTTP(check, seconds)
        case .tcp(let host, let port):
            return await blocking { [stop] in PortProbe(stop: stop).ask(host, port, within: seconds) }
        case .command(var command):
            command.timeout = seconds
            return CheckAnswer(await runner.run(command))
        case .container(let name):
            do {
                return CheckAnswer(try await container(name))
            } catch {
                return .notYet(Failure(wrapping: error).message)
            }
        }
    }
}
