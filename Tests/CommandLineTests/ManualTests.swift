// The manual page names all that the program takes and tells.

import Foundation
import InitCore
import Testing

@Suite(.enabled(if: Program.isRoot, "needs root")) struct ManualTests {
    private let manual: String
    private let checkout = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    init() throws {
        manual = try String(contentsOf: checkout.appending(path: "packaging/man/ide-init.8"), encoding: .utf8)
            .replacing("\\-", with: "-")
    }

    @Test func `every subcommand, each of its options and each exit code is in it`() throws {
        let program = try Program()
        defer { program.remove() }
        let general = try program.run("--help").output
        let commands = try #require(general.split(separator: "SUBCOMMANDS:").last).matches(
            of: try Regex(#"(?m)^  ([a-z]+) "#)
        ).compactMap { $0.output[1].substring.map(String.init) }
        #expect(commands.count >= 8)
        for command in commands + ["dns sync", "dns remove"] {
            let words = command.split(separator: " ").map(String.init)
            #expect(manual.contains(".B \(words.last ?? "")\n"), "\(command)")
            let options = try program.run(words + ["--help"], as: Program.path).output
                .matches(of: try Regex(#"(?m)^  (?:(-[a-z]), )?(--[a-z-]+)"#))
            #expect(options.count >= 2, "\(command)")
            for option in options {
                let name = try #require(option.output[2].substring)
                let forms = [".B \(name)\n", "\\fB\(name)\\fR", "\\fB\(name)\\fR \\fI"]
                #expect(forms.contains { manual.contains($0) }, "\(command) \(name)")
                if let short = option.output[1].substring {
                    #expect(manual.contains("\\fB\(short)\\fR, \\fB\(name)\\fR"), "\(command) \(short)")
                }
            }
        }
        for code in [0, 1, 2, 3, 64, 65, 69, 75] { #expect(manual.contains(".B \(code)\n"), "\(code)") }
    }

    @Test func `each kind of journal message is in it and in the catalog, with the fields that they name`() throws {
        let catalog = try String(contentsOf: checkout.appending(path: "units/ide-init.catalog"), encoding: .utf8)
        for kind in JournalView.Kind.allCases {
            #expect(manual.contains(kind.rawValue), "\(kind)")
            #expect(catalog.contains("\n-- \(kind.rawValue)\nSubject: "), "\(kind)")
        }
        for field in catalog.matches(of: try Regex("@([A-Z_]+)@")) {
            #expect(manual.contains(try #require(field.output[1].substring)))
        }
    }
}
