// Where the files of a certificate lie: for the sections that serve with it, in whatever config they stand.

package struct CertificatePlace: Sendable, Equatable {
    package let name: String
    /// The chain, the server's own certificate first; anybody may read it.
    package let certificatePath: String
    /// Root's (or the owner's) alone.
    package let privateKeyPath: String

    /// Announced when the files have changed.
    package var mark: Mark { Mark(everywhere: CertificatePlaces.section, name) }
}

package enum CertificatePlaces {
    package static let section = "certificates"
    static let directory = "/etc/ide-init/certificates"

    /// Of the certificate of that name, in the first config that lists it; nil: none does.
    package static func find(_ name: String, in document: JSONNode, _ facts: HostFacts) -> CertificatePlace? {
        all(in: document, facts).first { $0.place.name == name }?.place
    }

    /// By config and name. Mistakes are told where the certificates themselves are read.
    static func all(in document: JSONNode, _ facts: HostFacts) -> [(config: String, place: CertificatePlace)] {
        var ignored = Diagnostics()
        return document.members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.flatMap { config, node in
            (node.given(section)?.members ?? []).flatMap { $0.node.counted($0.key, facts, &ignored) }.compactMap {
                CertificatePlace($0.name, $0.node, &ignored).map { (config, $0) }
            }
        }
    }
}

extension CertificatePlace {
    /// As the item says, else below /etc/ide-init; nil after a complaint.
    init?(_ name: String, _ node: JSONNode, _ diagnostics: inout Diagnostics) {
        self.name = name
        let isGiven = node.given("certificatePath") != nil && node.given("privateKeyPath") != nil
        guard isGiven || !name.isEmpty && !name.hasPrefix(".") && !name.contains("/") else {
            diagnostics.error(
                node.path,
                "\u{201C}\(name)\u{201D} can't be the name of a directory below \(CertificatePlaces.directory); rename it, or give certificatePath and privateKeyPath"
            )
            return nil
        }
        // A star in a path is a trap for whoever types it into a shell.
        let directory =
            CertificatePlaces.directory + "/" + (name.hasPrefix("*") ? "_star" + name.dropFirst() : name)
        guard
            let certificate = Self.path(
                node.given("certificatePath"), otherwise: directory + "/fullchain.pem", &diagnostics),
            let privateKey = Self.path(
                node.given("privateKeyPath"), otherwise: directory + "/privkey.pem", &diagnostics)
        else { return nil }
        guard certificate != privateKey else {
            diagnostics.error(
                node.path, "certificate and private key would both lie at \(certificate); give them different paths")
            return nil
        }
        certificatePath = certificate
        privateKeyPath = privateKey
    }

    private static func path(
        _ node: JSONNode?, otherwise: String, _ diagnostics: inout Diagnostics
    ) -> String? {
        guard let node else { return otherwise }
        guard let path = node.text(&diagnostics, wanted: "a path") else { return nil }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        guard path.hasPrefix("/"), !parts.contains(where: { ["", ".", ".."].contains($0) }) else {
            diagnostics.error(node.path, "\u{201C}\(path)\u{201D} is no absolute path of a file")
            return nil
        }
        return path
    }
}

extension SectionInput {
    /// The place of the certificate whose name stands there; nil after a complaint.
    package func certificate(_ node: JSONNode, _ diagnostics: inout Diagnostics) -> CertificatePlace? {
        guard let name = node.text(&diagnostics, wanted: "the name of a certificate") else { return nil }
        let all = CertificatePlaces.all(in: document, facts)
        let found = all.filter { $0.place.name == name }
        guard let first = found.first else {
            let names = all.map(\.place.name)
            let known = names.isEmpty ? "there are none" : "known: \(names.joined(separator: ", "))"
            diagnostics.error(
                node.path,
                "there is no certificate \u{201C}\(name)\u{201D} among the document's \u{201C}certificates\u{201D}\(suggestion(for: name, among: names)); \(known)"
            )
            return nil
        }
        if let own = found.first(where: { $0.config == config }) { return own.place }
        if let other = found.first(where: { $0.place != first.place }) {
            diagnostics.error(
                node.path,
                "\(first.config) and \(other.config) put the certificate \u{201C}\(name)\u{201D} in different places; rename one of them"
            )
            return nil
        }
        return first.place
    }
}
