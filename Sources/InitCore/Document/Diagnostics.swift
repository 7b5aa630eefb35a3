// Complaints about the document. They accumulate: a person wants all mistakes at once.

package struct Diagnostic: Sendable, Equatable {
    package enum Severity: String, Sendable {
        case error
        case warning
    }

    package var severity: Severity
    package var path: DocumentPath
    package var message: String

    package var line: String { "\(path): \(message)" }
}

package struct Diagnostics: Sendable {
    package private(set) var items: [Diagnostic] = []

    /// cfn-init's leniency: what the original ignores is a warning, so that a template that works today still works.
    package let isCompatible: Bool

    package init(compatible: Bool = false) { isCompatible = compatible }

    package mutating func error(_ path: DocumentPath, _ message: String) {
        items.append(Diagnostic(severity: .error, path: path, message: message))
    }

    package mutating func warning(_ path: DocumentPath, _ message: String) {
        items.append(Diagnostic(severity: .warning, path: path, message: message))
    }

    /// A mistake that the original passes over in silence.
    package mutating func ignored(_ path: DocumentPath, _ message: String) {
        if isCompatible { warning(path, message + "; ignored, as cfn-init does") } else { error(path, message) }
    }

    package mutating func append(_ item: Diagnostic) { items.append(item) }

    /// Takes in another's items; as warnings where they concern nothing that runs now.
    package mutating func merge(_ other: Diagnostics, demoted: Bool = false) {
        items += other.items.map {
            demoted ? Diagnostic(severity: .warning, path: $0.path, message: $0.message) : $0
        }
    }

    package var hasErrors: Bool { items.contains { $0.severity == .error } }
    package var errors: [Diagnostic] { items.filter { $0.severity == .error } }
    package var warnings: [Diagnostic] { items.filter { $0.severity == .warning } }
}

/// "did you mean": the nearest of the known names, if one is near enough to be a slip of the finger.
package func suggestion(for name: String, among known: [String]) -> String {
    let longest = 64
    guard name.utf8.count <= longest else { return "" }
    let best = known.filter { $0.utf8.count <= longest }.map {
        ($0, editDistance(Array(name.lowercased()), Array($0.lowercased())))
    }.min { $0.1 < $1.1 }
    guard let best, best.1 <= max(1, best.0.count / 3) else { return "" }
    return "; did you mean \u{201C}\(best.0)\u{201D}?"
}

/// Optimal string alignment: a swap of two neighbours counts as one slip.
private func editDistance(_ left: [Character], _ right: [Character]) -> Int {
    guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
    var rows = [Array(0...right.count)]
    for row in 1...left.count {
        var line = [row]
        for column in 1...right.count {
            let same = left[row - 1] == right[column - 1]
            var best = min(rows[row - 1][column] + 1, line[column - 1] + 1, rows[row - 1][column - 1] + (same ? 0 : 1))
            if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                best = min(best, rows[row - 2][column - 2] + 1)
            }
            line.append(best)
        }
        rows.append(line)
    }
    return rows[left.count][right.count]
}
