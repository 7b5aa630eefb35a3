// One pass of cfn-hup: describe the resources, compare what each hook looks at with what was stored, run the actions of
// those that are triggered, store what needed nothing or was done.

package struct HupPass: Sendable {
    /// execve(2) takes no longer string, name and `=` and the end included (MAX_ARG_STRLEN).
    private static let longestVariable = 128 << 10

    package var hooks: [Hook]
    package var describe: DescribeResource
    package var run: @Sendable (Command) async -> CommandResult
    package var save: @Sendable (HupState) async throws -> Void
    package var stopReason: @Sendable () -> Failure?
    package var log: Log
    /// Learns each secret before anything of it can be logged.
    package var scrubber: Scrubber

    package init(
        hooks: [Hook], describe: @escaping DescribeResource, run: @escaping @Sendable (Command) async -> CommandResult,
        save: @escaping @Sendable (HupState) async throws -> Void, stopReason: @escaping @Sendable () -> Failure?,
        log: @escaping Log, scrubber: Scrubber
    ) {
        self.hooks = hooks
        self.describe = describe
        self.run = run
        self.save = save
        self.stopReason = stopReason
        self.log = log
        self.scrubber = scrubber
    }

    private enum Description: Sendable {
        case detail(StackResourceDetail, redacted: JSONValue)
        case failure
    }

    /// - Parameter state: saved after each action that is done with, since another one may run for an hour.
    /// - Returns: whether each resource could be described. A failed action is no failure of the pass.
    /// - Throws: `Failure(.stopped)`; what keeps the state from being saved.
    package func perform(_ state: inout HupState) async throws -> Bool {
        let resources = await describeAll()
        var saved = state
        for hook in hooks {
            if let reason = stopReason() { throw reason }
            guard case .detail(let detail, let redacted)? = resources[hook.path.logicalID] else { continue }
            if detail.status.hasSuffix("_IN_PROGRESS") {
                log(.debug, "\(hook.name) waits: \(hook.path.logicalID) is \(detail.status)")
                continue
            }
            let value = HookValue(hook.path, of: detail, redacted: redacted)
            let old = state[hook.key]
            guard let trigger = Self.trigger(from: old, to: value) else {
                state[hook.key] = value.flatMap { old?.updated(to: $0) }
                continue
            }
            let isTriggered = hook.triggers.contains(trigger)
            if isTriggered {
                log(.info, "\(trigger.rawValue) of \(hook.pathText): running the action of \(hook.name)")
                guard await act(hook, old, value) else { continue }
            } else {
                log(.debug, "\(trigger.rawValue) of \(hook.pathText): \(hook.name) has no such trigger")
            }
            state[hook.key] = value.map(StoredHookValue.init)
            if isTriggered {
                try await save(state)
                saved = state
            }
        }
        if state != saved { try await save(state) }
        return hooks.allSatisfy { if case .detail? = resources[$0.path.logicalID] { true } else { false } }
    }

    static func trigger(from old: StoredHookValue?, to new: HookValue?) -> HookTrigger? {
        switch (old, new) {
        case (nil, nil): nil
        case (nil, _?): .add
        case (_?, nil): .remove
        case (let old?, let new?): old.isSame(as: new) ? nil : .update
        }
    }

    // MARK: Describing

    /// Each resource once, side by side. What fails is told, and its hooks wait for the next pass.
    private func describeAll() async -> [String: Description] {
        await withTaskGroup(of: (String, Description).self) { group in
            for id in Set(hooks.map(\.path.logicalID)) {
                group.addTask { [self] in (id, await description(of: id)) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    private func description(of id: String) async -> Description {
        do {
            let detail = try await describe(id)
            let redaction = Redaction(detail.metadata ?? .null)
            for secret in redaction.secrets { scrubber.add(secret) }
            return .detail(detail, redacted: redaction.metadata)
        } catch {
            if stopReason() == nil {
                log(.error, "\(id) can't be described, so its hooks wait: \(Failure(wrapping: error).message)")
            }
            return .failure
        }
    }

    // MARK: Acting

    /// - Returns: whether it is done with.
    private func act(_ hook: Hook, _ old: StoredHookValue?, _ new: HookValue?) async -> Bool {
        for secret in old?.secrets ?? [] { scrubber.add(secret) }
        var variables: [String: String] = [:]
        for (prefix, text) in [("CFN_OLD_", old?.text), ("CFN_NEW_", new?.text)] {
            guard let text else { continue }
            let name = prefix + hook.path.variable
            if let reason = Self.reasonToOmit(name, text) {
                log(.warning, "the action of \(hook.name) runs without \(name): \(reason)")
            } else {
                variables[name] = text
            }
        }
        let command = Command(
            "Action for \(hook.name)", .shell(hook.action), environment: .inherited(setting: variables), user: hook.user
        )
        let result = await run(command)
        let output = (result.text + String(decoding: result.errors, as: UTF8.self)).trimmingBlanks()
        if !output.isEmpty { log(.debug, "\(command.title) output: \(output)") }
        if result.succeeded {
            log(.info, "\(command.title) succeeded")
            return true
        }
        if let reason = stopReason() {
            log(.warning, "\(command.title) was cut off (\(reason.message)) and runs again at the next start")
        } else {
            log(.error, "\(command.title) \(result.endingText); it runs again in the next pass")
        }
        return false
    }

    private static func reasonToOmit(_ name: String, _ text: String) -> String? {
        if text.utf8.contains(0) { return "a NUL character in its value would end it" }
        guard name.utf8.count + text.utf8.count + 2 > longestVariable else { return nil }
        return "a variable may hold \(longestVariable >> 10) KiB, its value has \(text.utf8.count >> 10); "
            + "name a key below it in the hook's path, or fetch it with cfn-get-metadata"
    }
}
