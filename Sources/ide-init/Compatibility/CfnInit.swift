// cfn-init by name: the original's flags, exit codes, paths and log markers around the same run.

import Glibc
import InitCore
import InitLinux

struct CfnInit: CfnCommand {
    static let storedMetadata = "/var/lib/cfn-init/data/metadata.json"

    let terminal: Terminal

    static let parser = OptionParser(
        program: "cfn-init",
        usage: ["cfn-init [options]", "cfn-init [options] <filename>", "cfn-init [options] -"],
        options: [
            .help,
            CfnOption("s", "stack", value: "STACK_NAME", "A CloudFormation stack"),
            CfnOption("r", "resource", value: "LOGICAL_RESOURCE_ID", "A CloudFormation logical resource ID"),
            CfnOption(
                "c", "configsets", value: "CONFIG_SETS",
                "An optional list of configSets, separated by commas (default: \"default\")"),
            .url, .region,
        ] + CfnOption.credentials + CfnOption.proxies + [
            CfnOption("t", "strict", "An rpm package file that can't be read is an error"),
            CfnOption(nil, "resume", "Only of use on Windows"),
            CfnOption("v", "verbose", "Log commands' output to /var/log/cfn-init.log as well"),
            CfnOption(
                nil, "dry-run", "Show what would change, and change nothing (not in AWS's cfn-init)", isOurs: true),
            CfnOption(nil, "diff", "With --dry-run: show how files would differ", isOurs: true),
        ])

    private let stop = StopSwitch()
    private let scrubber = Scrubber()

    init(terminal: Terminal) { self.terminal = terminal }

    func run(_ options: ParsedOptions) async throws -> Int32 {
        let given = ["stack", "resource"].compactMap(options.value)
        guard options.positionals.count <= 1, options.positionals.isEmpty || given.isEmpty else {
            return misuse("name either one file or a stack and a resource, not both")
        }
        guard !options.positionals.isEmpty || given.count == 2 else {
            return misuse("name a file, or a stack and a resource")
        }
        let isRehearsal = options.flags.contains("dry-run")
        stop.watchSignals()
        if !isRehearsal { NotifySocket()?.askForPatience(stop) }
        let cloud = Cloud(
            options.cloudSettings, environment: Composition.environment,
            patience: isRehearsal ? .planning : .applying(), stop: stop, waiting: terminal.waiting,
            learned: { [scrubber] in scrubber.add($0) })
        let source = given.count == 2 ? Self.source(given, options) : nil
        let log =
            isRehearsal
            ? nil : CfnLogs(isVerbose: options.flags.contains("verbose"), scrubber: scrubber, terminal: terminal)
        let loaded: LoadedDocument
        do {
            loaded = try await load(options, source, cloud)
            if !isRehearsal { try writePrivately(loaded.storable, to: Self.storedMetadata, root: Root()) }
        } catch {
            log?.main(.error, Failure(wrapping: error).message)
            throw error
        }
        let view = TextView(mode: .plan, style: terminal.style(.errors), scrubber: scrubber)
        for warning in loaded.document.diagnostics.warnings {
            terminal.print(view.line(warning), to: .errors)
            log?.main(.warning, warning.line)
        }
        let errors = loaded.document.diagnostics.errors
        if !errors.isEmpty {
            log?.main(.info, CfnLogs.centred("Starting build"))
            return failBuild(errors.map(\.line).joined(separator: "\n"), log)
        }
        if loaded.document.isMissingInit { return 0 }
        var run = Run(
            composition: Composition(terminal: terminal, stop: stop, cloud: cloud), mode: isRehearsal ? .plan : .apply)
        run.waitsForLock = true
        // The original takes a service that was started for one that runs.
        run.waitsForUnits = false
        return await perform(run, loaded, source, showsDiff: options.flags.contains("diff"), log)
    }

    /// As an admin's `ide-init apply` will find it again.
    private static func source(_ given: [String], _ options: ParsedOptions) -> Source {
        Source(
            stack: given[0], resource: given[1], region: options.value("region") ?? "us-east-1",
            url: options.value("url"),
            role: options.value("role"), credentialFile: options.value("credential-file"),
            configSets: configSets(options), isCompatible: true)
    }

    private static func configSets(_ options: ParsedOptions) -> [String] {
        (options.values["configsets"] ?? "").split(separator: ",").map(String.init)
    }

    private func load(_ options: ParsedOptions, _ source: Source?, _ cloud: Cloud) async throws -> LoadedDocument {
        let origin = source.map(Origin.stack) ?? .file(options.positionals.first ?? "-")
        var duplicates: [JSONParser.DuplicateKey] = []
        var metadata = JSONValue.null
        switch origin {
        case .stack(let source): metadata = try await source.metadata(cloud)
        case .file(let file):
            let parsed = try JSONParser.parse(Composition.read(file), name: origin.name)
            (metadata, duplicates) = (parsed.value, parsed.duplicates)
        }
        return LoadedDocument(
            metadata, of: origin, facts: await FactFinding.apply.facts(for: metadata, of: origin, cloud),
            configSets: Self.configSets(options), compatible: true,
            strict: options.flags.contains("strict"), duplicates: duplicates, scrubber: scrubber)
    }

    private func perform(
        _ run: Run, _ loaded: LoadedDocument, _ source: Source?, showsDiff: Bool, _ log: CfnLogs?
    ) async -> Int32 {
        log?.main(.info, CfnLogs.centred("Starting build"))
        log?.main(.info, "Running configSets: \(loaded.document.sets.map(\.name).joined(separator: ", "))")
        let isRehearsal = run.mode == .plan
        let view = TextView(mode: .plan, style: terminal.style(.output), showsDiff: showsDiff, scrubber: scrubber)
        do {
            let report = try await run.perform(loaded, source: source, observe: { log?.observing($0) ?? $0 }) { event in
                log?.record(event)
                guard isRehearsal else { return }
                if case .configStarted(let name) = event { terminal.print(view.clean(name)) }
                if case .itemFinished(let item) = event { for line in view.lines(item) { terminal.print(line) } }
                if case .readinessStarted = event { terminal.print(Readiness.key) }
                if case .checkFinished(let result) = event { for line in view.lines(result) { terminal.print(line) } }
            }
            if let reason = report.failureText { return failBuild(reason, log) }
            if isRehearsal {
                for line in view.summary(report) { terminal.print(line) }
                terminal.print(
                    "cfn-init: a dry run; nothing was applied, so a cfn-signal after it would tell the stack something untrue",
                    to: .errors)
            }
            log?.main(.info, "ConfigSets completed")
            log?.main(.info, CfnLogs.centred("Build complete"))
            return 0
        } catch {
            return failBuild(Failure(wrapping: error).message, log)
        }
    }

    private func failBuild(_ reason: String, _ log: CfnLogs?) -> Int32 {
        log?.main(.error, CfnLogs.centred("BUILD FAILED!"))
        log?.main(.error, "Unhandled exception during build: \(reason)")
        for line in scrubber.scrub("Error occurred during build: \(reason)").split(separator: "\n") {
            terminal.print(visible(String(line)), to: .errors)
        }
        return 1
    }
}
