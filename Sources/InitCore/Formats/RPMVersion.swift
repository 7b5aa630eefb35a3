// An rpm package's version and rpm's order of versions (rpm-version(7)): epoch, then version, then release.

package struct RPMVersion: Sendable, Equatable, Comparable, CustomStringConvertible {
    package let epoch: Int
    package let version: String
    package let release: String

    package init(epoch: Int, version: String, release: String) {
        self.epoch = epoch
        self.version = version
        self.release = release
    }

    /// `[EPOCH:]VERSION[-RELEASE]`
    package init(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        let rest = parts.count > 1 ? parts[1] : text
        epoch = parts.count > 1 ? Int(parts[0]) ?? 0 : 0
        let halves = rest.split(separator: "-", maxSplits: 1).map(String.init)
        version = halves.first ?? ""
        release = halves.count > 1 ? halves[1] : ""
    }

    package var description: String {
        (epoch > 0 ? "\(epoch):" : "") + version + (release.isEmpty ? "" : "-\(release)")
    }

    /// Whether this is what somebody means who writes `text`: the release and the epoch may be left out.
    package func satisfies(_ text: String) -> Bool {
        text == version || text == "\(version)-\(release)" || text == "\(epoch):\(version)-\(release)"
            || text == "\(epoch):\(version)"
    }

    package static func < (left: Self, right: Self) -> Bool {
        if left.epoch != right.epoch { return left.epoch < right.epoch }
        let versions = compare(left.version, right.version)
        if versions != 0 { return versions < 0 }
        if left.release.isEmpty || right.release.isEmpty { return false }
        return compare(left.release, right.release) < 0
    }

    /// rpmvercmp: runs of digits by value, runs of letters by code point; `~` before everything, `^` after the end.
    private static func compare(_ left: String, _ right: String) -> Int {
        var (a, b) = (Array(left.utf8)[...], Array(right.utf8)[...])
        let isDigit: (UInt8) -> Bool = { (0x30...0x39).contains($0) }
        let isLetter: (UInt8) -> Bool = { (0x41...0x5A).contains($0 & 0xDF) }
        let isMark: (UInt8) -> Bool = { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "^") }
        while true {
            a = a.drop { !isDigit($0) && !isLetter($0) && !isMark($0) }
            b = b.drop { !isDigit($0) && !isLetter($0) && !isMark($0) }
            for (mark, before) in [(UInt8(ascii: "~"), true), (UInt8(ascii: "^"), false)] {
                let (inA, inB) = (a.first == mark, b.first == mark)
                if inA && inB { break }
                if inA { return before || !b.isEmpty ? -1 : 1 }
                if inB { return before || !a.isEmpty ? 1 : -1 }
            }
            if let first = a.first, isMark(first) {
                (a, b) = (a.dropFirst(), b.dropFirst())
                continue
            }
            guard let first = a.first, let other = b.first else {
                return a.isEmpty && b.isEmpty ? 0 : a.isEmpty ? -1 : 1
            }
            if isDigit(first) != isDigit(other) { return isDigit(first) ? 1 : -1 }
            let kind = isDigit(first) ? isDigit : isLetter
            var (x, y) = (a.prefix(while: kind), b.prefix(while: kind))
            (a, b) = (a.dropFirst(x.count), b.dropFirst(y.count))
            if isDigit(first) {
                x = x.drop { $0 == 0x30 }
                y = y.drop { $0 == 0x30 }
                if x.count != y.count { return x.count < y.count ? -1 : 1 }
            }
            if x.elementsEqual(y) { continue }
            return x.lexicographicallyPrecedes(y) ? -1 : 1
        }
    }
}
