// Commands on the fake host: each by its text, as planned for in the fixture.

import InitCore

extension FakeHost {
    /// - Parameter isStep: performed, not a question.
    func run(_ command: Command, isStep: Bool = false, _ inside: inout Inside) throws -> StepResult {
        let text = command.program.text
        let cases = try world.commands[text] ?? refuse("the command \u{201C}\(text)\u{201D}")
        let fitting = cases.first { way in
            (way.exists.map { inside.state.tree[$0] != nil } ?? true)
                && (way.missing.map { inside.state.tree[$0] == nil } ?? true)
        }
        let way = try fitting ?? refuse("the command \u{201C}\(text)\u{201D} in this state")
        try check(command, way)
        if isStep, way.isRecorded { inside.state.ran.insert(text) }
        inside.attempts[text, default: 0] += 1
        if inside.attempts[text, default: 0] <= way.failures {
            return StepResult(changed: true, command: CommandResult(.exited(1), output: Array("not yet\n".utf8)))
        }
        if let effect = way.effect {
            var diagnostics = Diagnostics()
            inside.state.apply(effect, &diagnostics)
            if let error = diagnostics.errors.first { return try refuse("\(text): \(error.path): \(error.message)") }
        }
        return StepResult(changed: true, command: way.result)
    }

    /// Who runs it, where, with what around it: as far as the fixture says.
    private func check(_ command: Command, _ way: FakeWorld.Case) throws {
        guard let expected = way.expected else { return }
        var diagnostics = Diagnostics()
        func compare(_ key: String, _ found: String?) throws {
            guard let wished = expected[key] else { return }
            let text = wished.value == .null ? nil : wished.text(&diagnostics)
            if text != found {
                let _: Void = try refuse(
                    "\(command.program.text) with \(key) \(found ?? "none") instead of \(text ?? "none")")
            }
        }
        try compare("user", command.user)
        try compare("directory", command.directory)
        try compare("timeout", command.timeout.map { "\(Int($0))" })
        if let wished = expected["environment"] {
            let (kind, values): (String, [String: String]) =
                switch command.environment {
                case .inherited(let setting): ("inherited", setting)
                case .only(let only): ("only", only.mapValues { $0.reveal { String(decoding: $0, as: UTF8.self) } })
                }
            let found = [kind] + values.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }
            let texts = wished.texts(&diagnostics)
            if texts != found {
                let _: Void = try refuse("\(command.program.text) with environment \(found) instead of \(texts)")
            }
        }
    }
}
