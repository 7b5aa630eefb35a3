// One server as the document wishes for it: nginx.NAME: {listen, serverName, healthCheckPath, certificate, redirectToHTTPS, ides, timeout}.

struct NginxServer: Sendable, Equatable {
    struct Health: Sendable, Equatable {
        let text: String
        let path: DocumentPath
    }

    struct Certificate: Sendable, Equatable {
        let place: CertificatePlace
        let path: DocumentPath
    }

    let name: String
    let listens: [NginxListen]
    let names: [String]
    let namesPath: DocumentPath
    let health: Health?
    let certificate: Certificate?
    /// The port for which plain requests are sent to HTTPS; nil: they are served, or there is none of them.
    let redirectPort: Int?
    let ides: [NginxIDE]
    /// Seconds.
    let timeout: Int
    let timeoutPath: DocumentPath
    let adopts: Bool

    /// Asked for by those who send no name, or one that nobody else has: a load balancer's health check sends an address.
    var isDefault: Bool { health != nil || names.contains("_") }

    /// What can't stand in a file's name becomes an underscore.
    static func fileName(of name: String) -> String {
        String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || ".-".contains($0)) ? $0 : "_" })
    }

    var fileName: String { Self.fileName(of: name) }
    var file: String { "\(Nginx.directory)/\(Nginx.prefix)\(fileName)\(Nginx.suffix)" }
}

struct NginxListen: Sendable, Equatable {
    /// As the document has it: a port, or `address:port`.
    let text: String
    let port: Int
    let isTLS: Bool
    let path: DocumentPath

    private var isBarePort: Bool { Int(text) != nil }

    func addresses(hasIPv6: Bool) -> [String] { isBarePort && hasIPv6 ? [text, "[::]:\(text)"] : [text] }

    /// At no address of its own.
    var isEverywhere: Bool { isBarePort || ["*", "0.0.0.0", "[::]"].contains { text == "\($0):\(port)" } }

    /// Whether Debian's stock site listens there too.
    var meetsStockSite: Bool { port == 80 && isEverywhere }
}

// MARK: Reading

extension NginxServer {
    private static let keys = [
        "listen", "serverName", "healthCheckPath", "certificate", "redirectToHTTPS", "ides", "timeout", "adopt",
    ]
    /// Longer than any pause of a browser that is still there: VS Code asks for a sign of life every few seconds.
    private static let defaultTimeout = 3600
    /// Seconds.
    private static let timeouts = 60.0...604_800

    /// - Parameter ides: with counts of their own.
    init?(
        _ name: String, _ node: JSONNode, ides: JSONNode?, _ input: SectionInput, _ diagnostics: inout Diagnostics
    ) {
        var own = Diagnostics(compatible: diagnostics.isCompatible)
        defer { diagnostics.merge(own) }
        guard node.isMap else {
            node.complain("a map with ides", &own)
            return nil
        }
        node.checkKeys(Self.keys, &own)
        self.name = name
        certificate = node.given("certificate").flatMap { Certificate($0, input, &own) }
        let hasCertificate = node.given("certificate") != nil
        listens = Self.listens(node, hasCertificate: hasCertificate, &own)
        names = Self.names(node, name, &own)
        namesPath = node["serverName"]?.path ?? node.path
        health = node.given("healthCheckPath").flatMap { Self.health($0, &own) }
        redirectPort = Self.redirectPort(node, listens, &own)
        self.ides = Self.ides(ides, input, &own)
        var timeout = Double(Self.defaultTimeout)
        if let node = node.given("timeout"), let seconds = node.duration(&own) {
            timeout = seconds
            if !Self.timeouts.contains(seconds) {
                own.error(node.path, "\(durationText(seconds)) stands here; a duration from 1 min to 168 h is wanted")
            }
        }
        self.timeout = Int(timeout.rounded(.up))
        timeoutPath = node["timeout"]?.path ?? node.path
        adopts = node.given("adopt")?.flag(&own) ?? false
        if let health, health.text == "/", let ide = self.ides.first(where: \.isRoot) {
            own.error(
                health.path,
                "/ is the page of the IDE at \(ide.path), which nobody would see any more; another path is wanted, like /healthcheck.html"
            )
        }
        if self.ides.isEmpty, health == nil, !own.hasErrors {
            own.error(
                node.path,
                "it serves nothing; name the IDEs in \u{201C}ides\u{201D}: {\"1\": {\"upstream\": \"127.0.0.1:8080\"}}")
        }
        if own.hasErrors { return nil }
    }

