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

    package init(
        exists: Bool, enablement: Enablement, isActive: Bool?, isStarting: Bool = false, isFailing: Bool = false
    ) {
        self.exists = exists
        self.enablement = enablement
        self.isActive = isActive
        self.isStarting = isStarting
        self.isFailing = isFailing
    }
}
