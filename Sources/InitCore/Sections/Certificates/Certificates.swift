// certificates: {NAME: {certificate, privateKey, certificatePath?, privateKeyPath?, owner?, group?}}: a chain and its key,
// checked before they replace anything, and always changed together. No sweep takes them away: somebody may still serve with them.

let certificatesSection = SectionType(
    key: CertificatePlaces.section, references: [["*", "certificate"], ["*", "privateKey"]], takesFacts: true
) { input, diagnostics in
    var paths: [String: String] = [:]
    return input.sortedItems(&diagnostics).flatMap { name, node -> [CertificateResource] in
        _ = node.map(&diagnostics)
        guard node.isMap else { return [] }
        var made: [CertificateResource] = []
        for (index, (name, node)) in node.counted(name, input.facts, &diagnostics).enumerated() {
            var own = Diagnostics(compatible: diagnostics.isCompatible)
            if let resource = CertificateResource(name, node, input, &own) {
                for path in [resource.place.certificatePath, resource.place.privateKeyPath] {
                    if let other = paths.updateValue(name, forKey: path) {
                        own.error(
                            node.path, "\(path) is already the place of \u{201C}\(other)\u{201D}; give it another")
                    }
                }
                made.append(resource)
            }
            // The others of its count would only say the same.
            if index == 0 || own.hasErrors { diagnostics.merge(own) }
            if own.hasErrors { break }
        }
        return made
    }
}

extension CertificateResource {
    init?(_ name: String, _ node: JSONNode, _ input: SectionInput, _ diagnostics: inout Diagnostics) {
        if let acme = node.given("acme") {
            diagnostics.error(
                acme.path,
                "certificates can't be ordered by ACME yet; order it elsewhere, and name here where it lies: certificate and privateKey"
            )
            return nil
        }
        node.checkKeys(
            ["certificate", "privateKey", "certificatePath", "privateKeyPath", "owner", "group"], &diagnostics)
        let place = CertificatePlace(name, node, &diagnostics)
        let certificate = Self.texts("certificate", of: node, &diagnostics)
        let privateKey = Self.texts("privateKey", of: node, &diagnostics)
        guard let place, let certificate, let privateKey else { return nil }
        self.init(
            id: input.id(name), place: place, certificate: certificate, privateKey: privateKey,
            owner: node.given("owner")?.text(&diagnostics), group: node.given("group")?.text(&diagnostics))
    }

    /// One value or a list of them, each a reference or PEM; nil after a complaint.
    private static func texts(
        _ key: String, of node: JSONNode, _ diagnostics: inout Diagnostics
    ) -> [ReferencedText]? {
        let wanted = "a reference (ssm:///…, secretsmanager://…, s3://…) or PEM"
        guard let value = node.given(key) else {
            diagnostics.error(node.path, "it has no \u{201C}\(key)\u{201D}; \(wanted) is wanted")
            return nil
        }
        let items = value.isList ? value.items : [value]
        let texts = items.compactMap { item -> ReferencedText? in
            guard let text = item.text(&diagnostics, wanted: wanted) else { return nil }
            guard !text.isEmpty else {
                diagnostics.error(item.path, "it is empty; \(wanted) is wanted")
                return nil
            }
            return ReferencedText(reading: text, at: item.path, takesObjects: true, &diagnostics)
        }
        if items.isEmpty { diagnostics.error(value.path, "the list is empty; \(wanted) is wanted") }
        return texts.isEmpty || texts.count < items.count ? nil : texts
    }
}
