/// cfn-hup.conf, as its section `[main]` says it.
package struct HupConfiguration: Sendable, Equatable {
    package static let fileName = "cfn-hup.conf"
    private static let section = "main"

    package let stack: String
    /// Beats `credentialFile`; without both the instance's identity speaks.
    package let role: String?
    package let credentialFile: String?
    package let region: String?
    package let url: String?
    /// Minutes from pass to pass.
    package let interval: Int
    package let isVerbose: Bool
    /// Of the daemon and what it runs.
    package let umask: UInt32
    /// What stands in the file and has no effect here.
    package let notes: [String]

    /// - Throws: `Failure(.invalidDocument)`.
    package init(_ ini: Ini) throws {
        func value(_ key: String) throws -> String? {
            guard let text = try ini.value(key, in: Self.section), !text.isEmpty else { return nil }
            return text
        }
        func invalid(_ key: String, _ text: String, _ wanted: String) -> Failure {
            Failure(
                .invalidDocument, "[\(Self.section)] \(key): \u{201C}\(text)\u{201D} stands here; \(wanted) is wanted")
        }
        func flag(_ key: String, _ standard: Bool) throws -> Bool {
            // Given and empty isn't the same as not given, as in Python.
            guard let text = try ini.value(key, in: Self.section) else { return standard }
            switch text.lowercased() {
            case "1", "yes", "true", "on": return true
            case "0", "no", "false", "off": return false
            default: throw invalid(key, text, "true or false")
            }
        }
        guard let stack = try value("stack") else {
            throw Failure(.invalidDocument, "no stack is named; write stack=NAME below [\(Self.section)]")
        }
        self.stack = stack
        role = try value("role")
        credentialFile = try value("credential-file")
        region = try value("region")
        url = try value("url")
        if let text = try ini.value("interval", in: Self.section) {
            guard let minutes = Int(text), (1...1_000_000).contains(minutes) else {
                throw invalid("interval", text, "a number of minutes, at least 1,")
            }
            interval = minutes
        } else {
            interval = 15
        }
        if let text = try value("umask") {
            let digits = text.lowercased().hasPrefix("0o") ? String(text.dropFirst(2)) : text
            guard let mask = UInt32(digits, radix: 8), mask <= 0o777 else {
                throw invalid("umask", text, "an octal number from 0 to 0777")
            }
            umask = mask
        } else {
            umask = 0o022
        }
        isVerbose = try flag("verbose", false)
        // Both only speak of commands over SQS.
        _ = try flag("multi-threaded", true)
        notes = try value("sqs_url") == nil ? [] : ["sqs_url has no effect: commands over SQS aren't supported here"]
    }
}
