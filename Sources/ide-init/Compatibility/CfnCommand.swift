// What the commands by the originals' names have in common: options, help, exit codes 1 and 2.

import InitCore
import InitLinux

protocol CfnCommand: Sendable {
    static var parser: OptionParser { get }
    var terminal: Terminal { get }
    func run(_ options: ParsedOptions) async throws -> Int32
}

extension CfnCommand {
    /// - Returns: the exit code.
    func run(_ arguments: [String]) async -> Int32 {
        do {
            let options = try Self.parser.parse(arguments)
            if options.flags.contains("help") {
                terminal.write(Self.parser.help)
                return 0
            }
            try options.checkCredentials()
            return try await run(options)
        } catch let error as UsageError {
            terminal.write(Self.parser.usageText + "\n\(Self.parser.program): error: \(error.message)\n", to: .errors)
            return 2
        } catch {
            return fail(Failure(wrapping: error).message)
        }
    }

    /// Wrong use that the original finds after parsing.
    func misuse(_ message: String) -> Int32 {
        terminal.write("Error: \(message)\n\(Self.parser.help)", to: .errors)
        return 1
    }

    func fail(_ message: String) -> Int32 {
        terminal.print(visible(message), to: .errors)
        return 1
    }
}
