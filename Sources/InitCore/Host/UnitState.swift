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

    package init(exists: Bool, enablement: Enablement, isActive: Bool?) {
        self.exists = exists
        self.enablement = enablement
        self.isActive = isActive
    }
}
