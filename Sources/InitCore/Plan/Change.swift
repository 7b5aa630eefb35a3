// A plan is a value: what a resource would do, in words for a person (facts) and in steps for the host.

package struct ResourceID: Sendable, Hashable, CustomStringConvertible {
    package let config: String
    package let section: String
    package let name: String

    package init(config: String, section: String, name: String) {
        self.config = config
        self.section = section
        self.name = name
    }

    /// `files[/etc/motd]`, as in the journal's IDE_INIT_RESOURCE; the config stands beside it.
    package var description: String { "\(section)[\(name)]" }
}

/// Something that counts as changed for those that react to it: a file, a package, a command that ran.
package struct Mark: Sendable, Hashable {
    /// Empty: whoever reacts to it does so in any config.
    package let config: String
    package let section: String
    /// As the document spells it; packages as `manager/name`.
    package let name: String

    package init(config: String, section: String, name: String) {
        self.config = config
        self.section = section
        self.name = name
    }

    /// Seen by reactors in all configs.
    package init(everywhere section: String, _ name: String) {
        self.init(config: "", section: section, name: name)
    }

    package var isEverywhere: Bool { config.isEmpty }
}

/// A reaction that is due: somebody still has to act on a change.
package struct DueReaction: Sendable, Hashable {
    package let mark: Mark
    package let reactor: ResourceID

    package init(_ mark: Mark, by reactor: ResourceID) {
        self.mark = mark
        self.reactor = reactor
    }
}

package struct Change: Sendable, Equatable {
    package enum Action: String, Sendable {
        case create
        case update
        case remove
        case run
        case restart
    }

    package enum Certainty: Sendable, Equatable {
        case certain
        /// What the host will look like depends on something that hasn't happened yet, named here: `known after download`.
        case knownAfter(String)
        /// The host can't be asked, for the reason given: only a plan may go on from here.
        case unanswered(String)
    }

    package var action: Action
    package var facts: [Fact]
    package var steps: [Step]
    package var certainty: Certainty = .certain
    /// What reactors see as changed, if the steps change anything.
    package var marks: [Mark]
    /// Afterwards the resource plans once more: to see that all is right now, or since the steps only made an answer
    /// possible (a package list fetched).
    package var plansAgain = false
    /// Whether the host must show it then; else what was done may be of a kind that can't be looked up.
    package var mustShow = false

    package init(
        _ action: Action, facts: [Fact] = [], steps: [Step], certainty: Certainty = .certain, marks: [Mark] = [],
        plansAgain: Bool = false, mustShow: Bool = false
    ) {
        self.action = action
        self.facts = facts
        self.steps = steps
        self.certainty = certainty
        self.marks = marks
        self.plansAgain = plansAgain
        self.mustShow = mustShow
    }
}

/// One property, before and after.
package struct Fact: Sendable, Equatable {
    package enum Value: Sendable, Equatable {
        case absent
        case text(String)
        /// File content, shown by its size or as a diff.
        case content([UInt8])
        /// Same or different is all that may be said; the property's other side tells which.
        case concealed
        case unknown(String)
    }

    package let name: String
    package let before: Value
    package let after: Value

    package init(_ name: String, _ before: Value, _ after: Value) {
        self.name = name
        self.before = before
        self.after = after
    }

    package init(_ name: String, _ before: String?, _ after: String) {
        self.init(name, before.map(Value.text) ?? .absent, .text(after))
    }
}
