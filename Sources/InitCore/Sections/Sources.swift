// sources: {DESTINATION: archive, or {source, sha256, setuid}}: archives laid over directories.

let sourcesSection = SectionType(key: "sources", references: [["*"]]) { input, diagnostics in
    input.sortedItems(&diagnostics).compactMap { destination, node in
        guard destination.hasPrefix("/") else {
            diagnostics.error(node.path, "the destination is not absolute; write it from / on")
            return nil
        }
        let details = node.isMap ? node["source"] : node
        node.checkKeys(["source", "sha256", "setuid"], &diagnostics)
        guard let details, let source = details.text(&diagnostics, wanted: "a URL or the path of an archive"),
            !source.isEmpty
        else {
            if details == nil || details?.value == .string("") {
                diagnostics.error(node.path, "there is no \u{201C}source\u{201D} in it")
            }
            return nil
        }
        let origin: SourceResource.Origin
        if source.contains("://") {
            let download = WishedDownload(
                details, source, of: node, input.authentication, named: nil, &diagnostics)
            guard let download else { return nil }
            origin = .download(download)
        } else {
            if let sum = node.given("sha256") {
                diagnostics.error(sum.path, "a sum is for downloads; \(source) is a file of this host")
            }
            if Reference.isIn(source) {
                diagnostics.ignored(details.path, "a reference stands here, and a secret is no archive")
            }
            origin = .path(source)
        }
        return SourceResource(
            id: input.id(destination), origin: origin, stripsTopLevel: isGitHubArchive(source),
            allowsSetuid: node.given("setuid")?.flag(&diagnostics) ?? false, mark: input.mark(destination))
    }
}

struct SourceResource: Resource {
    enum Origin: Sendable, Equatable {
        case path(String)
        case download(WishedDownload)
    }

    let id: ResourceID
    let origin: Origin
    let stripsTopLevel: Bool
    let allowsSetuid: Bool
    let mark: Mark

    var references: [Reference] {
        if case .download(let download) = origin { download.references.map(\.reference) } else { [] }
    }

    func plan(_ now: Planning) async throws -> Plan {
        switch origin {
        case .download(let wished):
            let facts = [Fact("source", nil, wished.bare.shownURL)]
            switch try await now.resolve(wished.references) {
            case .values(let values):
                return change(facts, unpacking(.download(try wished.download(values))), .knownAfter("download"))
            case .unknown(let certainty): return change(facts, nil, certainty)
            }
        case .path(let path):
            let unpacking = unpacking(.path(path))
            guard try now.probe.status(path) != nil else {
                if let earlier = now.ledger.awaits("packages", "files", "sources", "commands") {
                    return change([Fact("source", nil, path)], unpacking, .knownAfter("\(earlier)"))
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
                ], unpacking, .certain)
        }
    }

    private func unpacking(_ origin: Unpacking.Origin) -> Unpacking {
        Unpacking(origin, to: id.name, stripsTopLevel: stripsTopLevel, allowsSetuid: allowsSetuid)
    }

    private func change(_ facts: [Fact], _ unpacking: Unpacking?, _ certainty: Change.Certainty) -> Plan {
        .change(
            Change(
                .update, facts: facts, steps: unpacking.map { [.unpack($0)] } ?? [], certainty: certainty,
                marks: [mark]))
    }
}

/// GitHub wraps a repository in one directory named after the commit, which nobody wants in the path.
private func isGitHubArchive(_ source: String) -> Bool {
    guard let url = httpURL(source), let start = url.firstRange(of: "://")?.upperBound else { return false }
    let parts = url[start...].split(separator: "/", omittingEmptySubsequences: false)
    return parts.count >= 4 && parts[0].lowercased() == "github.com" && (parts[3] == "zipball" || parts[3] == "tarball")
}
