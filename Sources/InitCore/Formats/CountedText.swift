/// A text with `${n}` in it, the number of a counted item, also as `${8000+n}`, `${n+1}` and `${n-1}`, and with `${public-ipv4}`
/// and other facts of the host; `$${` is a plain `${`.
package struct CountedText: Sendable, Equatable {
    private enum Part: Sendable, Equatable {
        case literal(String)
        case number(plus: Int)
        case fact(HostFacts.Name)
    }

    package struct Mistake: Error, Sendable, Equatable {
        package let message: String
    }

    private var parts: [Part] = []

    /// - Parameter isLenient: what isn't known here is somebody else's and stays as it is.
    package init(_ text: String, isLenient: Bool = false) throws(Mistake) {
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
                    if isLenient { break }
                    throw Mistake(message: "a ${ isn't closed here; one that is to stay is written $${")
                }
                let name = String(rest[rest.index(dollar, offsetBy: 2)..<end])
                if let part = Self.part(name) {
                    parts += [.literal(literal), part]
                    literal = ""
                } else {
                    guard isLenient else { throw Self.unknown(name) }
                    literal += rest[...end]
                }
                rest = rest[rest.index(after: end)...]
            } else {
                literal += "$"
                rest = rest.dropFirst()
            }
        }
        parts.append(.literal(literal + rest))
    }

    private static func part(_ name: String) -> Part? {
        if let fact = HostFacts.Name(rawValue: name.trimmingBlanks()) { return .fact(fact) }
        return offset(name).map { .number(plus: $0) }
    }

    private static func unknown(_ name: String) -> Mistake {
        let facts = HostFacts.Name.allCases.map(\.rawValue)
        return Mistake(
            message:
                "${\(name)} isn't known here\(suggestion(for: name, among: facts)); ${n} and ${8000+n} are, beside a \u{201C}count\u{201D}, and \(facts.map { "${\($0)}" }.joined(separator: ", ")); one that is to stay is written $${\(name)}"
        )
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

    package var facts: [HostFacts.Name] { parts.compactMap { if case .fact(let name) = $0 { name } else { nil } } }

    /// - Parameters:
    ///   - n: of no effect on a text that isn't counted.
    ///   - facts: one without a value stays as it is written.
    package func filled(_ n: Int, _ facts: HostFacts = .unasked) -> String {
        parts.map { part in
            switch part {
            case .literal(let text): text
            case .number(let plus): "\(n + plus)"
            case .fact(let name): facts.value(name) ?? "${\(name.rawValue)}"
            }
        }.joined()
    }
}
