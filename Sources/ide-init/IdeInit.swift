// ide-init's own command line. Called by one of the cfn-* names the same program behaves as that one: Personality.swift.

import ArgumentParser
import Glibc
import InitCore

@main
enum EntryPoint {
    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        var arguments = CommandLine.arguments
        let name = arguments.isEmpty ? "ide-init" : arguments.removeFirst()
        if let personality = Personality(program: name) {
            exit(await personality.run(arguments))
        }
        await IdeInit.main(arguments)
    }
}

struct IdeInit: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "ide-init",
        abstract: "Brings an EC2 machine to the state that its CloudFormation Init metadata describes.",
        discussion: """
            EXAMPLES:
              ide-init plan metadata.json                 what would change, and why
              ide-init plan metadata.json --diff          with the files' differences
              sudo ide-init apply metadata.json           make it so; a second time nothing changes
              sudo ide-init apply metadata.json -c Setup  one configSet only
              ide-init validate metadata.json             all mistakes at once, each with its path

            By the name cfn-init it takes AWS's cfn-init's flags and keeps its exit codes and logs.

            EXIT CODES:
              0 done, or nothing to do · 1 failed · 2 changes (plan --detailed-exitcode)
              64 wrong use · 65 invalid document · 75 another run holds the lock
            """,
        version: version,
        subcommands: [PlanCommand.self, ApplyCommand.self, ValidateCommand.self, VersionCommand.self])
}

struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    func run() async { print("ide-init \(IdeInit.version)") }
}

/// Ends the process as a failure of this kind asks for.
func end(_ failure: Failure, _ terminal: Terminal) -> Never {
    terminal.print("ide-init: \(visible(failure.message))", to: .errors)
    exit(ExitCode(failure.kind).rawValue)
}
