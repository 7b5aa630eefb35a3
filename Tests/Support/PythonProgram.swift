// A program in Python for tests: says that it is ready by one line of JSON, and ends with its standard input, so with us.

import Foundation
package import InitCore

package final class PythonProgram: Sendable {
    private let process = Process()
    private let input = Pipe()
    package let ready: JSONNode

    /// - Parameter arguments: of the interpreter.
    /// - Throws: what it wrote, where that is no JSON.
    package init(_ arguments: [String], interpreter: String = "python3") throws {
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [interpreter] + arguments
        process.standardOutput = output
        process.standardInput = input
        try process.run()
        var line = Data()
        while line.last != UInt8(ascii: "\n") {
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { break }
            line += more
        }
        ready = JSONNode(try JSONParser.parse(Array(line), name: "what \(arguments[0]) says first").value)
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.terminate()
    }

    /// The exit status.
    package static func run(_ command: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}

extension JSONNode {
    package var plainText: String { if case .string(let text) = value { text } else { "" } }
    /// Nil for anything but a number.
    package var number: Double? { if case .number(let number) = value { number.double } else { nil } }
}
