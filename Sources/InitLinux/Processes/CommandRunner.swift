// Runs a command: own process group, bounded and scrubbed output, a timeout, and no waiting for anything
// but the process itself, so that a daemon it leaves behind with our pipe in hand holds nobody up.

import Glibc
import InitCore
import Subprocess
import SystemPackage

struct CommandRunner: Sendable {
    let root: Root
    let accounts: Accounts
    let scrubber: Scrubber
    let stop: StopSwitch
    /// Learns what is running, so that it doesn't outlive a run that is killed.
    var runGuard: RunGuard?

    /// A child that can't be started is a result, not an error.
    func run(_ command: Command) async -> CommandResult {
        do {
            let plan = try await spawnPlan(command)
            return try await spawn(command, plan)
        } catch let failure as Failure {
            return CommandResult(.notStarted(failure.message))
        } catch {
            return CommandResult(.notStarted("\(error)"))
        }
    }

    private func spawn(_ command: Command, _ plan: SpawnPlan) async throws -> CommandResult {
        var options = PlatformOptions()
        options.processGroupID = 0
        let output = try OutputPipe(scrubber)
        let errors = command.separatesErrors ? try OutputPipe(scrubber) : nil
        let watch: @Sendable (pid_t, Int32) async -> ProcessWatch.Verdict = { [runGuard] process, descriptor in
            let watch = ProcessWatch(
                process: process, descriptor: descriptor, pipes: [output, errors].compactMap { $0 }, stop: stop,
                command: command)
            // A package manager finishes, whatever becomes of us.
            let told = command.finishesOnStop ? nil : runGuard
            told?.began(process)
            defer { told?.ended(process) }
            return await blocking { watch.wait() }
        }
        let configuration = Configuration(
            executable: .path(FilePath(plan.words[0])), arguments: Arguments(Array(plan.words.dropFirst())),
            environment: plan.environment, workingDirectory: plan.directory.map { FilePath($0) },
            platformOptions: options)
        let status: TerminationStatus
        let verdict: ProcessWatch.Verdict
        if let errors {
            let result = try await Subprocess.run(
                configuration, input: .none,
                output: .fileDescriptor(output.writeEnd, closeAfterSpawningProcess: true),
                error: .fileDescriptor(errors.writeEnd, closeAfterSpawningProcess: true)
            ) { await watch($0.processIdentifier.value, $0.processIdentifier.processDescriptor) }
            (status, verdict) = (result.terminationStatus, result.closureResult)
        } else {
            let result = try await Subprocess.run(
                configuration, input: .none,
                output: .fileDescriptor(output.writeEnd, closeAfterSpawningProcess: true), error: .combinedWithOutput
            ) { await watch($0.processIdentifier.value, $0.processIdentifier.processDescriptor) }
            (status, verdict) = (result.terminationStatus, result.closureResult)
        }
        for pipe in [output, errors] { pipe?.leaveToItself() }
        let ending: CommandResult.Ending =
            switch (verdict, status) {
            case (.timedOut, _): .timedOut(seconds: command.timeout ?? 0)
            case (.ended, .exited(let code)): .exited(code)
            case (.ended, .signaled(let signal)): .signalled(signal)
            }
        return CommandResult(ending, output: output.collected(), errors: errors?.collected() ?? [])
    }
}
