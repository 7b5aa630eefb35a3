// What should have been replaced by something else on its way here, and would be used as it stands. `{"Ref": …}` and
// `{"Fn::…": …}` are CloudFormation's to replace. A reference is ours, in the places that the sections name.

func findLeftovers(in config: JSONNode, _ diagnostics: inout Diagnostics) {
    if isLeftover(config, &diagnostics) { return }
    for (key, node) in config.members where !isLeftover(node, &diagnostics) {
        let section = sections.first { $0.key == key }
        let keys = section?.referenceKeys ?? []
        for (_, item) in node.members {
            if !item.isMap {
                findLeftovers(item, in: key, mayRefer: !keys.isEmpty, &diagnostics)
            } else if !isLeftover(item, &diagnostics) {
                for (name, value) in item.members {
                    findLeftovers(value, in: key, mayRefer: keys.contains(name), &diagnostics)
                }
            }
        }
    }
}

func findLeftovers(inAuthentication node: JSONNode, _ diagnostics: inout Diagnostics) {
    let keys = ["accessKeyId", "secretKey", "username", "password"]
    for (_, entry) in node.members {
        for (name, value) in entry.members {
            findLeftovers(value, in: "", mayRefer: keys.contains(name), &diagnostics)
        }
    }
}

/// - Parameter section: for what to do instead.
private func findLeftovers(
    _ node: JSONNode, in section: String, mayRefer: Bool, _ diagnostics: inout Diagnostics
) {
    switch node.value {
    case .null, .bool, .number: break
    case .string(let text):
        // An address of S3 is a reference only where something is fetched, which rpm and the like don't do.
        let isObject = section == "packages" && Reference.Scheme(of: text) == .s3
        guard !mayRefer, isObject || Reference.isIn(text) else { return }
        diagnostics.ignored(
            node.path,
            section == "commands"
                ? "a reference stands here, where all may read it: an argument list is public; put it into \u{201C}env\u{201D} and write the variable here"
                : "a reference stands here, where none is resolved; files, the env of commands and \(Authentication.key) take them"
        )
    case .array:
        for item in node.items { findLeftovers(item, in: section, mayRefer: mayRefer, &diagnostics) }
    case .object:
        if isLeftover(node, &diagnostics) { return }
        for (_, member) in node.members { findLeftovers(member, in: section, mayRefer: mayRefer, &diagnostics) }
    }
}

private func isLeftover(_ node: JSONNode, _ diagnostics: inout Diagnostics) -> Bool {
    guard node.members.count == 1, let (key, _) = node.members.first, key == "Ref" || key.hasPrefix("Fn::") else {
        return false
    }
    diagnostics.ignored(
        node.path,
        "\(key) stands here unresolved; CloudFormation replaces it in a stack, in a file the value itself is wanted"
    )
    return true
}
