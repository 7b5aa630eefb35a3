// One IDE of a server: the path that leads to it, and where it listens.

struct NginxIDE: Sendable, Equatable {
    /// `/ide1`; empty: the whole host.
    let prefix: String
    /// As nginx's proxy_pass takes it behind `http://`.
    let upstream: String
    let path: DocumentPath

    var isRoot: Bool { prefix.isEmpty }
}

// MARK: Reading

extension NginxServer {
    private static let mostIDEs = 1000

    static func ides(
        _ node: JSONNode?, _ input: SectionInput, _ diagnostics: inout Diagnostics
    ) -> [NginxIDE] {
        guard let node, node.value != .null else { return [] }
        var ides: [NginxIDE] = []
        var paths: [String: String] = [:]
        for (name, item) in node.map(&diagnostics) {
            for (name, item) in item.counted(name, input.facts, &diagnostics) {
                var own = Diagnostics(compatible: diagnostics.isCompatible)
                if let ide = NginxIDE(name, item, &own) {
                    if let other = paths.updateValue(name, forKey: ide.prefix) {
                        own.error(
                            item.path,
                            "\(name) and \(other) have the same path, \(ide.prefix)/; give one another \u{201C}path\u{201D}"
                        )
                    }
                    ides.append(ide)
                }
                diagnostics.merge(own)
                // The others of its count would only say the same.
                if own.hasErrors { break }
            }
        }
        if ides.count > mostIDEs {
            diagnostics.error(node.path, "\(ides.count) IDEs stand here; \(mostIDEs) are the most")
        }
        return ides.sorted { precedes($0.prefix, $1.prefix) }
    }

    /// ide2 before ide10.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        let stem = { (text: String) in String(text.trimmingSuffix { $0.isASCII && $0.isNumber }) }
        return (stem(left), left.utf8.count, left) < (stem(right), right.utf8.count, right)
    }

    /// Of unreserved characters; nothing that nginx or a browser would read otherwise.
    static func isPath(_ text: Substring, segmentsOnly: Bool) -> Bool {
        let segments = text.split(separator: "/", omittingEmptySubsequences: false)
        return segments.allSatisfy { segment in
            segment != "." && segment != ".." && (!segment.isEmpty || !segmentsOnly && segments.count == 1)
                && segment.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._~".contains($0)) }
        }
    }
}

extension NginxIDE {
    fileprivate init?(_ name: String, _ node: JSONNode, _ diagnostics: inout Diagnostics) {
        guard node.isMap else {
            node.complain("a map with \u{201C}upstream\u{201D}", &diagnostics)
            return nil
        }
        node.checkKeys(["upstream", "path"], &diagnostics)
        // A number by itself is an IDE's, as the articles have it.
        let path = node.given("path")
        let text = path?.text(&diagnostics) ?? (Int(name) == nil ? name : "ide\(name)")
        let trimmed = text.drop { $0 == "/" }.trimmingSuffix { $0 == "/" }
        if !trimmed.isEmpty, !NginxServer.isPath(trimmed, segmentsOnly: true) {
            diagnostics.error(
                path?.path ?? node.path,
                "\u{201C}\(text)\u{201D} is no path of letters, digits, - . _ ~ and slashes"
                    + (path == nil ? "; give one as \u{201C}path\u{201D}" : ""))
        }
        guard let given = node.given("upstream") else {
            diagnostics.error(
                node.path,
                "there is no \u{201C}upstream\u{201D} in it, the address where the IDE listens: 127.0.0.1:8080")
            return nil
        }
        guard let upstream = given.text(&diagnostics, wanted: "host:port")?.trimmingBlanks() else { return nil }
        let isSocket = upstream.hasPrefix("unix:/") && NginxServer.isPath(upstream.dropFirst(6), segmentsOnly: true)
        // A fact of the host that isn't known in this plan.
        let isUnknown = upstream.contains("${")
        guard isSocket || isUnknown || HostAndPort(upstream)?.port != nil else {
            diagnostics.error(
                given.path,
                "\u{201C}\(upstream)\u{201D} is no upstream; 127.0.0.1:8080, [::1]:8080 and unix:/run/ide1.sock are")
            return nil
        }
        self.init(prefix: trimmed.isEmpty ? "" : "/" + trimmed, upstream: upstream, path: node.path)
    }
}

extension StringProtocol {
    fileprivate func trimmingSuffix(_ isLeftOut: (Character) -> Bool) -> SubSequence {
        var rest = self[...]
        while let last = rest.last, isLeftOut(last) { rest.removeLast() }
        return rest
    }
}
