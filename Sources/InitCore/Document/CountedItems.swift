// `"count": 10` beside an item's keys makes ten items of it, which differ in what they write with ${n}.

extension JSONNode {
    /// More of one kind on one machine are a mistake.
    private static let mostItems = 1000

    /// The item as often as its `count` says, filled in and without that key; once where it has none. Its name takes ${n} too,
    /// or else the number behind a hyphen. Mistakes are told once, whatever the count.
    package func counted(_ name: String, _ diagnostics: inout Diagnostics) -> [(name: String, node: JSONNode)] {
        guard case .object(var object) = value else { return [(name, self)] }
        let isCounted = given("count") != nil
        var count = 1
        if let node = given("count") {
            guard let number = node.whole(&diagnostics, 0...Self.mostItems) else { return [] }
            count = number
        }
        object["count"] = nil
        let item = JSONNode(.object(object), at: path)
        var own = Diagnostics(compatible: diagnostics.isCompatible)
        let ofName = counted(text: name, at: path, isCounted, &own)
        item.checkCounted(isCounted, &own)
        diagnostics.merge(own)
        guard let ofName, !own.hasErrors else { return [] }
        return (0..<count).map { index in
            let name = isCounted && !ofName.isCounted ? "\(name)-\(index + 1)" : ofName.filled(index + 1)
            return (name, JSONNode(filled(item.value, index + 1), at: path))
        }
    }

    private func checkCounted(_ isCounted: Bool, _ diagnostics: inout Diagnostics) {
        if case .string(let text) = value { _ = counted(text: text, at: path, isCounted, &diagnostics) }
        for item in items { item.checkCounted(isCounted, &diagnostics) }
        for (_, member) in members { member.checkCounted(isCounted, &diagnostics) }
    }

    private func counted(
        text: String, at path: DocumentPath, _ isCounted: Bool, _ diagnostics: inout Diagnostics
    ) -> CountedText? {
        do throws(CountedText.Mistake) {
            let text = try CountedText(text)
            if text.isCounted, !isCounted {
                diagnostics.error(
                    path, "${n} stands here without a \u{201C}count\u{201D}; one that is to stay is written $${n}")
            }
            return text
        } catch {
            diagnostics.error(path, error.message)
            return nil
        }
    }
}

/// - Parameter value: whose texts have been checked.
private func filled(_ value: JSONValue, _ n: Int) -> JSONValue {
    switch value {
    case .null, .bool, .number: value
    case .string(let text): .string((try? CountedText(text))?.filled(n) ?? text)
    case .array(let items): .array(items.map { filled($0, n) })
    case .object(let object): .object(JSONObject(object.members.map { ($0, filled($1, n)) }))
    }
}
