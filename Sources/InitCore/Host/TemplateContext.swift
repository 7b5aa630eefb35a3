/// What a download is rendered with. Sealed: some of its values may be secrets.
package struct TemplateContext: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    private let value: JSONValue

    package init(_ value: JSONValue) { self.value = value }

    package func render(_ template: String) throws -> [UInt8] {
        Array(try MustacheTemplate(template).render(value).utf8)
    }

    package var description: String { Secret.placeholder }
    package var debugDescription: String { Secret.placeholder }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
