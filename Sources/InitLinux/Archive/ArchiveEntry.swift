/// What is to stand at one place of the destination once the archive is unpacked: of members of one name the last.
struct ArchiveEntry {
    enum Kind: Equatable {
        case file
        case directory
        case symlink(target: [UInt8])
        /// The name, later the place, of a file of the archive.
        case hardlink(to: MemberPath)
    }

    /// Counts the archive's members; nil: a directory that none of them names.
    var ordinal: Int?
    /// Its name in the archive, normalised.
    var path: MemberPath
    /// Where that is: elsewhere than its name says when a link inside the destination is on the way.
    var location: MemberPath
    var kind: Kind
    var mode: UInt16
    var size = 0
    var modified: ArchiveMember.Time?
    /// Nil: ours.
    var user: UInt32?
    var group: UInt32?
    /// Nil: not compared yet.
    var sameContent: Bool?
    /// Missing, or other than the archive has it.
    var differs = false

    var isDirectory: Bool { kind == .directory }
}

/// What is wrong with an archive's members: counted all, shown a few.
struct Complaints {
    private var first: [String] = []
    private var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func add(_ name: String, _ what: String) {
        count += 1
        if first.count < 5 { first.append("\u{201C}\(name)\u{201D} \(what)") }
    }

    var text: String {
        first.joined(separator: "; ") + (count > first.count ? "; and \(count - first.count) more" : "")
    }
}
