// ide-init watch: applies the stack's metadata whenever it changes.

import ArgumentParser
import Glibc
import InitAWS
import InitCore
import InitLinux

struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Apply the stack's metadata whenever it changes.",
        discussion: """
            Asks CloudFormation every few minutes. What has changed is applied whole, but commands that have no
            test and stand there as they did aren't run again. SIGHUP makes it look at once.
            """)

    @OptionGroup var stack: StackOptions

    @Option(help: ArgumentHelp("How often to look, like 90s, 5m or 1h; at least 10s.", valueName: "duration"))
    var interval = "5m"

    @Option(
        name: [.short, .customLong("configsets")],
        help: "The configSets to run, in order, with commas between. (default: those of the last run)")
    var configSets = ""

    func validate() throws {
        guard let seconds = secondsIn(interval), seconds >= 10 else {
            throw ValidationError(
                "--interval: \u{201C}\(interval)\u{201D} is no duration of 10 seconds or more; write one like 90s, 5m or 1h"
            )
        }
    }

    func run() async {
        let watch = Watch(
            stack: stack, configSets: configSets.split(separator: ",").map(String.init),
            interval: secondsIn(interval) ?? 300)
        do {
            try await watch.run()
        } catch {
            end(error, Terminal(environment: Composition.environment))
        }
    }
}
