// A template some of whose text isn't to be read as one: values that are known before it is rendered, whatever they hold.

extension MustacheTemplate {
    enum Part: Sendable {
        case template(String)
        /// Goes in as it stands, braces and all, where the template around it prints it.
        case value(String)
    }

    /// - Throws: also where a value stands inside a tag.
    init(_ parts: [Part]) throws(MustacheError) {
        let marks = Marks(avoiding: parts)
        var text = ""
        var values: [[UInt8]] = []
        for part in parts {
            switch part {
            case .template(let template): text += template
            case .value(let value):
                text += marks.mark(values.count)
                values.append(Array(value.utf8))
            }
        }
        let misplaced = MustacheError(
            line: nil, message: "a reference stands inside a tag or a comment of the template")
        var seen = 0
        let nodes: [MustacheNode]
        do {
            nodes = marks.replace(in: try MustacheParser.parse(text), by: values, &seen)
        } catch {
            throw marks.stand(in: error.message) ? misplaced : error
        }
        guard seen == values.count else { throw misplaced }
        self.init(nodes)
    }
}

/// What stands for the values while the template is read: text that is no tag, has no blanks, and occurs nowhere else.
private struct Marks {
    private let start: String

    init(avoiding parts: [MustacheTemplate.Part]) {
        let text = parts.map { if case .template(let text) = $0 { text } else { "" } }.joined(separator: "\n")
        var number = 0
        while Self.start(number, standsIn: text) { number += 1 }
        start = Self.start(number)
    }

    private static func start(_ number: Int) -> String { "\u{E000}\(number):" }

    private static func start(_ number: Int, standsIn text: String) -> Bool {
        Array(text.utf8).firstOccurrence(of: Array(start(number).utf8), from: 0) != nil
    }

    func stand(in text: String) -> Bool { Array(text.utf8).firstOccurrence(of: Array(start.utf8), from: 0) != nil }

    func mark(_ index: Int) -> String { "\(start)\(index)\u{E001}" }

    func replace(in nodes: [MustacheNode], by values: [[UInt8]], _ seen: inout Int) -> [MustacheNode] {
        var result: [MustacheNode] = []
        for node in nodes {
            switch node {
            case .text(let text): result.append(.text(replace(in: text, by: values, &seen)))
            case .section(let name, let inverted, let body):
                result.append(.section(name, inverted: inverted, replace(in: body, by: values, &seen)))
            case .value, .partial: result.append(node)
            }
        }
        return result
    }

    /// The marks stand in the order of the values.
    private func replace(in text: [UInt8], by values: [[UInt8]], _ seen: inout Int) -> [UInt8] {
        var result: [UInt8] = []
        var at = 0
        while let mark = text.firstOccurrence(of: Array(start.utf8), from: at) {
            result += text[at..<mark]
            let rest = text[(mark + start.utf8.count)...]
            let digits = rest.prefix { $0 != Array("\u{E001}".utf8)[0] }
            if let index = Int(String(decoding: digits, as: UTF8.self)), index < values.count {
                result += values[index]
            }
            seen += 1
            at = digits.endIndex + "\u{E001}".utf8.count
        }
        return result + text[at...]
    }
}
