// ide-init's own command line. Called by one of the cfn-* names the same program behaves as that one: Personality.swift.

import ArgumentParser
import Glibc
import InitCore
import InitLinux

@main
enum EntryPoint {
    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        keepSecretsFromCoreDumps()
        var arguments = CommandLine.arguments
        let name = arguments.isEmpty ? "ide-init" : arguments.removeFirst()
        if let personality = Personality(program: name) {
            exit(await personality.run(arguments))
        }
        do {
            var command = try IdeInit.parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
        } catch {
            if !IdeInit.exitCode(for: error).isSuccess {
                await MisuseSignal.send(arguments, "wrong use: " + IdeInit.message(for: error))
            }
            IdeInit.exit(withError: error)
        }
    }
}

struct IdeInit: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "ide-init",
        abstract: "Brings an EC2 machine to the state that its CloudFormation Init metadata describes.",
        discussion: """
            EXAMPLES:
              ide-init plan metadata.json            what would change, and why
              ide-init plan metadata.json --diff     with the files' differences
              sudo ide-init apply metadata.json      make it so
              sudo ide-init apply metadata.json -c Setup,Start
              ide-init validate metadata.json        all mistakes at once
              sudo ide-init apply --stack dev --resource Host --region eu-west-1 --signal
              sudo ide-init apply -c Setup           again from that stack, another set
              ide-init signal --failure --reason "no disk" --stack dev --resource Host

            Called cfn-init, cfn-signal, cfn-get-metadata or cfn-hup it takes AWS's flags,
            and keeps its exit codes and logs.

            EXIT CODES:
              0 done, or nothing to do       64 wrong use
              1 failed                       65 invalid document
              2 a plan has changes           69 done, but the stack couldn't be told
                (--detailed-exitcode)        75 another run holds the lock
            """,
        version: version,
        subcommands: [
            PlanCommand.self, ApplyCommand.self, ValidateCommand.self, StatusCommand.self, WatchCommand.self,
            MetadataCommand.self, DNSCommand.self,
            SignalCommand.self,
            VersionCommand.self,
        ])
}

struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    func run() async { print("ide-init \(IdeInit.version)") }
}

/// Says what went wrong, and ends the process as a failure of this kind asks for.
func end(_ error: any Error, _ terminal: Terminal) -> Never {
    let failure = Failure(wrapping: error)
    terminal.print("ide-init: \(visible(failure.message))", to: .errors)
    exit(InitCore.ExitCode(failure.kind).rawValue)
}
