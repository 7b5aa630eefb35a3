// A program that judges files before they are in force, and what its no means.

/// Run where the staged files already stand at their places.
package struct FileCheck: Sendable, Equatable {
    package var command: Command
    /// By file, for each of its lines: the place in the document that it comes from.
    package var origins: [String: [String?]]
    /// By words that its no may hold: what to do about it.
    package var hints: [String: String]

    package init(command: Command, origins: [String: [String?]] = [:], hints: [String: String] = [:]) {
        self.command = command
        self.origins = origins
        self.hints = hints
    }

    /// What its no is to a reader: its own words, with the place in the document that they are about.
    package func failure(_ result: CommandResult) -> Failure {
        guard case .exited = result.ending else {
            return Failure(
                .commandFailed, "\(command.title) \(result.endingText); nothing was changed", output: result.lastLines()
            )
        }
        let lines = (result.text + String(decoding: result.errors, as: UTF8.self)).split(whereSeparator: \.isNewline)
        // nginx: [emerg] WHAT in FILE:LINE
        let levels = ["[emerg]", "[alert]", "[crit]", "[error]"]
        let grave = lines.last { line in levels.contains { line.contains($0) } } ?? lines.last
        guard let grave else {
            return Failure(.refused, "\(command.title) \(result.endingText) without a word; nothing was changed")
        }
        let words = Self.withoutProcess(grave.firstRange(of: "] ").map { grave[$0.upperBound...] } ?? grave)
        let hint = hints.sorted { $0.key < $1.key }.first { words.contains($0.key) }.map { "\n\($0.value)" } ?? ""
        return Failure(
            .refused, "\(command.title) refuses it, and nothing was changed: \(words)\(origin(of: words))\(hint)",
            output: lines.allSatisfy { $0 == grave || $0.hasSuffix("test failed") } ? nil : result.lastLines())
    }

    /// `1234#1234: `, as nginx begins a line of its log.
    private static func withoutProcess(_ line: Substring) -> Substring {
        guard let end = line.firstRange(of: ": "), line[..<end.lowerBound].contains("#"),
            line[..<end.lowerBound].allSatisfy({ $0.isNumber || $0 == "#" })
        else { return line }
        return line[end.upperBound...]
    }

    private func origin(of words: Substring) -> String {
        guard let (file, line) = place(in: words) else { return "" }
        guard let origins = origins[file] else { return "\n\(file) isn't this item's: mend it, or move it away" }
        guard line >= 1, line <= origins.count, let origin = origins[line - 1] else { return "" }
        return "\nThat line comes from \(origin)"
    }

    /// What stands behind the last ` in `.
    private func place(in words: Substring) -> (file: String, line: Int)? {
        let parts = words.split(separator: " ")
        guard let index = parts.lastIndex(of: "in"), let last = parts[index...].dropFirst().first,
            let colon = last.lastIndex(of: ":"), let line = Int(last[last.index(after: colon)...]), last.hasPrefix("/")
        else { return nil }
        return (String(last[..<colon]), line)
    }
}
