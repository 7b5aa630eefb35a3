// Python's optparse, as far as the cfn-* commands show it: options and positionals mixed, `-sX`, `-s X`, `--stack=X`,
// unique prefixes of the original's long options, the last of a repeated option, `--`.

struct CfnOption {
    let short: Character?
    let long: String
    /// Nil: a flag.
    let value: String?
    let help: String
    /// The original has none of this name: it must be written out, so that no prefix changes its meaning.
    let isOurs: Bool

    init(_ short: Character?, _ long: String, value: String? = nil, _ help: String, isOurs: Bool = false) {
        self.short = short
        self.long = long
        self.value = value
        self.help = help
        self.isOurs = isOurs
    }
}

struct ParsedOptions {
    var values: [String: String] = [:]
    var flags: Set<String> = []
    var positionals: [String] = []
}

/// Wrong use: one line for standard error, after the usage; exit code 2.
struct UsageError: Error {
    let message: String
}

struct OptionParser {
    let program: String
    let usage: [String]
    let options: [CfnOption]

    func parse(_ arguments: [String]) throws -> ParsedOptions {
        var parsed = ParsedOptions()
        var rest = arguments[...]
        // Help is given as soon as it is asked for, whatever follows.
        while !parsed.flags.contains("help"), let argument = rest.popFirst() {
            if argument == "--" {
                parsed.positionals += rest
                break
            }
            if argument.hasPrefix("--") {
                try parseLong(argument, &rest, &parsed)
            } else if argument.hasPrefix("-"), argument.count > 1 {
                try parseShort(argument.dropFirst(), &rest, &parsed)
            } else {
                parsed.positionals.append(argument)
            }
        }
        return parsed
    }

    private func parseLong(_ argument: String, _ rest: inout ArraySlice<String>, _ parsed: inout ParsedOptions) throws {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let option = try match(parts[0])
        guard option.value != nil else {
            guard parts.count == 1 else { throw UsageError(message: "--\(option.long) option does not take a value") }
            parsed.flags.insert(option.long)
            return
        }
        guard let value = parts.count > 1 ? parts[1] : rest.popFirst() else {
            throw UsageError(message: "--\(option.long) option requires 1 argument")
        }
        parsed.values[option.long] = value
    }

    private func match(_ name: String) throws -> CfnOption {
        if let exact = options.first(where: { "--" + $0.long == name }) { return exact }
        let candidates = options.filter { !$0.isOurs && ("--" + $0.long).hasPrefix(name) }
        switch candidates.count {
        case 1: return candidates[0]
        case 0: throw UsageError(message: "no such option: \(name)")
        default:
            let names = candidates.map { "--" + $0.long }.sorted().joined(separator: ", ")
            throw UsageError(message: "ambiguous option: \(name) (\(names)?)")
        }
    }

    private func parseShort(_ letters: Substring, _ rest: inout ArraySlice<String>, _ parsed: inout ParsedOptions)
        throws
    {
        var letters = letters
        while let letter = letters.popFirst() {
            guard let option = options.first(where: { $0.short == letter }) else {
                throw UsageError(message: "no such option: -\(letter)")
            }
            if option.value == nil {
                parsed.flags.insert(option.long)
                continue
            }
            guard let value = letters.isEmpty ? rest.popFirst() : String(letters) else {
                throw UsageError(message: "-\(letter) option requires 1 argument")
            }
            parsed.values[option.long] = value
            return
        }
    }

    var usageText: String { "Usage: " + usage.joined(separator: "\n   or: ") + "\n" }

    var help: String {
        var lines = [usageText, "Options:"]
        for option in options {
            let names = [option.short.map { "-\($0)" }, "--\(option.long)"].compactMap { $0 }
            let shown = names.map { name in
                option.value.map { name.hasPrefix("--") ? "\(name)=\($0)" : "\(name) \($0)" } ?? name
            }
            let head = "  " + shown.joined(separator: ", ")
            let column = 38
            lines.append(
                head.count < column
                    ? head + String(repeating: " ", count: column - head.count) + option.help
                    : head + "\n" + String(repeating: " ", count: column) + option.help)
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
