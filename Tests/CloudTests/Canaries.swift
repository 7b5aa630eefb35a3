// Secrets of known value, and the search for what is left of them.

import Foundation

/// Random characters that stand nowhere else, whatever is around them.
struct Canary: Sendable {
    let name: String
    let core: String

    init(_ name: String) {
        self.name = name
        let alphabet = Array("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789")
        core = String((0..<24).map { _ in alphabet.randomElement() ?? "x" })
    }

    init(_ name: String, core: String) {
        self.name = name
        self.core = core
    }

    /// Either end of it, plain (so in JSON, in a URL, in a shell's quotes) and in base64, wherever in a group of three bytes it begins.
    var needles: [String] {
        let inner = (0..<3).map { offset in
            let padded = Data(repeating: 0, count: offset) + Data(core.utf8)
            let text = padded.base64EncodedString().prefix(padded.count * 8 / 6)
            return text.dropFirst((offset * 8 + 5) / 6)
        }
        return ([core[...]] + inner).flatMap { [String($0.prefix(12)), String($0.suffix(12))] }
    }
}

final class Canaries {
    /// Where one was found.
    struct Trace: Hashable, CustomStringConvertible {
        let canary: String
        /// Below the directory that was searched.
        let file: String

        var description: String { "\(canary) in \(file)" }
    }

    private(set) var all: [Canary] = []

    func add(_ canary: Canary) { all.append(canary) }

    /// A new one, as a value in which other characters may stand around it.
    func callAsFunction(_ name: String, _ shape: (String) -> String = { $0 }) -> String {
        let canary = Canary(name)
        all.append(canary)
        return shape(canary.core)
    }

    /// - Parameter excluding: names of directories.
    func traces(in directory: String, excluding: [String] = []) throws -> Set<Trace> {
        let byNeedle = Dictionary(all.flatMap { canary in canary.needles.map { ($0, canary.name) } }) { one, _ in one }
        let patterns = directory + "-patterns"
        try Data(byNeedle.keys.joined(separator: "\n").utf8).write(to: URL(filePath: patterns))
        defer { try? FileManager.default.removeItem(atPath: patterns) }
        let output = try Running(
            ["grep", "-raoHF", "--devices=skip", "-f", patterns] + excluding.map { "--exclude-dir=\($0)" } + [
                directory
            ],
            setting: ["LC_ALL": "C"]
        ).wait()
        guard output.code <= 1, output.errors.isEmpty else { throw Trouble("grep: \(output.errors)") }
        let lines = output.text.split(separator: "\n")
        return Set(
            lines.compactMap { line in
                guard let colon = line.lastIndex(of: ":"),
                    let name = byNeedle[String(line[line.index(after: colon)...])]
                else { return nil }
                return Trace(canary: name, file: String(line[..<colon].dropFirst(directory.count)))
            })
    }
}