    private static func listens(
        _ node: JSONNode, hasCertificate: Bool, _ diagnostics: inout Diagnostics
    ) -> [NginxListen] {
        var listens: [NginxListen] = []
        let given = node.given("listen")
        let texts = given.map { $0.isList ? $0.items : [$0] } ?? []
        for item in texts {
            guard let text = item.text(&diagnostics, wanted: "a port, or address:port")?.trimmingBlanks() else {
                continue
            }
            guard let port = Int(text) ?? endpoint(text)?.port, (1...65535).contains(port) else {
                diagnostics.error(
                    item.path, "\u{201C}\(text)\u{201D} is nothing to listen to; 80, 127.0.0.1:8080 and [::1]:8080 are")
                continue
            }
            if listens.contains(where: { $0.text == text }) {
                diagnostics.error(item.path, "\u{201C}\(text)\u{201D} stands twice in the list")
                continue
            }
            let isTLS = hasCertificate && port != 80
            if port == 443, !isTLS {
                diagnostics.warning(
                    item.path,
                    "443 without a \u{201C}certificate\u{201D} speaks plain HTTP, which no browser expects there")
            }
            listens.append(NginxListen(text: text, port: port, isTLS: isTLS, path: item.path))
        }
        if let given {
            if listens.isEmpty, texts.isEmpty {
                diagnostics.error(given.path, "the list is empty; 80 stands for the usual port")
            }
            if hasCertificate, !listens.isEmpty, !listens.contains(where: \.isTLS) {
                diagnostics.error(
                    given.path, "a certificate is given, but only port 80 listened to, which is plain; write [80, 443]")
            }
            return listens
        }
        listens = [NginxListen(text: "80", port: 80, isTLS: false, path: node.path)]
        if hasCertificate { listens.append(NginxListen(text: "443", port: 443, isTLS: true, path: node.path)) }
        return listens
    }

    /// `*:80` too.
    private static func endpoint(_ text: String) -> HostAndPort? {
        // A fact of the host may not be known in this plan.
        let isAny = text.hasPrefix("*:") || text.hasPrefix("${")
        return HostAndPort(isAny ? "0.0.0.0" + text.drop { $0 != ":" } : text)
    }

    private static func names(_ node: JSONNode, _ name: String, _ diagnostics: inout Diagnostics) -> [String] {
        let given = node.given("serverName")
        let names =
            given.map { given in
                given.isList
                    ? given.texts(&diagnostics)
                    : (given.text(&diagnostics)?.split(whereSeparator: { $0 == " " || $0 == "," }).map(String.init)
                        ?? [])
            } ?? [name]
        for name in names where !isServerName(name) {
            diagnostics.error(
                given?.path ?? node.path,
                "\u{201C}\(name)\u{201D} is no host name; code.example.com, *.example.com and _ (any) are"
                    + (given == nil ? "; give it as \u{201C}serverName\u{201D}" : ""))
        }
        if names.isEmpty, let given { diagnostics.error(given.path, "there is no name in it; _ stands for any") }
        return names
    }

    private static func isServerName(_ name: String) -> Bool {
        // A fact of the host that isn't known in this plan.
        if name.contains("${") { return true }
        return !name.isEmpty && name.utf8.count <= 255
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-._*:[]".contains($0)) }
    }

    private static func health(_ node: JSONNode, _ diagnostics: inout Diagnostics) -> Health? {
        guard let text = node.text(&diagnostics, wanted: "a path like /healthcheck.html") else { return nil }
        guard text.hasPrefix("/"), isPath(text.dropFirst(), segmentsOnly: false) else {
            diagnostics.error(
                node.path, "\u{201C}\(text)\u{201D} is no path of a URL; /healthcheck.html is one")
            return nil
        }
        return Health(text: text, path: node.path)
    }

    private static func redirectPort(
        _ node: JSONNode, _ listens: [NginxListen], _ diagnostics: inout Diagnostics
    ) -> Int? {
        let secure = listens.first(where: \.isTLS)
        let isPossible = secure != nil && listens.contains { !$0.isTLS }
        guard let given = node.given("redirectToHTTPS") else { return isPossible ? secure?.port : nil }
        guard given.flag(&diagnostics) else { return nil }
        if !isPossible, !diagnostics.hasErrors {
            diagnostics.error(
                given.path,
                "there is nothing to redirect; it takes a certificate, and both 80 and 443 to be listened to")
        }
        return secure?.port
    }
}

extension NginxServer.Certificate {
    fileprivate init?(_ node: JSONNode, _ input: SectionInput, _ diagnostics: inout Diagnostics) {
        guard let place = input.certificate(node, &diagnostics) else { return nil }
        for path in [place.certificatePath, place.privateKeyPath] where path.contains("$") {
            diagnostics.error(
                node.path, "\(path): nginx takes a dollar sign in a path for a variable; choose another path")
        }
        self.init(place: place, path: node.path)
    }
}
