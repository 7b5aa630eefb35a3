// A slip of the pen in a user-data line is a failure like any other: the stack needn't wait for its timeout to learn of it.

import ArgumentParser
import InitAWS
import InitCore
import InitLinux

enum MisuseSignal {
    /// Tells the stack that the arguments of an `apply --signal` can't be understood, as far as whom to tell can.
    static func send(_ arguments: [String], _ message: String) async {
        guard arguments.first == "apply", !arguments.contains("--dry-run") else { return }
        let terminal = Terminal(environment: Composition.environment)
        do {
            let signalling = try SignalOptions.parse(
                picked(["--signal-resource", "--signal-url"], ["--signal"], arguments))
            guard signalling.isAsked else { return }
            let valued = [
                "--stack", "-s", "--resource", "-r", "--region", "--url", "--role", "--profile", "--credential-file",
                "-f", "--http-proxy", "--https-proxy",
            ]
            let stack = try StackOptions.parse(picked(valued, [], arguments))
            func cloud(_ settings: CloudSettings) -> Cloud {
                Cloud(
                    settings, environment: Composition.environment, patience: .signalling, stop: nil,
                    waiting: terminal.waiting)
            }
            let source = try stack.source ?? Source.recorded()
            let target = try await signalling.target {
                if let source { return source }
                return try await Source.ofTags(cloud(stack.cloud.settings()), for: .signal)
            }
            StackSignal.tellAdmin(message)
            let signal = StackSignal(target, cloud(stack.cloud.settings(source)))
            terminal.print("ide-init: \(signal.text(try await signal.tell(.failure(message))))", to: .errors)
        } catch {
            terminal.print(
                "ide-init: the stack couldn't be told: \(visible(Failure(wrapping: error).message))", to: .errors)
        }
    }

    /// Those of the arguments, with their values.
    private static func picked(_ valued: [String], _ flags: [String], _ arguments: [String]) -> [String] {
        var result: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let name = argument.hasPrefix("--") ? String(argument.prefix { $0 != "=" }) : argument
            guard valued.contains(name) else {
                if flags.contains(argument) { result.append(argument) }
                continue
            }
            result.append(argument)
            if !argument.contains("="), let value = rest.popFirst() { result.append(value) }
        }
        return result
    }
}
