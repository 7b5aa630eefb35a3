// cfn-hup by name: watches resources of a stack and runs commands when they change, once or as a daemon.

import Glibc
import InitCore
import InitLinux

struct CfnHup: Sendable {
    /// Seconds that a second one waits for the end of the first: a restart.
    private static let patience = 5.0

    let terminal: Terminal

    static let parser = OptionParser(
        program: "cfn-hup",
        usage: ["cfn-hup [options]"],
        options: [
            .help,
            CfnOption(
                "c", "config", value: "CONFIG_PATH", "The directory of cfn-hup.conf and hooks.d (default: /etc/cfn)"),
            CfnOption(nil, "no-daemon", "Look once, then exit"),
            CfnOption("v", "verbose", "Log actions' output to /var/log/cfn-hup.log as well"),
        ])

    func run(_ arguments: [String]) async -> Int32 {
        let options: ParsedOptions
        do {
            options = try Self.parser.parse(arguments)
        } catch let error as UsageError {
            terminal.write(Self.parser.usageText + "\ncfn-hup: error: \(error.message)\n", to: .errors)
            return 2
        } catch {
            terminal.print("cfn-hup: \(visible("\(error)"))", to: .errors)
            return 1
        }
        if options.flags.contains("help") {
            terminal.write(Self.parser.help)
            return 0
        }
        let scrubber = Scrubber()
        let stop = StopSwitch()
        // What a hook's action does goes to no service of ours.
        let composition = Composition(
            terminal: terminal, stop: stop, cloud: HupService.cloud(CloudSettings(), terminal, stop, scrubber))
        let isVerbose = options.flags.contains("verbose")
        let log = HupLog(isVerbose: isVerbose, scrubber: scrubber, terminal: terminal)
        let service = HupService(
            directory: Self.absolute(options.values["config"] ?? "/etc/cfn"), isVerbose: isVerbose,
            composition: composition, scrubber: scrubber, log: log)
        do {
            let plan = try service.start(told: options.positionals)
            if options.flags.contains("no-daemon") { return try await service.once(plan) ? 0 : 1 }
            return try await daemon(service, plan, arguments)
        } catch {
            log.write(.error, Failure(wrapping: error).message)
            return 1
        }
    }

    private func daemon(_ service: HupService, _ plan: HupService.Plan, _ arguments: [String]) async throws -> Int32 {
        let stop = service.composition.stop
        let pidFile: PidFile
        if let inherited = Daemon.inheritedPidFile(HupDaemon.pidFile) {
            pidFile = inherited
        } else {
            var isAtHome = Daemon.isSupervised
            if isAtHome { isAtHome = await !Daemon.isExpectedToFork() }
            pidFile = try await PidFile.acquire(
                HupDaemon.pidFile, program: "cfn-hup", patience: Self.patience, stop: stop)
            guard isAtHome else {
                service.warn(plan)
                try Daemon.detach(["cfn-hup"] + arguments, pidFile: pidFile)
                return 0
            }
            pidFile.write(getpid())
        }
        defer { pidFile.remove() }
        guard chdir("/") == 0 else { throw Failure(.host, "/ can't be entered") }
        await service.run(plan)
        return 0
    }

    private static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let current = getcwd(nil, 0) else { return path }
        defer { free(current) }
        return "\(String(cString: current))/\(path)"
    }
}
