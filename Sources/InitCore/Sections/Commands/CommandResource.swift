// One command: whether its test lets it run, and in which environment.

struct CommandResource: Resource {
    let id: ResourceID
    let node: JSONNode
    let attributes: CommandAttributes
    let defaultTimeout: Double?
    let isCompatible: Bool
    let mark: Mark

    private var named: [NamedReference] {
        attributes.references.sorted { $0.key < $1.key }.flatMap(\.value.references)
    }

    var references: [Reference] { named.map(\.reference) }

    func plan(_ now: Planning) async throws -> Plan {
        var attributes = attributes
        let environment = try await ReferencedEnvironment(attributes.references, now)
        if let certainty = environment.unknown { return run(attributes.command, certainty) }
        attributes.set(environment)
        if let defaults = attributes.defaults {
            if let failure = environment.failure { throw failure }
            guard let result = try await now.probe.test(defaults) else {
                return run(attributes.command, .knownAfter("its defaults command has run"))
            }
            attributes = try merged(with: result)
            attributes.set(environment)
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
            case .exited, .signalled:
                let without = environment.failure.map { ", run without what isn't known: \($0.message)" } ?? ""
                return .skip("its test \(result.endingText)\(without)")
            case .timedOut, .notStarted:
                throw Failure(.commandFailed, "its test \(result.endingText)", output: result.lastLines())
            }
        }
        if let failure = environment.failure { throw failure }
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
            JSONNode(.object(object), at: node.path), name: id.name, defaultTimeout: defaultTimeout,
            readsReferences: false, &diagnostics)
        if let error = diagnostics.errors.first {
            throw Failure(.commandFailed, "with what its defaults command printed: \(error.line)")
        }
        return merged
    }
}

/// The variables whose values live elsewhere, once they are asked for.
private struct ReferencedEnvironment {
    private(set) var values: [String: Secret] = [:]
    private(set) var names: Set<String> = []
    /// Of the first one that isn't to be had. It counts when the command is really to run: its test may say no.
    private(set) var failure: Failure?
    /// In a dry run.
    private(set) var unknown: Change.Certainty?

    init(_ references: [String: ReferencedText], _ now: Planning) async throws {
        names = Set(references.keys)
        for (name, text) in references.sorted(by: { $0.key < $1.key }) {
            do {
                switch try await now.resolve(text.references) {
                case .values(let found):
                    let value = try text.filled(found)
                    guard !value.reveal({ $0.contains(0) }) else {
                        throw Failure(
                            .refused,
                            "\(text.path): the value holds a NUL character, at which the system would cut it off")
                    }
                    values[name] = value
                case .unknown(let certainty): unknown = unknown ?? certainty
                }
            } catch let failure as Failure where failure.kind != .stopped {
                self.failure = self.failure ?? failure
            }
        }
    }
}

extension CommandAttributes {
    /// In place of the references; what isn't to be had is left out.
    fileprivate mutating func set(_ environment: ReferencedEnvironment) {
        func filled(_ command: Command?) -> Command? {
            guard var command, case .only(var values) = command.environment else { return command }
            for name in environment.names { values[name] = environment.values[name] }
            command.environment = .only(values)
            return command
        }
        command = filled(command)
        test = filled(test)
        defaults = filled(defaults)
    }
}
