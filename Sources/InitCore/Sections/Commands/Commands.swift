// commands: {NAME: {command, env, cwd, test, ignoreErrors, defaults, runas, timeout, retries}}, by name, one after the other.

let commandsSection = SectionType(key: "commands", references: [["*", "env"]]) { input, diagnostics in
    input.sortedItems(&diagnostics).compactMap { name, node in
        let attributes = CommandAttributes(node, name: name, defaultTimeout: input.commandTimeout, &diagnostics)
        if let text = attributes.command?.program.text {
            OldSpellings.warn(of: text, at: node.path.appending("command"), &diagnostics)
        }
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
    /// Variables of `env` whose values live elsewhere.
    var references: [String: ReferencedText] = [:]

    /// - Parameter readsReferences: false for what a command printed, which is taken as it stands.
    init(
        _ node: JSONNode, name: String, defaultTimeout: Double?, readsReferences: Bool = true,
        _ diagnostics: inout Diagnostics
    ) {
        _ = node.map(&diagnostics)
        node.checkKeys(Self.keys, &diagnostics)
        var environment = Command.Environment.inherited(setting: [:])
        if let env = node.given("env"), env.value.isTruthy {
            var values: [String: Secret] = [:]
            for (key, value) in env.map(&diagnostics) {
                guard let text = value.text(&diagnostics) else { continue }
                values[key] = Secret(text)
                guard readsReferences, let found = ReferencedText(reading: text, at: value.path, &diagnostics),
                    !found.references.isEmpty
                else { continue }
                values[key] = nil
                references[key] = found
            }
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

    static func program(_ node: JSONNode, _ diagnostics: inout Diagnostics) -> Command.Program? {
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
