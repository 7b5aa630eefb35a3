// ide-init signal: what cfn-signal does, with names that say what they mean.

import ArgumentParser
import InitAWS
import InitCore
import InitLinux

struct SignalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "signal", abstract: "Tell the stack, or a wait condition, how it went.",
        discussion: "Without a URL and without --stack: this host's last stack, else its tags.")

    @Argument(help: "A wait condition's URL, that in base64, or @FILE that holds it.")
    var url: String?

    @OptionGroup var stack: StackOptions

    @Flag(help: "It failed. (default: it succeeded)")
    var failure = false

    @Option(help: ArgumentHelp("The exit code of a program: 0 is success, all others failure.", valueName: "code"))
    var exitCode: Int?

    @Option(help: ArgumentHelp("Why; for the wait condition, the console and the journal.", valueName: "text"))
    var reason: String?

    @Option(help: ArgumentHelp("What the wait condition hands on to the template.", valueName: "text"))
    var data = ""

    @Option(help: ArgumentHelp("A unique id. (default: the instance's id, or the host's name)", valueName: "id"))
    var id: String?

    @Flag(help: "Tell FAILURE if a run with --signal was killed before it could tell; for ExecStopPost= of its unit.")
    var ifUntold = false

    func run() async {
        if ifUntold { return await tellOfKilledRun() }
        let terminal = Terminal(environment: Composition.environment)
        do {
            func cloud(_ settings: CloudSettings) -> Cloud {
                Cloud(
                    settings, environment: Composition.environment, patience: .signalling, stop: nil,
                    waiting: terminal.waiting)
            }
            var source = try stack.source
            guard url == nil || source == nil else {
                throw Failure(.usage, "a wait condition's URL and a stack are both named; which one is meant?")
            }
            if url == nil, source == nil { source = try Source.recorded() }
            if url == nil, source == nil {
                source = try await Source.ofTags(cloud(stack.cloud.settings()), for: .signal)
            }
            let target =
                try url.map(SignalTarget.init(waitCondition:))
                ?? source.map { .resource(stack: $0.stack, resource: $0.resource) }
            guard let target else { return }
            let isFailure = failure || exitCode ?? 0 != 0
            let why = reason ?? exitCode.flatMap { $0 == 0 ? nil : "ended with code \($0)" } ?? "failed"
            if isFailure { StackSignal.tellAdmin(why) }
            let signal = StackSignal(target, cloud(stack.cloud.settings(source)))
            let outcome = try await signal.tell(
                isFailure ? .failure(why) : .success, reason: reason, data: data, id: id)
            terminal.print(signal.text(outcome), to: .errors)
        } catch {
            end(error, terminal)
        }
    }

    private func tellOfKilledRun() async {
        let terminal = Terminal(environment: Composition.environment)
        let result = Composition.environment("SERVICE_RESULT").map { " (service result: \($0))" } ?? ""
        let why = reason ?? "ide-init was killed\(result)"
        do {
            guard let untold = try UntoldSignal.ofKilledRun() else { return }
            let cloud = Cloud(
                stack.cloud.settings(untold.source), environment: Composition.environment, patience: .signalling,
                stop: nil, waiting: terminal.waiting)
            StackSignal.tellAdmin(why)
            let signal = StackSignal(untold.target, cloud)
            let outcome = try await signal.tell(.failure(why), id: id)
            UntoldSignal.forget()
            terminal.print("ide-init: \(why); \(signal.text(outcome))", to: .errors)
        } catch {
            end(error, terminal)
        }
    }
}
