/// One member of an archive as its header describes it. Names stay bytes: a tar may hold any.
package struct ArchiveMember: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case file
        case directory
        case symlink(target: [UInt8])
        /// The target is the name of another member.
        case hardlink(target: [UInt8])
        /// A device, fifo or socket, in words.
        case other(String)
    }

    /// Nil: the archive is a zip, whose owners nobody restores.
    package struct Owner: Sendable, Equatable {
        package var id: UInt32?
        package var name: String?
    }

    package struct Time: Sendable, Equatable {
        package var seconds: Int
        package var nanoseconds: Int
    }

    package var name: [UInt8]
    package var kind: Kind
    /// The low twelve bits.
    package var mode: UInt16
    package var size: Int
    package var modified: Time?
    package var user: Owner?
    package var group: Owner?
    package var isEncrypted: Bool

    package var text: String { shown(name) }
}

/// A member's place below the destination, normalised: no empty, `.` or `..` component. Empty: the destination itself.
struct MemberPath: Hashable, Comparable {
    private(set) var bytes: [UInt8]

    static let root = MemberPath(bytes: [])

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// Nil: the name is absolute, or climbs out of where it starts.
    init?(normalising name: some Collection<UInt8>) {
        guard name.first != UInt8(ascii: "/") else { return nil }
        var components: [ArraySlice<UInt8>] = []
        for component in Array(name).split(separator: UInt8(ascii: "/")) {
            if component.elementsEqual(".".utf8) { continue }
            if component.elementsEqual("..".utf8) {
                guard components.popLast() != nil else { return nil }
            } else {
                components.append(component)
            }
        }
        bytes = Array(components.joined(separator: [UInt8(ascii: "/")]))
    }

    var isRoot: Bool { bytes.isEmpty }
    var components: [ArraySlice<UInt8>] { bytes.split(separator: UInt8(ascii: "/")) }
    var name: [UInt8] { Array(bytes[(lastSlash.map { $0 + 1 } ?? 0)...]) }
    var parent: MemberPath { MemberPath(bytes: Array(bytes[..<(lastSlash ?? 0)])) }
    var top: ArraySlice<UInt8> { bytes.prefix { $0 != UInt8(ascii: "/") } }
    var withoutTop: MemberPath { MemberPath(bytes: Array(bytes.dropFirst(top.count + 1))) }
    var text: String { isRoot ? "." : shown(bytes) }

    func appending(_ name: some Collection<UInt8>) -> MemberPath {
        MemberPath(bytes: isRoot ? Array(name) : bytes + [UInt8(ascii: "/")] + name)
    }

    /// Parents come before what is in them.
    static func < (left: MemberPath, right: MemberPath) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }

    private var lastSlash: Int? { bytes.lastIndex(of: UInt8(ascii: "/")) }
}

/// A name as a message may show it: what isn't UTF-8 or would move a terminal's cursor is replaced.
func shown(_ bytes: some Collection<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
        let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
        text.append(isControl ? "\u{FFFD}" : scalar)
    }
    return String(text)
}

extension Collection<UInt8> {
    /// Ended by a zero, as a system call takes it.
    var cString: [CChar] { map { CChar(bitPattern: $0) } + [0] }
}
