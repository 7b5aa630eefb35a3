/// Where something stands in the document: `Setup.files./etc/motd.mode`.
package struct DocumentPath: Sendable, Hashable, CustomStringConvertible {
    private enum Component: Sendable, Hashable {
        case key(String)
        case index(Int)
    }

    private var components: [Component] = []

    package init(_ keys: String...) { components = keys.map(Component.key) }

    package mutating func append(_ key: String) { components.append(.key(key)) }
    package mutating func append(_ index: Int) { components.append(.index(index)) }
    package mutating func removeLast() { components.removeLast() }

    /// The last key of it.
    package var last: String {
        if case .key(let key) = components.last { key } else { "" }
    }

    package func appending(_ key: String) -> Self {
        var copy = self
        copy.append(key)
        return copy
    }

    package func appending(_ index: Int) -> Self {
        var copy = self
        copy.append(index)
        return copy
    }

    /// The same place seen from inside the block of that name, which in front of each path says nothing to a reader.
    package func seen(from block: String) -> Self {
        var copy = self
        if components.first == .key(block) { copy.components.removeFirst() }
        return copy
    }

    package var description: String {
        var text = ""
        for component in components {
            switch component {
            case .key(let key): text += text.isEmpty ? key : ".\(key)"
            case .index(let index): text += "[\(index)]"
            }
        }
        return text.isEmpty ? "document" : text
    }
}
