// Files of our own, under /var/lib and /run.

import Glibc
import InitCore

/// Durably and atomically, readable by root alone. What is missing of its directories below /var/lib is for root alone, too,
/// but for our own, through which others may pass to what they may read.
package func writePrivately(_ bytes: [UInt8], to path: String, root: Root) throws {
    var made: [String] = []
    let base = "/var/lib"
    _ = try OpenDirectory(root.resolve(base, followingLast: true), made: &made)
    var directory = base
    for part in parent(of: path).dropFirst(base.count).split(separator: "/") {
        directory += "/" + part
        let place = try root.resolve(directory, followingLast: true)
        if mkdir(place, directory == "/var/lib/ide-init" ? 0o711 : 0o700) == 0 { made.append(parent(of: place)) }
    }
    let result = FileCommit(root: root).commit([FileWrite(path, .bytes(bytes), mode: 0o600, keepsBackup: false)])
    if let failure = result.failure { throw failure }
    try syncDirectories(made)
}

/// A file's content; nil: there is none.
/// - Throws: `Failure(.unreadable)` to those who may not read it.
package func stateFile(at path: String, root: Root) throws -> [UInt8]? {
    let files = FileProbe(root: root)
    return try files.status(path) == nil ? nil : files.read(path)
}

/// Atomically, readable by all, on this host. Its directory is there.
package func writePublicly(_ bytes: [UInt8], to path: String) throws {
    var made: [String] = []
    let directory = try OpenDirectory(parent(of: path), made: &made)
    var staged = try StagedFile(
        in: directory, name: lastComponent(of: path), mode: 0o644, owner: nil, group: nil, path: path)
    do {
        try staged.write(bytes, path: path)
        try staged.rename(keepingBackup: false, path: path)
    } catch {
        staged.discard()
        throw error
    }
}
