// What should have been replaced by something else on its way here, and would be used as it stands. `{"Ref": …}` and
// `{"Fn::…": …}` are CloudFormation's to replace. A reference is ours, in the places that the sections name.

func findLeftovers(in config: JSONNode, _ diagnostics: inout Diagnostics) {
    if isLeftover(config, &diagnostics) { return }
    for (key, node) in config.members where !isLeftover(node, &diagnostics) {
        let section = sections.first { $0.key == key }
        findLeftovers(node, in: key, below: [], &diagnostics) { section?.mayRefer($0) ?? false }
    }
}

func findLeftovers(inAuthentication node: JSONNode, _ diagnostics: inout Diagnostics) {
    let keys = ["accessKeyId", "secretKey", "username", "password"]
    for (_, entry) in node.members {
        for (name, value) in entry.members {
            findLeftovers(value, in: "", below: [name], &diagnostics) { keys.contains($0.first ?? "") }
        }
    }
}

/// - Parameters:
///   - section: for what to do instead.
///   - mayRefer: whether a reference may stand at a path.
private func findLeftovers(
    _ node: JSONNode, in section: String, below path: [String], _ diagnostics: inout Diagnostics,
    mayRefer: ([String]) -> Bool
) {
    switch node.value {
    case .null, .bool, .number: break
    case .string(let text):
        // An address of S3 is a reference only where something is fetched, which rpm and the like don't do.
        let isObject = section == "packages" && Reference.Scheme(of: text) == .s3
        guard isObject || Reference.isIn(text), !mayRefer(path) else { return }
        diagnostics.ignored(
            node.path,
            section == "commands"
                ? "a reference stands here, where all may read it: an argument list is public; put it into \u{201C}env\u{201D} and write the variable here"
                : section == "containers" && path.count > 1 && path[1] == "environment"
                    ? "a reference stands here, where docker inspect would show its value; put it into \u{201C}secrets\u{201D}, a file in the container, or into \u{201C}secretEnvironment\u{201D} if it has to be a variable"
                    : "a reference stands here, where none is resolved; \(placesOfReferences(section))"
        )
    case .array:
        for item in node.items { findLeftovers(item, in: section, below: path, &diagnostics, mayRefer: mayRefer) }
    case .object:
        if isLeftover(node, &diagnostics) { return }
        for (key, member) in node.members {
            findLeftovers(member, in: section, below: path + [key], &diagnostics, mayRefer: mayRefer)
        }
    }
}

/// Where one is taken: by the section itself, if it is one of ours.
private func placesOfReferences(_ key: String) -> String {
    let section = sections.first { $0.key == key && $0.takesFacts && !$0.references.isEmpty }
    guard let section else { return "files, the env of commands and \(Authentication.key) take them" }
    let places = section.references.map { $0.joined(separator: ".").replacing("*", with: "NAME") }
    return "\(key) takes them in \(places.joined(separator: ", "))"
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
