/// What happened to the value that a hook looks at, since it was seen last.
package enum HookTrigger: String, Sendable, CaseIterable {
    case add = "post.add"
    case update = "post.update"
    case remove = "post.remove"
}

/// One section of hooks.conf or of a file in hooks.d.
package struct Hook: Sendable, Equatable {
    package let name: String
    package let triggers: Set<HookTrigger>
    package let path: HookPath
    /// As it is written: part of the key under which the value is stored.
    package let pathText: String
    /// For `/bin/sh -c`.
    package let action: String
    /// Nil: cfn-hup's own.
    package let user: String?

    package init(name: String, triggers: Set<HookTrigger>, path: String, action: String, user: String? = nil) throws {
        self.name = name
        self.triggers = triggers
        self.path = try HookPath(path)
        pathText = path
        self.action = action
        self.user = user
    }

    /// As the original keys its database.
    package var key: String { "\(name)|\(pathText)" }
}

/// The hooks of all files, and what is to be said about the sections that are none.
package struct Hooks: Sendable, Equatable {
    package private(set) var usable: [Hook] = []
    /// For standard error and the log.
    package private(set) var notes: [String] = []

    /// A trigger that isn't ours yet: commands over SQS.
    private static let command = "on.command"

    /// - Throws: `Failure(.invalidDocument)` for a path that names nothing, or a value that can't be read.
    package init(_ ini: Ini) throws {
        for name in ini.sections {
            let triggers = try ini.value("triggers", in: name) ?? ""
            let path = try ini.value("path", in: name) ?? ""
            let action = try ini.value("action", in: name) ?? ""
            let missing = [("triggers", triggers), ("path", path), ("action", action)].filter { $1.isEmpty }.map {
                $0.0
            }
            guard missing.isEmpty else {
                notes.append("the hook \(name) is left out: it has no \(missing.joined(separator: " and no "))")
                continue
            }
            if triggers.trimmingBlanks() == Self.command {
                notes.append(
                    "the hook \(name) is left out: commands over SQS (\(Self.command)) aren't supported here; the other hooks work"
                )
                continue
            }
            let known = known(triggers, of: name)
            let user = try ini.value("runas", in: name) ?? ""
            do {
                let hook = try Hook(
                    name: name, triggers: known, path: path, action: action, user: user.isEmpty ? nil : user)
                if let ignored = hook.path.ignored {
                    notes.append("the hook \(name): \u{201C}\(ignored)\u{201D} at the end of its path means nothing")
                }
                usable.append(hook)
            } catch {
                throw Failure(.invalidDocument, "the hook \(name): \(Failure(wrapping: error).message)")
            }
        }
    }

    /// None: the value is followed, and nothing is run.
    private mutating func known(_ list: String, of hook: String) -> Set<HookTrigger> {
        var known: Set<HookTrigger> = []
        for word in list.split(separator: ",").map({ String($0).trimmingBlanks() }) where !word.isEmpty {
            if let trigger = HookTrigger(rawValue: word) {
                known.insert(trigger)
            } else {
                let all = HookTrigger.allCases.map(\.rawValue).joined(separator: ", ")
                notes.append("the hook \(hook): there is no trigger \u{201C}\(word)\u{201D}; there are \(all)")
            }
        }
        return known
    }
}
