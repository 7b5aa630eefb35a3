// ide-init plan, apply and validate.

import ArgumentParser
import Glibc
import InitCore
import InitLinux

struct DocumentOptions: ParsableArguments {
    @Argument(help: "The metadata document, or - for standard input.", completion: .file(extensions: ["json"]))
    var file: String

    @Option(
        name: [.short, .customLong("configsets")],
        help: "The configSets to run, in order, with commas between. (default: default)")
    var configSets = ""

    @Flag(help: "As lenient as cfn-init: what it ignores is a warning.")
    var compatible = false

    @Flag(help: "Print JSON (packaging/docs/json.md).")
    var json = false

    var names: [String] {
        configSets.isEmpty ? [] : configSets.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }

    /// Ends the process with every mistake listed if there is one.
    func load(_ terminal: Terminal) -> LoadedDocument {
        do {
            let name = file == "-" ? "standard input" : file
            let loaded = try LoadedDocument(
                Composition.read(file), name: name, configSets: names, compatible: compatible)
            let diagnostics = loaded.document.diagnostics
            if diagnostics.hasErrors {
                let view = TextView(mode: .plan, style: terminal.style(.errors), scrubber: loaded.scrubber)
                for diagnostic in diagnostics.items { terminal.print(view.line(diagnostic), to: .errors) }
                let count = diagnostics.errors.count
                terminal.print(
                    "ide-init: \(count == 1 ? "one mistake" : "\(count) mistakes") in \(name); nothing was changed",
                    to: .errors)
                Glibc.exit(ExitCode.invalidDocument.rawValue)
            }
            return loaded
        } catch {
            end(Failure(wrapping: error), terminal)
        }
    }
}

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

    func run() async { await perform(.plan, document, options) }
}

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Bring this machine to the state that the document describes.")

    @OptionGroup var document: DocumentOptions
    @OptionGroup var options: RunOptions

    @Flag(help: "The same as plan.")
    var dryRun = false

    func run() async { await perform(dryRun ? .plan : .apply, document, options) }
}

struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Check the document and tell all mistakes at once.")

    @OptionGroup var document: DocumentOptions

    func run() async {
        let terminal = Terminal(environment: Composition.environment)
        let loaded = document.load(terminal)
        let view = TextView(mode: .plan, style: terminal.style(.errors), scrubber: loaded.scrubber)
        for warning in loaded.document.diagnostics.warnings { terminal.print(view.line(warning), to: .errors) }
        let count = loaded.document.sets.flatMap(\.configs).map(\.resources.count).reduce(0, +)
        terminal.print(
            "valid: \(count) \(count == 1 ? "item" : "items") in \(loaded.document.sets.map(\.name).joined(separator: ", "))"
        )
    }
}

private func perform(_ mode: Report.Mode, _ documentOptions: DocumentOptions, _ options: RunOptions) async -> Never {
    let terminal = Terminal(environment: Composition.environment)
    let loaded = documentOptions.load(terminal)
    let scrubber = loaded.scrubber
    let view = TextView(mode: mode, style: terminal.style(.output), showsDiff: options.diff, scrubber: scrubber)
    let progress = TextView(mode: mode, style: terminal.style(.errors), scrubber: scrubber)
    if !documentOptions.json {
        for warning in loaded.document.diagnostics.warnings { terminal.print(progress.line(warning), to: .errors) }
    }
    var run = Run(composition: Composition(root: Root(options.root), terminal: terminal), mode: mode)
    run.runsTests = options.runTests
    if let only = options.only {
        let filter = ResourceFilter(only)
        let items = loaded.document.sets.flatMap(\.configs).flatMap(\.resources).map(\.id)
        guard items.contains(where: filter.includes) else {
            end(Failure(.usage, "--only \(only): the chosen configSets hold no such item"), terminal)
        }
        run.only = filter
    }
    run.timeout = options.timeout.flatMap(secondsIn)
    let isJSON = documentOptions.json
    do {
        let report = try await run.perform(loaded.document, scrubber: scrubber) { event in
            guard !isJSON else { return }
            switch event {
            case .setStarted: break
            case .configStarted(let name): terminal.print(view.clean(name))
            case .itemStarted(let id): terminal.pass("  … \(view.clean("\(id)"))")
            case .itemFinished(let item): for line in view.lines(item) { terminal.print(line) }
            }
        }
        terminal.clear()
        if isJSON {
            terminal.write(JSONView(scrubber: scrubber, showsDiff: options.diff).text(report))
        } else {
            for line in view.summary(report) { terminal.print(line) }
        }
        exit(ExitCode(report, detailed: options.detailedExitcode).rawValue)
    } catch {
        end(Failure(wrapping: error), terminal)
    }
}
