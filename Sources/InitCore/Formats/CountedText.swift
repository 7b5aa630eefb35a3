/// A text with `${n}` in it, the number of a counted item, also as `${8000+n}`, `${n+1}` and `${n-1}`; `$${` is a plain `${`.
package struct CountedText: Sendable, Equatable {
    private enum Part: Sendable, Equatable {
        case literal(String)
        case number(plus: Int)
    }

    package struct Mistake: Error, Sendable, Equatable {
        package let message: String
    }

    private var parts: [Part] = []

    package init(_ text: String) throws(Mistake) {
        var rest = text[...]
        var literal = ""
        while let dollar = rest.firstIndex(of: "$") {
            literal += rest[..<dollar]
            rest = rest[dollar...]
            if rest.hasPrefix("$${") {
                literal += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                guard let end = rest.firstIndex(of: "}") else {
                    throw Mistake(message: "a ${ isn't closed here; one that is to stay is written $${")
                }
                let name = String(rest[rest.index(dollar, offsetBy: 2)..<end])
                guard let plus = Self.offset(name) else {
                    throw Mistake(
                        message:
                            "${\(name)} isn't known here; ${n} and ${8000+n} are, beside a \u{201C}count\u{201D}; one that is to stay is written $${\(name)}"
                    )
                }
                parts += [.literal(literal), .number(plus: plus)]
                literal = ""
                rest = rest[rest.index(after: end)...]
            } else {
                literal += "$"
                rest = rest.dropFirst()
            }
        }
        parts.append(.literal(literal + rest))
    }

    /// What is added to n: `n`, `A+n`, `n+A`, `n-A`.
    private static func offset(_ text: String) -> Int? {
        func number(_ text: Substring) -> Int? {
            let text = text.trimmingBlanks()
            return text.utf8.count <= 9 && text.allSatisfy { $0.isASCII && $0.isNumber } ? Int(text) : nil
        }
        if text.trimmingBlanks() == "n" { return 0 }
        guard let sign = text.firstIndex(where: { $0 == "+" || $0 == "-" }) else { return nil }
        let (left, right) = (text[..<sign], text[text.index(after: sign)...])
        if left.trimmingBlanks() == "n" { return number(right).map { text[sign] == "+" ? $0 : -$0 } }
        return text[sign] == "+" && right.trimmingBlanks() == "n" ? number(left) : nil
    }

    /// Whether it is another for each n.
    package var isCounted: Bool { parts.contains { if case .number = $0 { true } else { false } } }

    /// - Parameter n: of no effect on a text that isn't counted.
    package func filled(_ n: Int) -> String {
        parts.map { part in
            switch part {
            case .literal(let text): text
            case .number(let plus): "\(n + plus)"
            }
        }.joined()
    }
}
