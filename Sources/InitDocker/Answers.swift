// Reading what the Engine answers: nothing of it is taken for granted.

import InitCore

extension JSONNode {
    var string: String? { if case .string(let text) = value { text } else { nil } }
    var integer: Int? { if case .number(let number) = value { Int(number.text) } else { nil } }
    /// The strings of a map, as labels are.
    var strings: [String: String] {
        Dictionary(members.compactMap { key, node in node.string.map { (key, $0) } }, uniquingKeysWith: { $1 })
    }
}
