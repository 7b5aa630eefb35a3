/// A service as the service manager sees it.
package struct UnitState: Sendable, Equatable {
    package enum Enablement: Sendable, Equatable {
        case enabled
        case disabled
        /// Neither: it has no [Install] part, or something else pulls it in (static, indirect, generated, alias …).
        case fixed(String)
        case masked
    }

    package var exists: Bool
    package var enablement: Enablement
    /// Nil: nothing runs here (another root), so there is nothing to start or stop.
    package var isActive: Bool?
    /// Neither active nor inactive: its start is under way.
    package var isStarting: Bool
    /// Neither active nor inactive: its last start failed, and the manager tries again after a while.
    package var isFailing: Bool
    /// Its last start failed, and nobody tries again.
    package var hasFailed: Bool
    /// A oneshot that isn't at work and hasn't failed. systemd forgets whether one has run that no other unit refers to.
    package var isIdleOneshot: Bool
    /// One of which it is known that it has run.
    package var hasFinished: Bool
    /// As systemctl writes it: `inactive (dead)`; nil: by no systemd.
    package var words: String?

    package init(
        exists: Bool, enablement: Enablement, isActive: Bool?, isStarting: Bool = false, isFailing: Bool = false,
        hasFailed: Bool = false, isIdleOneshot: Bool = false, hasFinished: Bool = false, words: String? = nil
    ) {
        self.exists = exists
        self.enablement = enablement
        self.isActive = isActive
        self.isStarting = isStarting
        self.isFailing = isFailing
        self.hasFailed = hasFailed
        self.isIdleOneshot = isIdleOneshot
        self.hasFinished = hasFinished
        self.words = words
    }
}
