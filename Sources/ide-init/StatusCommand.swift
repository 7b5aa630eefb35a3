// ide-init status: where the run is, or how the last one went.

import ArgumentParser
import Glibc
import InitCore

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Tell where the run is, or how the last one went.",
        discussion: "Exit codes: 0 done, or running; 1 failed; 3 there was no run yet.")

    @Flag(help: "Wait for the end of the run; where there was none yet, for its beginning too.")
    var wait = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() async {
        let terminal = Terminal(environment: Composition.environment)
        var status = StatusFile.read()
        while wait, status.map({ $0.state == .running }) ?? true {
            try? await Task.sleep(for: .milliseconds(200))
            status = StatusFile.read()
        }
        guard let status else {
            terminal.print("ide-init: there was no run here yet", to: .errors)
            Glibc.exit(3)
        }
        if json {
            terminal.write(status.json.prettyText(indent: 2))
        } else {
            for line in status.lines(now: secondsSince1970(), style: terminal.style(.output)) { terminal.print(line) }
        }
        Glibc.exit(status.state == .failed ? 1 : 0)
    }
}
