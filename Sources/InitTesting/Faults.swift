// Failing, or dying, at a chosen moment of a run.

package import InitCore
import Synchronization

/// One thing that a run does to a host. A batch of files is one moment a file.
package enum Moment: Sendable, Equatable {
    case step(Step)
    case file(String)
    case save([DueReaction])
}

package enum Fault: Sendable, Equatable {
    /// The n-th moment (from 0) isn't done, and fails.
    case fail(Int, Failure)
    /// Before the n-th moment the run is killed: it and all later ones don't happen, whatever the run still tries.
    case kill(Int)
}

extension FakeHost {
    /// What the last run did.
    package var moments: [Moment] { inside.withLock(\.moments) }

    /// A new run begins, on the host as it is.
    package func begin(_ fault: Fault? = nil) {
        inside.withLock { inside in
            inside.fault = fault
            inside.moments = []
            inside.isDead = false
            inside.fetches = FakeFetches()
            inside.isReady = [:]
        }
    }

    /// Called before each moment is done.
    func reach(_ moment: Moment, _ inside: inout Inside) throws {
        let dead = Failure(.stopped, "killed by the test")
        if inside.isDead { throw dead }
        inside.moments.append(moment)
        switch inside.fault {
        case .fail(inside.moments.count - 1, let failure): throw failure
        case .kill(inside.moments.count - 1):
            inside.isDead = true
            throw dead
        default: break
        }
    }
}
