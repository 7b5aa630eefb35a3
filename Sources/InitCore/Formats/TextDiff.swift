// What `--diff` shows of a file: a unified diff that `patch` takes, fit for a terminal.

/// The difference as `diff -u` writes it; empty when there is none, nil when either side isn't text.
///
/// Control characters other than the tab, and those that turn the direction of writing, are shown as escapes (`\x1b`),
/// so that a file can't talk to the terminal it is shown on.
package func unifiedDiff(
    from old: [UInt8], to new: [UInt8], oldName: String, newName: String, context: Int = 3
) -> String? {
    guard old.isText, new.isText else { return nil }
    if old == new { return "" }
    let oldLines = splitLines(old)
    let newLines = splitLines(new)
    let changes = LineDifference.changes(from: oldLines, to: newLines)
    var writer = DiffWriter(old: oldLines, new: newLines, context: max(0, context))
    writer.header("--- ", oldName)
    writer.header("+++ ", newName)
    var first = 0
    while first < changes.count {
        var last = first
        while last + 1 < changes.count,
            changes[last + 1].old.lowerBound - changes[last].old.upperBound <= 2 * writer.context
        {
            last += 1
        }
        writer.hunk(changes[first...last])
        first = last + 1
    }
    return String(decoding: writer.output, as: UTF8.self)
}

/// A line with its newline: a last one without differs from the same text with one.
struct DiffLine: Hashable {
    let bytes: ArraySlice<UInt8>

    // All bytes in one go; the standard way would feed them one by one.
    func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }
}

private func splitLines(_ bytes: [UInt8]) -> [DiffLine] {
    var lines: [DiffLine] = []
    var start = 0
    while start < bytes.count {
        let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.count
        lines.append(DiffLine(bytes: bytes[start..<end]))
        start = end
    }
    return lines
}

private struct DiffWriter {
    let old: [DiffLine]
    let new: [DiffLine]
    let context: Int
    private(set) var output: [UInt8] = []

    mutating func header(_ mark: String, _ name: String) {
        output += mark.utf8
        append(visible: ArraySlice(name.utf8), tab: false)
        output.append(UInt8(ascii: "\n"))
    }

    mutating func hunk(_ changes: ArraySlice<LineDifference.Change>) {
        guard let first = changes.first, let last = changes.last else { return }
        let before = min(context, first.old.lowerBound)
        let after = min(context, old.count - last.old.upperBound)
        let oldRange = first.old.lowerBound - before..<last.old.upperBound + after
        let newRange = first.new.lowerBound - before..<last.new.upperBound + after
        output += "@@ -\(Self.span(oldRange)) +\(Self.span(newRange)) @@\n".utf8
        var at = oldRange.lowerBound
        for change in changes {
            for line in old[at..<change.old.lowerBound] { append(" ", line) }
            for line in old[change.old] { append("-", line) }
            for line in new[change.new] { append("+", line) }
            at = change.old.upperBound
        }
        for line in old[at..<oldRange.upperBound] { append(" ", line) }
    }

    /// No lines are counted from the line before them.
    private static func span(_ range: Range<Int>) -> String {
        switch range.count {
        case 0: "\(range.lowerBound),0"
        case 1: "\(range.lowerBound + 1)"
        default: "\(range.lowerBound + 1),\(range.count)"
        }
    }

    private mutating func append(_ mark: Unicode.Scalar, _ line: DiffLine) {
        output.append(UInt8(ascii: mark))
        let isWhole = line.bytes.last == UInt8(ascii: "\n")
        append(visible: isWhole ? line.bytes.dropLast() : line.bytes)
        output += isWhole ? "\n".utf8 : "\n\\ No newline at end of file\n".utf8
    }

    private mutating func append(visible bytes: ArraySlice<UInt8>, tab: Bool = true) {
        if bytes.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x09 && tab }) {
            output += bytes
            return
        }
        output += visible(String(decoding: bytes, as: UTF8.self), tab: tab).utf8
    }
}

extension [UInt8] {
    fileprivate var isText: Bool { !contains(0) && String(validating: self, as: UTF8.self) != nil }
}
