// cfn-init by name: the original's flags, exit codes, paths and log markers around the same run.

import Glibc
import InitCore
import InitLinux

struct CfnInit: Sendable {
    static let storedMetadata = "/var/lib/cfn-init/data/metadata.json"

    let terminal: Terminal

    static let parser = OptionParser(
        program: "cfn-init",
        usage: ["cfn-init [options]", "cfn-init [options] <filename>", "cfn-init [options] -"],
        options: [
            CfnOption("h", "help", "show this help message and exit"),
            CfnOption("s", "stack", value: "STACK_NAME", "A CloudFormation stack"),
            CfnOption("r", "resource", value: "LOGICAL_RESOURCE_ID", "A CloudFormation logical resource ID"),
            CfnOption(
                "c", "configsets", value: "CONFIG_SETS",
                "An optional list of configSets, separated by commas (default: \"default\")"),
            CfnOption("u", "url", value: "SERVICE_URL", "The CloudFormation service URL"),
            CfnOption(nil, "region", value: "REGION", "The region of the stack (default: us-east-1)"),
            CfnOption("f", "credential-file", value: "CREDENTIAL_FILE", "A credential file with mode 0400 or 0600"),
            CfnOption(nil, "role", value: "IAM_ROLE", "An IAM role of this instance"),
            CfnOption(nil, "access-key", value: "ACCESS_KEY", "An AWS access key"),
            CfnOption(nil, "secret-key", value: "SECRET_KEY", "An AWS secret key"),
            CfnOption(nil, "http-proxy", value: "HTTP_PROXY", "A proxy for http: [scheme://][user:password@]host:port"),
            CfnOption(nil, "https-proxy", value: "HTTPS_PROXY", "A proxy for https, as above"),
            CfnOption("t", "strict", "An rpm package file that can't be read is an error"),
            CfnOption(nil, "resume", "Only of use on Windows"),
            CfnOption("v", "verbose", "Log commands' output to /var/log/cfn-init.log as well"),
            CfnOption(
                nil, "dry-run", "Show what would change, and change nothing (not in AWS's cfn-init)", isOurs: true),
            CfnOption(nil, "diff", "With --dry-run: show how files would differ", isOurs: true),
        ])

    func run(_ arguments: [String]) async -> Int32 {
        let options: ParsedOptions
        do {
            options = try Self.parser.parse(arguments)
        } catch let error as UsageError {
            terminal.write(Self.parser.usageText + "\ncfn-init: error: \(error.message)\n", to: .errors)
            return 2
        } catch {
            return fail("\(error)")
        }
        if options.flags.contains("help") {
            terminal.write(Self.parser.help)
            return 0
        }
        let hasStack = options.values["stack"] != nil || options.values["resource"] != nil
        guard options.positionals.count <= 1, options.positionals.isEmpty || !hasStack else {
            return misuse("Error: name either one file or a stack and a resource, not both")
        }
        guard let file = options.positionals.first else {
            guard options.values["stack"] != nil, options.values["resource"] != nil else {
                return misuse("Error: name a file, or a stack and a resource")
            }
            return fail(
                "metadata from a stack needs AWS, which ide-init \(IdeInit.version) doesn't speak; give it as a file or on standard input"
            )
        }
        return await apply(file, options)
    }

    private func misuse(_ message: String) -> Int32 {
        terminal.write(message + "\n" + Self.parser.help, to: .errors)
        return 1
    }

    private func fail(_ message: String) -> Int32 {
        terminal.print(visible(message), to: .errors)
        return 1
    }

    private func apply(_ file: String, _ options: ParsedOptions) async -> Int32 {
        let isRehearsal = options.flags.contains("dry-run")
        let loaded: LoadedDocument
        do {
            let names = (options.values["configsets"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
                .map(String.init)
            loaded = try LoadedDocument(
                Composition.read(file), name: file == "-" ? "standard input" : file,
                configSets: names.filter { !$0.isEmpty },
                compatible: true, strict: options.flags.contains("strict"))
            if !isRehearsal {
                try writePrivately(
                    Array(loaded.scrubber.scrub(loaded.redaction.metadata.prettyText()).utf8), to: Self.storedMetadata,
                    root: Root())
            }
        } catch {
            return fail(Failure(wrapping: error).message)
        }
        let log =
            isRehearsal
            ? nil : CfnLogs(isVerbose: options.flags.contains("verbose"), scrubber: loaded.scrubber, terminal: terminal)
        let view = TextView(mode: .plan, style: terminal.style(.errors), scrubber: loaded.scrubber)
        for warning in loaded.document.diagnostics.warnings {
            terminal.print(view.line(warning), to: .errors)
            log?.main(.warning, warning.line)
        }
        let errors = loaded.document.diagnostics.errors
        if !errors.isEmpty {
            log?.main(.info, CfnLogs.centred("Starting build"))
            return failBuild(errors.map(\.line).joined(separator: "\n"), loaded.scrubber, log)
        }
        if loaded.document.isMissingInit { return 0 }
        return await run(loaded, isRehearsal, options.flags.contains("diff"), log)
    }

    private func run(_ loaded: LoadedDocument, _ isRehearsal: Bool, _ showsDiff: Bool, _ log: CfnLogs?) async -> Int32 {
        var run = Run(composition: Composition(terminal: terminal), mode: isRehearsal ? .plan : .apply)
        run.waitsForLock = true
        log?.main(.info, CfnLogs.centred("Starting build"))
        log?.main(.info, "Running configSets: \(loaded.document.sets.map(\.name).joined(separator: ", "))")
        let view = TextView(
            mode: .plan, style: terminal.style(.output), showsDiff: showsDiff, scrubber: loaded.scrubber)
        do {
            let report = try await run.perform(
                loaded.document, scrubber: loaded.scrubber, observe: { log?.observing($0) ?? $0 }
            ) { event in
                log?.record(event)
                guard isRehearsal else { return }
                if case .configStarted(let name) = event { terminal.print(view.clean(name)) }
                if case .itemFinished(let item) = event { for line in view.lines(item) { terminal.print(line) } }
            }
            if let (subject, failure) = report.firstFailure {
                let output = failure.output.map { "\n\($0)" } ?? ""
                return failBuild("\(subject.map { "\($0): " } ?? "")\(failure.message)\(output)", loaded.scrubber, log)
            }
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
            return failBuild(Failure(wrapping: error).message, loaded.scrubber, log)
        }
    }

    private func failBuild(_ reason: String, _ scrubber: Scrubber, _ log: CfnLogs?) -> Int32 {
        log?.main(.error, CfnLogs.centred("BUILD FAILED!"))
        log?.main(.error, "Unhandled exception during build: \(reason)")
        for line in scrubber.scrub("Error occurred during build: \(reason)").split(separator: "\n") {
            terminal.print(visible(String(line)), to: .errors)
        }
        return 1
    }
}
