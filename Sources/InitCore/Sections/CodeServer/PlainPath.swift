/// An absolute path without a slash at its end. One that takes detours isn't what comes of it when it is looked up.
/// - Returns: nil after a complaint.
func plainPath(_ text: String, _ node: JSONNode, _ diagnostics: inout Diagnostics) -> String? {
    guard text.hasPrefix("/") else {
        diagnostics.error(node.path, "the path isn't absolute; write it from / on")
        return nil
    }
    var path = text
    while path.hasSuffix("/") { path.removeLast() }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    guard !parts.isEmpty, !parts.contains(where: { ["", ".", ".."].contains($0) }) else {
        diagnostics.error(
            node.path,
            "\u{201C}\(text)\u{201D} isn't written straight; leave out //, . and .., and / itself isn't taken")
        return nil
    }
    return path
}
