// The state of cfn-hup as a file, where the original has it.

import Glibc
package import InitCore

package struct HupStore: Sendable {
    package static let path = "/var/lib/cfn-hup/data/metadata_db.json"

    private let root: Root

    package init(root: Root = Root()) { self.root = root }

    /// - Returns: the state, and what is to be said about it. A damaged file counts as empty, as in the original.
    /// - Throws: `Failure` if it can't be read, or couldn't be written: an action that can't be noted would run for ever.
    package func load() throws -> (state: HupState, note: String?) {
        let files = FileProbe(root: root)
        guard try files.status(Self.path) != nil else {
            try save(HupState())
            return (HupState(), nil)
        }
        let bytes = try files.read(Self.path)
        guard access(try root.resolve(Self.path), W_OK) == 0 else {
            throw systemFailure("can't be written, and what has been done must be noted there", Self.path)
        }
        do {
            // The original makes it empty before it first writes to it.
            return bytes.isEmpty ? (HupState(), nil) : (try HupState(bytes, name: Self.path), nil)
        } catch {
            return (
                HupState(),
                "the state is damaged and counts as empty, so every post.add runs again: \(Failure(wrapping: error).message)"
            )
        }
    }

    package func save(_ state: HupState) throws {
        try writePrivately(Array(state.text.utf8), to: Self.path, root: root)
    }
}
