// `"count": 10` beside an item's keys makes ten items of it, which differ in what they write with ${n}. Facts of the host are
// filled in with it.

extension JSONNode {
    /// More of one kind on one machine are a mistake.
    private static let mostItems = 1000

    /// The item as often as its `count` says, filled in and without that key; once where it has none. Its name takes ${n} too,
    /// or else the number behind a hyphen. Mistakes are told once, whatever the count.
    /// - Parameter foreign: members in which an unknown ${…} is somebody else's and stays.
    package func counted(
        _ name: String, _ facts: HostFacts, keeping foreign: Set<String> = [], _ diagnostics: inout Diagnostics
    ) -> [(name: String, node: JSONNode)] {
        guard case .object(var object) = value else {
            let filling = Filling(facts: facts, isCounted: false)
            let name = filling.checked(name, at: path, &diagnostics)
            filling.check(self, &diagnostics)
            return name.map { [($0.filled(1, facts), JSONNode(filling.filled(value, 1), at: path))] } ?? []
        }
        let isCounted = given("count") != nil
        var count = 1
        if let node = given("count") {
            guard let number = node.whole(&diagnostics, 0...Self.mostItems) else { return [] }
            count = number
        }
        object["count"] = nil
        var own = Diagnostics(compatible: diagnostics.isCompatible)
        var filling = Filling(facts: facts, isCounted: isCounted)
        let ofName = filling.checked(name, at: path, &own)
        for (key, member) in object.members {
            filling.isLenient = foreign.contains(key)
            filling.check(JSONNode(member, at: path.appending(key)), &own)
        }
        diagnostics.merge(own)
        guard let ofName, !own.hasErrors else { return [] }
        return (0..<count).map { index in
            let filledName = ofName.filled(index + 1, facts)
            let name = isCounted && !ofName.isCounted ? "\(filledName)-\(index + 1)" : filledName
            let members = object.members.map { key, member in
                var filling = filling
                filling.isLenient = foreign.contains(key)
                return (key, filling.filled(member, index + 1))
            }
            return (name, JSONNode(.object(JSONObject(members)), at: path))
        }
    }
}

extension JSONNode {
    /// A number behind a hyphen, as for other items, would make another top-level domain of a name.
    /// - Returns: false after a complaint.
    func countsDomain(_ name: String, of kind: String, _ diagnostics: inout Diagnostics) -> Bool {
        guard given("count") != nil, !name.contains("${") else { return true }
        diagnostics.error(
            path, "a counted \(kind)'s name says where its number goes, with ${n}: dev-${n}.\(name)")
        return false
    }
}

/// What is put in for `${…}`, and what may stand there.
private struct Filling {
    let facts: HostFacts
    let isCounted: Bool
    var isLenient = false

    func checked(_ text: String, at path: DocumentPath, _ diagnostics: inout Diagnostics) -> CountedText? {
        do throws(CountedText.Mistake) {
            let text = try CountedText(text, isLenient: isLenient)
            if text.isCounted, !isCounted {
                diagnostics.error(
                    path, "${n} stands here without a \u{201C}count\u{201D}; one that is to stay is written $${n}")
            }
            for name in text.facts {
                switch facts[name] {
                case .missing(let why)?: diagnostics.error(path, "${\(name.rawValue)} can't be had: \(why)")
                case .unknown(let why)?: diagnostics.warning(path, "${\(name.rawValue)} isn't known: \(why)")
                case .value?, nil: break
                }
            }
            return text
        } catch {
            diagnostics.error(path, error.message)
            return nil
        }
    }

    func check(_ node: JSONNode, _ diagnostics: inout Diagnostics) {
        if case .string(let text) = node.value { _ = checked(text, at: node.path, &diagnostics) }
        for item in node.items { check(item, &diagnostics) }
        for (_, member) in node.members { check(member, &diagnostics) }
    }

    /// A key may be anybody's text: what isn't known in it stays.
    private func filled(key: String, _ n: Int) -> String {
        (try? CountedText(key, isLenient: true))?.filled(n, facts) ?? key
    }

    /// - Parameter value: whose texts have been checked.
    func filled(_ value: JSONValue, _ n: Int) -> JSONValue {
        switch value {
        case .null, .bool, .number: value
        case .string(let text): .string((try? CountedText(text, isLenient: isLenient))?.filled(n, facts) ?? text)
        case .array(let items): .array(items.map { filled($0, n) })
        case .object(let object): .object(JSONObject(object.members.map { (filled(key: $0, n), filled($1, n)) }))
        }
    }
}
