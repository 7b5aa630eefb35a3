// Passwords and tokens that code-server would start with, and that nobody could use.

extension CodeServerConfiguration {
    /// What stands in clear is told before anything is done; what a reference stands for when it is known.
    func checkLiterals(_ diagnostics: inout Diagnostics) {
        for key in CodeServerKey.all {
            guard case .secret(let text)? = values[key.name], text.references.isEmpty,
                let secret = try? text.filled(ReferenceValues())
            else { continue }
            do {
                try check(secret, of: key)
            } catch {
                diagnostics.error(text.path, Failure(wrapping: error).message)
            }
        }
    }

    /// - Throws: `Failure` for a value with which nobody could log in.
    func check(_ secret: Secret, of key: CodeServerKey, at path: DocumentPath? = nil) throws {
        do {
            let isTyped = key.name == "password"
            if isTyped, !asksForPassword { return }
            try TypedSecret.check(secret, isTyped ? .trimmedPassword : .other)
        } catch let failure as Failure {
            throw Failure(failure.kind, (path.map { "\($0): " } ?? "") + failure.message)
        }
    }
}
