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
            var source: Source?
            if url == nil {
                source = try stack.source ?? Source.recorded()
                if source == nil { source = try await Source.ofTags(cloud(stack.cloud.settings()), for: .signal) }
            }
            let target =
                try url.map(SignalTarget.init(waitCondition:))
                ?? source.map { .resource(stack: $0.stack, resource: $0.resource) }
            guard let target else { return }
            let isFailure = failure || exitCode ?? 0 != 0
            let why = reason ?? exitCode.map { "ended with code \($0)" } ?? "failed"
            if isFailure { StackSignal.tellAdmin(why) }
            let (_, note) = try await StackSignal(target, cloud(stack.cloud.settings(source))).tell(
                isFailure ? .failure(why) : .success, reason: reason, data: data, id: id)
            let word = isFailure ? "FAILURE" : "SUCCESS"
            terminal.print(
                note.map { "no signal was needed: \(visible($0))" } ?? "\(word) signalled to \(target.text)",
                to: .errors)
        } catch {
            end(error, terminal)
        }
    }

    private func tellOfKilledRun() async {
        guard let untold = UntoldSignal.ofKilledRun() else { return }
        let terminal = Terminal(environment: Composition.environment)
        let result = Composition.environment("SERVICE_RESULT").map { " (service result: \($0))" } ?? ""
        let why = reason ?? "ide-init was killed\(result)"
        let cloud = Cloud(
            stack.cloud.settings(untold.source), environment: Composition.environment, patience: .signalling, stop: nil,
            waiting: terminal.waiting)
        let target = SignalTarget.resource(stack: untold.source.stack, resource: untold.source.resource)
        StackSignal.tellAdmin(why)
        do {
            try await StackSignal(target, cloud).tell(.failure(why), id: id)
            UntoldSignal.forget()
            terminal.print("ide-init: \(why); \(target.text) was told", to: .errors)
        } catch {
            end(error, terminal)
        }
    }
}
