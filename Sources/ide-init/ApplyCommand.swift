// ide-init plan, apply and validate.

import ArgumentParser
import InitAWS
import InitCore
import InitLinux

struct RunOptions: ParsableArguments {
    @Flag(help: "Show how files' contents would differ, or differed.")
    var diff = false

    @Option(
        help: ArgumentHelp("The directory that counts as /, for baking images.", valueName: "dir"),
        completion: .directory)
    var root = "/"

    @Option(help: ArgumentHelp("Only this item, like files//etc/motd, or this section.", valueName: "section/name"))
    var only: String?

    @Flag(help: "Let a dry run execute commands' own test and defaults.")
    var runTests = false

    @Flag(help: "Let a dry run ask nobody for the values of references.")
    var offline = false

    @Flag(help: "Exit with 2 if a plan has changes.")
    var detailedExitcode = false

    @Option(help: ArgumentHelp("End the run after this time, like 90s, 10m or 1h.", valueName: "duration"))
    var timeout: String?

    func validate() throws {
        if let timeout, secondsIn(timeout) == nil {
            throw ValidationError("--timeout: \u{201C}\(timeout)\u{201D} is no duration; write one like 90s, 10m or 1h")
        }
    }
}

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what apply would change, and change nothing.")

    @OptionGroup var document: DocumentOptions
    @OptionGroup var options: RunOptions

    func run() async { await DocumentRun(mode: .plan, document: document, options: options).perform() }
}

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Bring this machine to the state that the document describes.")

    @OptionGroup var document: DocumentOptions
    @OptionGroup var options: RunOptions
    @OptionGroup var signalling: SignalOptions

    @Option(
        help: ArgumentHelp(
            "For a unit: the whole on an instance's first boot; on later ones nothing (first), or our own sections and commands that have a test (every).",
            valueName: "first|every"))
    var boot: BootMode?

    @Flag(help: "The same as plan.")
    var dryRun = false

    func run() async {
        var run = DocumentRun(mode: dryRun ? .plan : .apply, document: document, options: options)
        run.boot = boot
        // A dry run has done nothing that a stack could be told of.
        if !dryRun, signalling.isAsked { run.signalling = signalling }
        await run.perform()
    }
}

struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Check the document and tell all mistakes at once.")

    @OptionGroup var document: DocumentOptions

    func run() async {
        let run = DocumentRun(mode: .plan, document: document, options: RunOptions.parseOrExit([]))
        await run.validate()
    }
}
