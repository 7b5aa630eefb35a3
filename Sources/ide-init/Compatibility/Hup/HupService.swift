// What a pass and the daemon around it are made of.

import Glibc
import InitAWS
import InitCore
import InitLinux

struct HupService: Sendable {
    /// What stays from pass to pass, until SIGHUP.
    struct Plan: Sendable {
        let setup: HupSetup
        let describe: DescribeResource
    }

    let directory: String
    /// On the command line; the configuration may say it too.
    let isVerbose: Bool
    let composition: Composition
    let scrubber: Scrubber
    let log: HupLog
    private let store = HupStore()

    init(
        directory: String, isVerbose: Bool, composition: Composition, scrubber: Scrubber, log: HupLog
    ) {
        self.directory = directory
        self.isVerbose = isVerbose
        self.composition = composition
        self.scrubber = scrubber
        self.log = log
    }

    var host: Host { composition.host(mode: .apply, runsTests: true, scrubber: scrubber) }

    /// Everything that can be wrong before the first pass, while somebody may still be looking.
    /// - Throws: `Failure`.
    func start(told positionals: [String]) throws -> Plan {
        let plan = try plan()
        let setup = plan.setup
        if setup.configuration.isVerbose, !isVerbose { log.reopen(isVerbose: true) }
        if !positionals.isEmpty {
            log.write(.warning, "cfn-hup takes options only; \(positionals.joined(separator: " ")) has no effect")
        }
        _ = try store.load()
        return plan
    }

    private func plan() throws -> Plan {
        let setup = try HupSetup(directory: directory)
        return Plan(setup: setup, describe: describe(setup.configuration))
    }

    /// Credentials in cfn-hup's own order: the role, else the credential file, else the instance's identity.
    private func describe(_ configuration: HupConfiguration) -> DescribeResource {
        var settings = CloudSettings(manner: .original, region: configuration.region, url: configuration.url)
        settings.credentials.role = configuration.role
        if configuration.role == nil { settings.credentials.file = configuration.credentialFile }
        let cloud = Self.cloud(settings, composition.terminal, composition.stop, scrubber)
        return { resource in
            try await cloud.cloudFormation().describe(Source(stack: configuration.stack, resource: resource))
        }
    }

    static func cloud(_ settings: CloudSettings, _ terminal: Terminal, _ stop: StopSwitch, _ scrubber: Scrubber)
        -> Cloud
    {
        Cloud(
            settings, environment: Composition.environment, patience: .watching, stop: stop,
            waiting: terminal.waiting, learned: { scrubber.add($0) })
    }

    /// For whoever leaves a daemon behind.
    func warn(_ plan: Plan) {
        for note in plan.setup.notes { composition.terminal.print("cfn-hup: \(visible(note))", to: .errors) }
    }

    private func tell(_ setup: HupSetup) {
        for note in setup.notes { log.write(.warning, note) }
        let hooks = setup.hooks.map(\.name).joined(separator: ", ")
        log.write(.info, "cfn-hup of ide-init \(IdeInit.version), stack \(setup.configuration.stack), hooks: \(hooks)")
    }

    /// - Returns: whether each resource could be described.
    func once(_ plan: Plan) async throws -> Bool {
        composition.stop.watchSignals()
        tell(plan.setup)
        return try await pass(plan)
    }

    /// Until SIGTERM.
    func run(_ plan: Plan) async {
        let stop = composition.stop
        let hangUp = HangUp()
        stop.watchSignals(hangUp: hangUp)
        tell(plan.setup)
        umask(mode_t(plan.setup.configuration.umask))
        let loop = HupLoop<Plan>(
            pass: { plan in
                do {
                    _ = try await pass(plan)
                } catch {
                    guard stop.stopReason == nil else { return }
                    log.write(.error, "this pass ended early: \(Failure(wrapping: error).message)")
                }
            },
            reload: { reload() },
            interval: \.setup.configuration.interval,
            wait: { seconds in
                await stop.sleep(seconds, or: hangUp)
                if stop.stopReason != nil { return .stop }
                return hangUp.take() ? .reload : .elapsed
            },
            clock: monotonicSeconds, random: { Double.random(in: $0) },
            log: log.write)
        await loop.run(plan)
        log.write(.info, "cfn-hup ends: \(stop.stopReason?.message ?? "it was told to")")
    }

    private func reload() -> Plan? {
        do {
            let plan = try plan()
            let setup = plan.setup
            log.reopen(isVerbose: isVerbose || setup.configuration.isVerbose)
            umask(mode_t(setup.configuration.umask))
            log.write(.info, "SIGHUP: configuration and hooks were read again")
            tell(setup)
            return plan
        } catch {
            log.write(.error, "SIGHUP: what was read before stays in force: \(Failure(wrapping: error).message)")
            return nil
        }
    }

    /// The state is read each time: who removes the file wants every post.add to run again.
    private func pass(_ plan: Plan) async throws -> Bool {
        var (state, note) = try store.load()
        if let note { log.write(.error, note) }
        let pass = HupPass(
            hooks: plan.setup.hooks, describe: plan.describe, run: host.run,
            save: store.save, stopReason: { composition.stop.stopReason }, log: log.write, scrubber: scrubber)
        return try await pass.perform(&state)
    }
}
