// commands: {NAME: {command, env, cwd, test, ignoreErrors, defaults, runas, timeout, retries}}, by name, one after the other.

let commandsSection = SectionType(key: "commands") { input, diagnostics in
    input.sortedItems(&diagnostics).compactMap { name, node in
        let attributes = CommandAttributes(node, name: name, defaultTimeout: input.commandTimeout, &diagnostics)
        return CommandResource(
            id: input.id(name), node: node, attributes: attributes, defaultTimeout: input.commandTimeout,
            isCompatible: diagnostics.isCompatible, mark: input.mark(name))
    }
}

/// One command's attributes, read from the document, or from it and what `defaults` printed.
struct CommandAttributes: Sendable, Equatable {
    static let keys = [
        "command", "env", "cwd", "test", "ignoreErrors", "waitAfterCompletion", "defaults", "runas", "timeout",
        "retries",
    ]

    var command: Command?
    var test: Command?
    var defaults: Command?

    init(_ node: JSONNode, name: String, defaultTimeout: Double?, _ diagnostics: inout Diagnostics) {
        _ = node.map(&diagnostics)
        node.checkKeys(Self.keys, &diagnostics)
        var environment = Command.Environment.inherited(setting: [:])
        if let env = node.given("env"), env.value.isTruthy {
            var values: [String: Secret] = [:]
            for (key, value) in env.map(&diagnostics) { values[key] = value.text(&diagnostics).map { Secret($0) } }
            environment = .only(values)
        }
        let directory = node.given("cwd")?.text(&diagnostics)
        let user = node.given("runas")?.text(&diagnostics)
        let timeout = node.given("timeout").map { $0.duration(&diagnostics) } ?? defaultTimeout
        func child(_ key: String, title: String) -> Command? {
            guard let node = node.given(key), let program = Self.program(node, &diagnostics) else { return nil }
            return Command(
                title, program, environment: environment, directory: directory, user: user, timeout: timeout)
        }
        command = child("command", title: "Command \(name)")
        command?.ignoresErrors = node.given("ignoreErrors")?.flag(&diagnostics) ?? false
        command?.retries = node.given("retries")?.whole(&diagnostics, 0...1000) ?? 0
        test = child("test", title: "Test for Command \(name)")
        defaults = child("defaults", title: "Defaults for Command \(name)")
        if node.given("command") == nil, defaults == nil, node.isMap {
            diagnostics.error(node.path, "there is no \u{201C}command\u{201D} in it")
        }
    }

    private static func program(_ node: JSONNode, _ diagnostics: inout Diagnostics) -> Command.Program? {
        if case .string = node.value { return node.text(&diagnostics).map { .shell($0) } }
        guard node.isList else {
            node.complain("a string for the shell or a list of words", &diagnostics)
            return nil
        }
        let words = node.texts(&diagnostics)
        guard words.first?.isEmpty == false else {
            diagnostics.error(node.path, "the list holds no program; its first word is what is run")
            return nil
        }
        return .arguments(words)
    }
}

struct CommandResource: Resource {
    let id: ResourceID
    let node: JSONNode
    let attributes: CommandAttributes
    let defaultTimeout: Double?
    let isCompatible: Bool
    let mark: Mark

    func plan(_ now: Planning) async throws -> Plan {
        var attributes = attributes
        if let defaults = attributes.defaults {
            guard let result = try await now.probe.test(defaults) else {
                return run(attributes.command, .knownAfter("its defaults command has run"))
            }
            attributes = try merged(with: result)
        }
        guard let command = attributes.command else {
            throw Failure(.host, "its defaults command gave it no \u{201C}command\u{201D}")
        }
        if let test = attributes.test {
            guard let result = try await now.probe.test(test) else {
                return run(command, .knownAfter("its test has run"))
            }
            switch result.ending {
            case .exited(0): break
            case .exited, .signalled: return .skip("its test \(result.endingText)")
            case .timedOut, .notStarted:
                throw Failure(.commandFailed, "its test \(result.endingText)", output: result.lastLines())
            }
        }
        return run(command, .certain)
    }

    private func run(_ command: Command?, _ certainty: Change.Certainty) -> Plan {
        let facts = command.map { [Fact("command", nil, $0.program.text)] } ?? []
        return .change(
            Change(.run, facts: facts, steps: command.map { [.run($0)] } ?? [], certainty: certainty, marks: [mark]))
    }

    /// What `defaults` printed, with the document's own attributes over it; `env` is merged key by key.
    private func merged(with result: CommandResult) throws -> CommandAttributes {
        guard result.succeeded else {
            throw Failure(.commandFailed, "its defaults command \(result.endingText)", output: result.lastLines())
        }
        guard let value = try? JSONParser.parse(result.output, name: "defaults").value,
            case .object(var object) = value,
            case .object(let own) = node.value
        else {
            throw Failure(
                .commandFailed, "its defaults command printed something else than a JSON map",
                output: result.lastLines())
        }
        for (key, value) in own.members where key != "defaults" {
            if key == "env", case .object(let given) = value, case .object(var env)? = object["env"] {
                for (name, text) in given.members { env[name] = text }
                object["env"] = .object(env)
            } else {
                object[key] = value
            }
        }
        var diagnostics = Diagnostics(compatible: isCompatible)
        let merged = CommandAttributes(
            JSONNode(.object(object), at: node.path), name: id.name, defaultTimeout: defaultTimeout, &diagnostics)
        if let error = diagnostics.errors.first {
            throw Failure(.commandFailed, "with what its defaults command printed: \(error.line)")
        }
        return merged
    }
}

extension JSONNode {
    /// Seconds: `90`, `90s`, `10m`, `1h`.
    package func duration(_ diagnostics: inout Diagnostics) -> Double? {
        guard let text = text(&diagnostics, wanted: "a duration (90s, 10m, 1h)") else { return nil }
        if let seconds = secondsIn(text) { return seconds }
        diagnostics.error(
            path, "\u{201C}\(text)\u{201D} is no duration; write seconds, or a number with s, m or h: 90s, 10m, 1h")
        return nil
    }
}

/// A duration of at most a year; nil for anything else.
package func secondsIn(_ text: String) -> Double? {
    let text = text.trimmingBlanks()
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
    let factor = text.last.flatMap { units[$0] }
    guard let number = Double(factor == nil ? text : String(text.dropLast())), number > 0 else { return nil }
    let seconds = number * (factor ?? 1)
    return seconds <= 366 * 86400 ? seconds : nil
}
