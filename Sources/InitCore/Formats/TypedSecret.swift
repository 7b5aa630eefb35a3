/// What goes into a program's file for somebody to type, or for the program to compare, and with which nobody would ever get in.
enum TypedSecret {
    enum Use {
        case password
        /// Its reader takes blanks off what is typed: one that begins or ends with some is never right.
        case trimmedPassword
        /// Nobody types it: a hash, a token.
        case other
    }

    /// - Throws: `Failure` that says what is wrong with it and nothing of what it is.
    static func check(_ secret: Secret, _ use: Use) throws {
        let what = use == .other ? "value" : "password"
        let refuse = { (why: String) in Failure(.refused, "the \(what) \(why)") }
        try secret.reveal { bytes in
            if bytes.isEmpty { throw refuse("is empty") }
            if bytes.last == UInt8(ascii: "\n") {
                throw refuse("ends with a line end, which nobody types; store it without one (printf instead of echo)")
            }
            if bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
                throw refuse("holds a control character, which nobody types; store it without")
            }
            if bytes.first == UInt8(ascii: "{"), (try? JSONParser.parse(bytes, name: what).value) != nil {
                throw refuse("is JSON; name the key that holds it, as in secretsmanager://ID#KEY")
            }
            guard use == .trimmedPassword else { return }
            let text = String(decoding: bytes, as: UTF8.self).unicodeScalars
            if [text.first, text.last].contains(where: { $0.map(isBlank) ?? false }) {
                throw refuse("begins or ends with a blank, and blanks are taken off what is typed; store it without")
            }
        }
    }

    /// As JavaScript's trim() sees it.
    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace && scalar != "\u{85}" || scalar == "\u{FEFF}"
    }
}
