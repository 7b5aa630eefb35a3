// nginx's configuration as text: one server with its IDEs, in a file for conf.d.

/// A file of nginx's configuration. Each line knows what in the document it comes from, so that nginx's complaint about a line can name it.
struct NginxText: Sendable, Equatable {
    private(set) var lines: [String] = []
    /// By line; nil: of nothing in particular.
    private(set) var origins: [DocumentPath?] = []
    private var depth = 0

    var bytes: [UInt8] { Array(lines.map { $0 + "\n" }.joined().utf8) }

    mutating func line(_ text: String = "", from origin: DocumentPath? = nil) {
        lines.append(text.isEmpty ? "" : String(repeating: "    ", count: depth) + text)
        origins.append(origin)
    }

    mutating func block(_ opening: String, from origin: DocumentPath? = nil, _ body: (inout Self) -> Void) {
        line(opening + " {", from: origin)
        depth += 1
        body(&self)
        depth -= 1
        line("}")
    }

    /// One argument of a directive. A dollar sign begins a variable there, and nothing takes that away: it mustn't be in it.
    static func argument(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            byte > 0x20 && !"\"'\\;{}#$".utf8.contains(byte)
        }
        if isPlain, !text.isEmpty { return text }
        let escaped = text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined()
        return "\"\(escaped)\""
    }
}

extension NginxServer {
    /// - Parameters:
    ///   - header: lines of comment, without their sign.
    ///   - hasIPv6: whether a bare port is listened to at [::] too.
    func text(header: [String], hasIPv6: Bool) -> NginxText {
        var text = NginxText()
        for line in header { text.line("# " + line) }
        text.line()
        text.block("map $http_upgrade $\(variable("connection"))") { text in
            text.line("default upgrade;")
            text.line("'' close;")
        }
        text.line("# A load balancer in front knows how the browser came.")
        text.block("map $http_x_forwarded_proto $\(variable("proto"))") { text in
            text.line("default $http_x_forwarded_proto;")
            text.line("'' $scheme;")
        }
        let plain = listens.filter { !$0.isTLS }
        if let port = redirectPort {
            text.line()
            text.block("server") { text in
                begin(&text, plain, hasIPv6)
                health(&text)
                let port = port == 443 ? "" : ":\(port)"
                text.block("location /") { $0.line("return 308 https://$host\(port)$request_uri;") }
            }
        }
        text.line()
        text.block("server") { text in
            begin(&text, redirectPort == nil ? listens : listens.filter(\.isTLS), hasIPv6)
            certificate(&text)
            proxy(&text)
            health(&text)
            for ide in ides { location(&text, ide) }
            if !ides.contains(where: \.isRoot) {
                text.line()
                text.block("location /") { $0.line("return 404;") }
            }
        }
        return text
    }

    /// Another in each of our files.
    private func variable(_ name: String) -> String {
        let own = fileName.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
        return "ide_init_\(String(own))_\(name)"
    }

    /// A longer name doesn't fit into nginx's table of names, whose size belongs to the main file; an expression isn't put there.
    private static let longestHashed = 46

    private static func hashable(_ name: String) -> String {
        guard name.utf8.count > longestHashed, !name.contains("*"), !name.contains("${") else { return name }
        return "~^\(name.split(separator: ".", omittingEmptySubsequences: false).joined(separator: "\\."))$"
    }

    private func begin(_ text: inout NginxText, _ listens: [NginxListen], _ hasIPv6: Bool) {
        for listen in listens {
            for address in listen.addresses(hasIPv6: hasIPv6) {
                text.line(
                    "listen \(address)\(listen.isTLS ? " ssl" : "")\(isDefault ? " default_server" : "");",
                    from: listen.path)
            }
        }
        text.line("server_name \(names.map(Self.hashable).joined(separator: " "));", from: namesPath)
        text.line("absolute_redirect off;")
    }

    private func certificate(_ text: inout NginxText) {
        guard let certificate else { return }
        text.line()
        text.line("ssl_certificate \(NginxText.argument(certificate.place.certificatePath));", from: certificate.path)
        text.line(
            "ssl_certificate_key \(NginxText.argument(certificate.place.privateKeyPath));", from: certificate.path)
        text.line("ssl_protocols TLSv1.2 TLSv1.3;")
        text.line("ssl_session_cache shared:\(variable("tls")):1m;")
    }

    private func proxy(_ text: inout NginxText) {
        text.line()
        text.line("client_max_body_size 0;")
        text.line("proxy_http_version 1.1;")
        text.line("proxy_buffering off;")
        text.line("proxy_request_buffering off;")
        text.line("proxy_read_timeout \(timeout)s;", from: timeoutPath)
        text.line("proxy_send_timeout \(timeout)s;", from: timeoutPath)
        // With its port: code-server compares it with the browser's origin.
        text.line("proxy_set_header Host $http_host;")
        text.line("proxy_set_header X-Forwarded-Host $http_host;")
        text.line("proxy_set_header X-Forwarded-Proto $\(variable("proto"));")
        text.line("proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;")
        text.line("proxy_set_header X-Real-IP $remote_addr;")
        text.line("proxy_set_header Upgrade $http_upgrade;")
        text.line("proxy_set_header Connection $\(variable("connection"));")
    }

    private func health(_ text: inout NginxText) {
        guard let health else { return }
        text.line()
        text.block("location = \(health.text)", from: health.path) { text in
            text.line("access_log off;")
            text.line("default_type text/plain;")
            text.line("return 200 \"ok\\n\";")
        }
    }

    private func location(_ text: inout NginxText, _ ide: NginxIDE) {
        text.line()
        guard !ide.isRoot else {
            text.block("location /", from: ide.path) { $0.line("proxy_pass http://\(ide.upstream);", from: ide.path) }
            return
        }
        let prefix = ide.prefix
        // A Unix socket's path ends where a second colon begins the URI.
        let upstream = ide.upstream + (ide.upstream.hasPrefix("unix:") ? ":/" : "/")
        text.line("location = \(prefix) { return 308 \(prefix)/$is_args$args; }", from: ide.path)
        text.block("location \(prefix)/", from: ide.path) { text in
            text.line("proxy_pass http://\(upstream);", from: ide.path)
            // What redirects without knowing of the prefix; code-server's own redirects are relative.
            text.line("proxy_redirect / \(prefix)/;")
        }
    }
}
