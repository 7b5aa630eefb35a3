// cfn-signal by name: tells a resource, or a wait condition, how it went.

import InitAWS
import InitCore
import InitLinux

struct CfnSignal: CfnCommand {
    let terminal: Terminal

    static let parser = OptionParser(
        program: "cfn-signal",
        usage: [
            "cfn-signal [options] --stack STACK --resource RESOURCE", "cfn-signal [options] <WaitConditionHandle URL>",
        ],
        options: [
            .help,
            CfnOption("s", "success", value: "SUCCESS", "true or false (default: true)"),
            CfnOption("i", "id", value: "ID", "A unique id (default: the instance's id, or the host's name)"),
            CfnOption(
                "e", "exit-code", value: "EXIT_CODE", "A program's exit code: 0 is a success, all others a failure"),
            CfnOption("r", "reason", value: "REASON", "Why it failed (wait conditions only)"),
            CfnOption("d", "data", value: "DATA", "What the wait condition hands on (wait conditions only)"),
            CfnOption(nil, "stack", value: "STACK_NAME", "A CloudFormation stack"),
            CfnOption(nil, "resource", value: "LOGICAL_RESOURCE_ID", "A CloudFormation logical resource ID"),
            CfnOption(nil, "url", value: "SERVICE_URL", "The CloudFormation service URL"),
            .region,
        ] + CfnOption.credentials + CfnOption.proxies)

    func run(_ options: ParsedOptions) async throws -> Int32 {
        let isSuccess = try Self.isSuccess(options)
        let target: SignalTarget
        switch (options.positionals.first, options.value("resource")) {
        case (_?, _?): return fail("Error: name either a wait condition's URL or a resource, not both")
        case (nil, nil): return misuse("name a wait condition's URL, or a stack and a resource")
        case (nil, let resource?):
            guard let stack = options.value("stack") else { return misuse("--resource takes --stack beside it") }
            target = .resource(stack: stack, resource: resource)
        case (let text?, nil):
            guard let condition = WaitCondition(text) else {
                return fail("Error: this is no wait condition's URL, neither as it is nor in base64")
            }
            target = .waitCondition(condition)
        }
        let cloud = Cloud(
            options.cloudSettings, environment: Composition.environment, patience: .signalling, stop: nil,
            waiting: terminal.waiting)
        let reason = options.value("reason")
        let verdict = isSuccess ? Verdict.success : .failure(reason ?? "Configuration Failed")
        let signal = StackSignal(target, cloud)
        let outcome = try await signal.tell(
            verdict, reason: reason, data: options.value("data") ?? "", id: options.value("id"))
        if outcome.note != nil {
            terminal.print(signal.text(outcome), to: .errors)
        } else if case .waitCondition = target {
            terminal.print("CloudFormation signaled successfully with \(isSuccess ? "SUCCESS" : "FAILURE").")
        }
        return 0
    }

    /// An exit code other than 0 is a failure whatever `--success` says; 0 leaves it to that.
    private static func isSuccess(_ options: ParsedOptions) throws -> Bool {
        if let text = options.values["exit-code"] {
            guard let code = Int(text.trimmingBlanks()) else {
                throw UsageError(message: "option -e: invalid integer value: '\(text)'")
            }
            if code != 0 { return false }
        }
        let success = options.values["success"] ?? "true"
        guard ["true", "false"].contains(success) else {
            throw UsageError(message: "option -s: invalid choice: '\(success)' (choose from 'true', 'false')")
        }
        return success == "true"
    }
}
