// sources: {DESTINATION: archive, or {source, sha256, setuid}}: archives laid over directories.

let sourcesSection = SectionType(key: "sources") { input, diagnostics in
    input.sortedItems(&diagnostics).compactMap { destination, node in
        guard destination.hasPrefix("/") else {
            diagnostics.error(node.path, "the destination is not absolute; write it from / on")
            return nil
        }
        let details = node.isMap ? node["source"] : node
        node.checkKeys(["source", "sha256", "setuid"], &diagnostics)
        guard let source = details?.text(&diagnostics, wanted: "a URL or the path of an archive"), !source.isEmpty
        else {
            if details == nil || details?.value == .string("") {
                diagnostics.error(node.path, "there is no \u{201C}source\u{201D} in it")
            }
            return nil
        }
        let origin: Unpacking.Origin
        if let url = httpURL(source) {
            origin = .download(Download(url: url, sha256: node.sha256(&diagnostics)))
        } else if source.contains("://") {
            diagnostics.error(details?.path ?? node.path, unknownScheme(source))
            return nil
        } else {
            if let sum = node.given("sha256") {
                diagnostics.error(sum.path, "a sum is for downloads; \(source) is a file of this host")
            }
            origin = .path(source)
        }
        return SourceResource(
            id: input.id(destination),
            unpacking: Unpacking(
                origin, to: destination, stripsTopLevel: isGitHubArchive(source),
                allowsSetuid: node.given("setuid")?.flag(&diagnostics) ?? false),
            mark: input.mark(destination))
    }
}

struct SourceResource: Resource {
    let id: ResourceID
    let unpacking: Unpacking
    let mark: Mark

    func plan(_ now: Planning) async throws -> Plan {
        switch unpacking.origin {
        case .download(let download):
            return change([Fact("source", nil, download.shownURL)], .knownAfter("download"))
        case .path(let path):
            guard try now.probe.status(path) != nil else {
                if let earlier = now.ledger.awaits("packages", "files", "sources", "commands") {
                    return change([Fact("source", nil, path)], .knownAfter("\(earlier)"))
                }
                throw Failure(.host, "there is no archive at \(path)")
            }
            let comparison = try now.probe.compare(unpacking)
            guard !comparison.differing.isEmpty else { return .unchanged }
            let shown = comparison.differing.prefix(5).joined(separator: ", ")
            let more = comparison.differing.count > 5 ? ", …" : ""
            return change(
                [
                    Fact("source", nil, path),
                    Fact(
                        "members", nil, "\(comparison.differing.count) of \(comparison.members) differ: \(shown)\(more)"
                    ),
                ], .certain)
        }
    }

    private func change(_ facts: [Fact], _ certainty: Change.Certainty) -> Plan {
        .change(Change(.update, facts: facts, steps: [.unpack(unpacking)], certainty: certainty, marks: [mark]))
    }
}

extension JSONNode {
    /// A SHA-256 sum in its lower-case spelling.
    func sha256(_ diagnostics: inout Diagnostics) -> String? {
        guard let node = given("sha256"), let text = node.text(&diagnostics) else { return nil }
        guard text.utf8.count == 64, text.allSatisfy(\.isHexDigit) else {
            diagnostics.error(node.path, "a SHA-256 sum has 64 hexadecimal digits; this has \(text.count) characters")
            return nil
        }
        return text.lowercased()
    }
}

/// The text if it is an http or https URL; the scheme's case doesn't matter.
package func httpURL(_ text: String) -> String? {
    let lower = text.lowercased()
    return lower.hasPrefix("http://") || lower.hasPrefix("https://") ? text : nil
}

func unknownScheme(_ source: String) -> String {
    let scheme = source.prefix { $0 != ":" }
    return "\(scheme):// is not known here; http:// and https:// are"
}

/// GitHub wraps a repository in one directory named after the commit, which nobody wants in the path.
private func isGitHubArchive(_ source: String) -> Bool {
    guard let url = httpURL(source), let start = url.firstRange(of: "://")?.upperBound else { return false }
    let parts = url[start...].split(separator: "/", omittingEmptySubsequences: false)
    return parts.count >= 4 && parts[0].lowercased() == "github.com" && (parts[3] == "zipball" || parts[3] == "tarball")
}
