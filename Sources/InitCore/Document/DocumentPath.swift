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

    /// The same place seen from the Init block: `AWS::CloudFormation::Init` in front says nothing to a reader.
    package var isEmpty: Bool { components.isEmpty }

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
