// What we make carries a mark: who wished for it. The mark, not a state file, tells what may be replaced and what is to be removed.

package struct OwnershipMark: Sendable, Hashable {
    /// Where the document came from: `STACK/RESOURCE`, else a file's absolute path, `-` for standard input.
    package var owner: String
    package var config: String
    package var section: String
    /// As a resource of that section is named.
    package var item: String

    package init(owner: String, config: String, section: String, item: String) {
        self.owner = owner
        self.config = config
        self.section = section
        self.item = item
    }

    private static let opening = "Made by ide-init for "
    private static let closing = "; changes are overwritten"
    private static let separator = ": "

    /// One line for a file that is ours alone, without the comment's sign.
    package var header: String {
        let place = [config, section, item].map(Self.escaped).joined(separator: "|")
        return Self.opening + Self.escaped(owner) + Self.separator + place + Self.closing
    }

    /// - Parameter line: whatever comment's sign stands before it; nil: it is no such line.
    package init?(header line: some StringProtocol) {
        guard let start = line.firstRange(of: Self.opening), line.hasSuffix(Self.closing) else { return nil }
        let text = line[start.upperBound...].dropLast(Self.closing.count)
        guard let border = text.firstRange(of: Self.separator) else { return nil }
        let place = text[border.upperBound...].split(separator: "|", omittingEmptySubsequences: false)
        guard place.count == 3 else { return nil }
        self.init(
            owner: percentDecoded(String(text[..<border.lowerBound])), config: percentDecoded(String(place[0])),
            section: percentDecoded(String(place[1])), item: percentDecoded(String(place[2])))
    }

    /// From a file's first lines; nil: it isn't ours.
    package init?(ofFile bytes: some Collection<UInt8>) {
        let lines = bytes.prefix(2048).split(separator: UInt8(ascii: "\n"), maxSplits: 5).prefix(5)
        let marks = lines.lazy.compactMap { OwnershipMark(header: String(decoding: $0, as: UTF8.self)) }
        guard let mark = marks.first else { return nil }
        self = mark
    }

    /// What would break the line, or the reading of it.
    private static func escaped(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            scalar.value < 0x20 || "%|:\u{7f}".unicodeScalars.contains(scalar)
                ? "%" + hexadecimal([UInt8(truncatingIfNeeded: scalar.value)]).uppercased() : String(scalar)
        }.joined()
    }

    // MARK: Labels

    private static let keys = ["ide-init.owner", "ide-init.config", "ide-init.section", "ide-init.item"]

    /// Of a container or network.
    package var labels: [String: String] {
        Dictionary(uniqueKeysWithValues: zip(Self.keys, [owner, config, section, item]))
    }

    /// Nil: it isn't ours.
    package init?(labels: [String: String]) {
        let values = Self.keys.compactMap { labels[$0] }
        guard values.count == Self.keys.count else { return nil }
        self.init(owner: values[0], config: values[1], section: values[2], item: values[3])
    }
}

/// One that takes away what is left over of its section in the very step that puts its own in place: no sweep goes before it.
package protocol SweepingResource: Resource {
    /// Nil: nothing is to be taken away.
    var scope: SweepScope? { get set }
}

/// What a sweep may take away: an item that the run's configs made and that is listed nowhere any more.
package struct SweepScope: Sendable {
    package let owner: String
    package let config: String
    package let section: String
    /// Items of this section in all of the document's configs.
    let listed: Set<String>
    /// All configs of the document, where this run takes every one that stands in a set; nil: what a config made that left the
    /// document is no matter of this run.
    let documentConfigs: Set<String>?

    package func isLeftOver(_ mark: OwnershipMark) -> Bool {
        guard mark.owner == owner, mark.section == section, !listed.contains(mark.item) else { return false }
        return mark.config == config || documentConfigs.map { !$0.contains(mark.config) } ?? false
    }

    /// Whether any config of the document wishes for it.
    package func lists(_ item: String) -> Bool { listed.contains(item) }

    package var id: ResourceID { ResourceID(config: config, section: section, name: "no longer listed") }
}
