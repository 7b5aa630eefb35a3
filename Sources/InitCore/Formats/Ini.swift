// Ini files as Python's ConfigParser reads them: what it accepts, what it refuses, how it interpolates (3.11, strict).
// Several files merge section by section; within one file nothing may stand twice.

package struct Ini: Sendable, Equatable {
    private struct Section: Sendable, Equatable {
        var options: [(key: String, lines: [String])] = []

        static func == (left: Self, right: Self) -> Bool {
            left.options.elementsEqual(right.options) { $0.key == $1.key && $0.lines == $1.lines }
        }

        subscript(key: String) -> [String]? {
            get { options.first { $0.key == key }?.lines }
            set {
                let lines = newValue ?? []
                if let place = options.firstIndex(where: { $0.key == key }) {
                    options[place].lines = lines
                } else {
                    options.append((key, lines))
                }
            }
        }
    }

    private static let defaultSection = "DEFAULT"
    /// As Python counts it: the value itself is the first step.
    private static let deepestInterpolation = 10

    private var defaults = Section()
    private var named: [(name: String, section: Section)] = []

    package init() {}

    /// In the order of their first appearance; `[DEFAULT]` isn't one of them.
    package var sections: [String] { named.map(\.name) }

    package static func == (left: Self, right: Self) -> Bool {
        left.defaults == right.defaults
            && left.named.elementsEqual(right.named) { $0.name == $1.name && $0.section == $1.section }
    }

    // MARK: Reading

    /// - Parameter name: the file's, for complaints.
    /// - Throws: `Failure(.invalidDocument)` that names file and line.
    package mutating func merge(_ text: String, name: String) throws {
        var reader = Reader(ini: self, name: name)
        var scalars = text.unicodeScalars[...]
        // Editors elsewhere write a byte order mark.
        if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
        for (index, line) in Self.lines(scalars).enumerated() { try reader.read(line, number: index + 1) }
        self = reader.ini
    }

    /// Ended by `\n`, `\r\n` or `\r`.
    private static func lines(_ text: Substring.UnicodeScalarView) -> [[Unicode.Scalar]] {
        var lines: [[Unicode.Scalar]] = []
        var line: [Unicode.Scalar] = []
        var previous: Unicode.Scalar = " "
        for scalar in text {
            switch scalar {
            case "\n" where previous == "\r": break
            case "\n", "\r":
                lines.append(line)
                line = []
            default: line.append(scalar)
            }
            previous = scalar
        }
        return line.isEmpty ? lines : lines + [line]
    }

    private enum Place: Equatable {
        case defaults
        case named(Int)
    }

    private subscript(place: Place) -> Section {
        get {
            switch place {
            case .defaults: defaults
            case .named(let index): named[index].section
            }
        }
        set {
            switch place {
            case .defaults: defaults = newValue
            case .named(let index): named[index].section = newValue
            }
        }
    }

    private struct Reader {
        var ini: Ini
        let name: String
        private var place: Place?
        private var option: String?
        private var indent = 0
        private var seenSections: Set<String> = []
        private var seenOptions: Set<[String]> = []

        init(ini: Ini, name: String) {
            self.ini = ini
            self.name = name
        }

        private func complaint(_ number: Int, _ message: String) -> Failure {
            Failure(.invalidDocument, "\(name):\(number): \(message)")
        }

        mutating func read(_ line: [Unicode.Scalar], number: Int) throws {
            let value = trimmed(line[...])
            guard let first = value.first, first != "#", first != ";" else {
                // An empty line may belong to a value that goes on below; a comment never does.
                if value.isEmpty, let place, let option { ini[place][option]?.append("") }
                return
            }
            let indent = value.startIndex
            if let place, let option, indent > self.indent {
                ini[place][option]?.append(string(value))
                return
            }
            self.indent = indent
            if first == "[", let end = value.lastIndex(of: "]"), end > value.startIndex + 1 {
                return try open(string(value[(value.startIndex + 1)..<end]), number)
            }
            guard let place else {
                throw complaint(number, "\u{201C}\(string(value))\u{201D} stands before the first [section]")
            }
            try set(value, in: place, number)
        }

        private mutating func open(_ section: String, _ number: Int) throws {
            option = nil
            if section == Ini.defaultSection {
                place = .defaults
                return
            }
            guard seenSections.insert(section).inserted else {
                throw complaint(number, "[\(section)] stands twice in this file")
            }
            if let index = ini.named.firstIndex(where: { $0.name == section }) {
                place = .named(index)
            } else {
                ini.named.append((section, Section()))
                place = .named(ini.named.count - 1)
            }
        }

        private mutating func set(_ line: ArraySlice<Unicode.Scalar>, in place: Place, _ number: Int) throws {
            guard let delimiter = line.firstIndex(where: { $0 == "=" || $0 == ":" }) else {
                throw complaint(number, "\u{201C}\(string(line))\u{201D} is no line of the form key=value")
            }
            let key = string(trimmed(line[..<delimiter])).lowercased()
            guard !key.isEmpty else { throw complaint(number, "nothing stands before \(line[delimiter])") }
            let section: String
            switch place {
            case .defaults: section = Ini.defaultSection
            case .named(let index): section = ini.named[index].name
            }
            guard seenOptions.insert([section, key]).inserted else {
                throw complaint(number, "\(key) stands twice in [\(section)]")
            }
            ini[place][key] = [string(trimmed(line[(delimiter + 1)...]))]
            option = key
        }
    }

    // MARK: Asking

    /// A value with `%%` and `%(other)s` resolved; nil: there is none of that name.
    /// - Throws: `Failure(.invalidDocument)` for a lone `%`, a name that isn't there, a circle.
    package func value(_ key: String, in section: String) throws -> String? {
        guard let text = raw(key, in: section) else { return nil }
        var result = ""
        try interpolate(text, key, section, depth: 1, into: &result)
        return result
    }

    private func raw(_ key: String, in section: String) -> String? {
        let lines = named.first { $0.name == section }?.section[key] ?? defaults[key]
        guard let lines else { return nil }
        var joined = Array(lines.joined(separator: "\n").unicodeScalars)
        while let last = joined.last, last.isPythonSpace { joined.removeLast() }
        return string(joined[...])
    }

    private func interpolate(
        _ text: String, _ key: String, _ section: String, depth: Int, into result: inout String
    ) throws {
        func complaint(_ message: String) -> Failure { Failure(.invalidDocument, "[\(section)] \(key): \(message)") }
        guard depth <= Self.deepestInterpolation else {
            throw complaint("the values that it names go round in a circle")
        }
        var rest = Array(text.unicodeScalars)[...]
        while let percent = rest.firstIndex(of: "%") {
            result += string(rest[..<percent])
            rest = rest[(percent + 1)...]
            switch rest.first {
            case "%":
                result += "%"
                rest.removeFirst()
            case "(":
                guard let end = rest.firstIndex(of: ")"), end > rest.startIndex + 1, rest[(end + 1)...].first == "s"
                else {
                    throw complaint("%( begins no %(name)s; a per cent sign itself is written %%")
                }
                let name = string(rest[(rest.startIndex + 1)..<end]).lowercased()
                rest = rest[(end + 2)...]
                guard let value = raw(name, in: section) else {
                    throw complaint("%(\(name))s names a value that isn't there; a per cent sign itself is written %%")
                }
                try interpolate(value, key, section, depth: depth + 1, into: &result)
            default: throw complaint("a lone % stands in it; write %%")
            }
        }
        result += string(rest)
    }
}

private func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
}

private func trimmed(_ scalars: ArraySlice<Unicode.Scalar>) -> ArraySlice<Unicode.Scalar> {
    var rest = scalars
    while rest.first?.isPythonSpace ?? false { rest.removeFirst() }
    while rest.last?.isPythonSpace ?? false { rest.removeLast() }
    return rest
}

extension Unicode.Scalar {
    /// `str.isspace()`
    fileprivate var isPythonSpace: Bool {
        switch value {
        case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }
}
