// A chain and its key: checked against each other, then written together, or both left as they are.

struct CertificateResource: Resource {
    /// Days.
    static let soon = 14
    private static let day = 86_400.0

    let id: ResourceID
    let place: CertificatePlace
    /// Concatenated.
    let certificate: [ReferencedText]
    let privateKey: [ReferencedText]
    let owner: String?
    let group: String?

    var references: [Reference] { named.map(\.reference) }

    private var named: [NamedReference] { (certificate + privateKey).flatMap(\.references) }

    /// A key that stands in the document itself.
    var secrets: [Secret] {
        privateKey.filter(\.references.isEmpty).compactMap { try? $0.filled(ReferenceValues()) }
    }

    func plan(_ now: Planning) async throws -> Plan {
        let owner = try await account(owner, "owner", now) { try await now.probe.user($0)?.id }
        let group = try await account(group, "group", now) { try await now.probe.group($0)?.id }
        var chain = try Side("certificate", place.certificatePath, mode: 0o644, owner, group, now)
        var key = try Side("private key", place.privateKeyPath, mode: 0o600, owner, group, now)
        let values: ReferenceValues
        switch try await now.resolve(named) {
        case .values(let known): values = known
        case .unknown(let certainty):
            let unknown = Fact.Value.unknown("not known yet")
            return .change(
                Change(
                    chain.standing == nil ? .create : .update,
                    facts: [chain, key].map { Fact($0.name, $0.standing.map { _ in .concealed } ?? .absent, unknown) },
                    steps: [], certainty: certainty, marks: [place.mark]))
        }
        chain.wished = try joined(certificate, values)
        key.wished = try joined(privateKey, values)
        let report = try now.probe.certificate(chain.wished, key.wished)
        let isSame = try chain.isSame(now) && key.isSame(now)
        let warning = try warning(report, isSame: isSame)
        let warnings = warning.map { [Fact("warning", nil, $0)] } ?? []
        var attributes: [Fact] = []
        for side in [chain, key] { attributes += side.attributes }
        guard !isSame || !attributes.isEmpty else { return warning.map { .noted($0) } ?? .unchanged }
        if isSame {
            return .change(
                Change(
                    .update, facts: attributes + warnings, steps: [chain, key].compactMap(\.setting),
                    certainty: certainty(owner, group)))
        }
        return .change(
            Change(
                chain.standing == nil && key.standing == nil ? .create : .update,
                facts: try facts(report, chain, key, now) + attributes + warnings,
                steps: [.replace(FileSet(writes: [chain.write, key.write]))],
                certainty: certainty(owner, group), marks: [place.mark]))
    }

    /// - Throws: `Failure` for what may not replace anything.
    private func warning(_ report: CertificateReport, isSame: Bool) throws -> String? {
        if report.secondsUntilValid > 0 {
            let why = "it isn't valid before \(report.notBefore.iso) UTC, and the host's clock says \(report.now.iso)"
            guard isSame else { throw Failure(.refused, "\(why); wait, or set the clock right") }
            return why
        }
        if report.secondsLeft <= 0 {
            let why = "it expired on \(report.notAfter.iso) UTC, and the host's clock says \(report.now.iso)"
            // What serves already isn't made worse by being left alone, and the rest of the host is.
            guard isSame else { throw Failure(.refused, "\(why); \(renewal)") }
            return "\(why); \(renewal)"
        }
        guard report.secondsLeft < Double(Self.soon) * Self.day else { return nil }
        let days = Int(report.secondsLeft / Self.day)
        return "it expires \(days == 0 ? "today" : days == 1 ? "tomorrow" : "in \(days) days"); \(renewal)"
    }

    private var renewal: String {
        let places = named.map { "\($0.reference)" }
        return places.isEmpty
            ? "put a renewed one into the document" : "put a renewed one at \(places.joined(separator: " and "))"
    }

    private func facts(_ report: CertificateReport, _ chain: Side, _ key: Side, _ now: Planning) throws -> [Fact] {
        var facts = try [chain, key].map { side in
            Fact(
                side.name,
                side.standing.map { _ in .concealed } ?? .absent,
                side.standing == nil ? .text(side.path) : try side.isSame(now) ? .text("the same") : .concealed)
        }
        let old = try? chain.standing.flatMap { _ in
            key.standing == nil
                ? nil
                : try now.probe.certificate(Secret(now.probe.read(chain.path)), Secret(now.probe.read(key.path)))
        }
        let properties: [(String, (CertificateReport) -> String)] = [
            ("names", { $0.names.joined(separator: ", ") }), ("issuer", \.issuer),
            ("valid until", { "\($0.notAfter.iso.prefix { $0 != "T" })" }),
        ]
        for (name, text) in properties {
            let before = old.map(text)
            if before != text(report) { facts.append(Fact(name, before, text(report))) }
        }
        return facts
    }

    /// One after the other, each on lines of its own.
    private func joined(_ texts: [ReferencedText], _ values: ReferenceValues) throws -> Secret {
        var bytes: [UInt8] = []
        for text in texts {
            try text.filled(values).reveal { bytes += $0 }
            if let last = bytes.last, last != UInt8(ascii: "\n") { bytes.append(UInt8(ascii: "\n")) }
        }
        return Secret(bytes)
    }
}

/// One of the two files: what stands there, and what should.
private struct Side {
    let name: String
    let path: String
    let mode: UInt16
    let owner: FileOwner?
    let group: FileOwner?
    let standing: FileStatus?
    var wished = Secret("")

    init(
        _ name: String, _ path: String, mode: UInt16, _ owner: FileOwner?, _ group: FileOwner?, _ now: Planning
    ) throws {
        (self.name, self.path, self.mode, self.owner, self.group) = (name, path, mode, owner, group)
        standing = try now.probe.status(path)
        switch standing?.kind {
        case .file?, nil: break
        case .link?:
            throw Failure(
                .refused,
                "\(path) is a link to \(try now.probe.linkTarget(path)), most likely another program's (certbot's?); give another path, or take the link away"
            )
        default: throw Failure(.refused, "\(path) is no file but something else; give another path")
        }
    }

    func isSame(_ now: Planning) throws -> Bool {
        guard let standing else { return false }
        return try wished.reveal { try standing.size == $0.count && now.probe.read(path) == $0 }
    }

    /// Root's, unless somebody else is wished for.
    private var numbers: (owner: UInt32, group: UInt32) { (owner?.number ?? 0, group?.number ?? 0) }

    var attributes: [Fact] {
        guard let standing else { return [] }
        var facts: [Fact] = []
        if standing.mode != mode { facts.append(Fact("mode of the \(name)", octal(standing.mode), octal(mode))) }
        let pairs = [
            ("owner", owner, standing.owner, numbers.owner), ("group", group, standing.group, numbers.group),
        ]
        for (property, account, old, new) in pairs where old != new {
            let text = account.map { "\($0.name) (\(new))" } ?? "\(new)"
            facts.append(Fact("\(property) of the \(name)", "\(old)", text))
        }
        return facts
    }

    /// Nil where nothing is to be set.
    var setting: Step? {
        attributes.isEmpty
            ? nil : .setAttributes(path: path, mode: mode, owner: numbers.owner, group: numbers.group)
    }

    var write: FileWrite {
        FileWrite(
            path, .secret(wished), mode: mode, owner: numbers.owner, group: numbers.group, keepsBackup: false)
    }
}
