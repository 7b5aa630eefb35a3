import Foundation
import Testing

/// The real Traefik 3 reads what we wrote.
@Suite(.enabled(if: ProxyHost.isThere, "a real Traefik needs root and Tests/Roots/proxies"))
struct TraefikSuite {
    private let host: ProxyHost
    private let ports: ProxyHost.Ports

    init() throws {
        host = try ProxyHost()
        ports = try ProxyHost.Ports()
    }

    private func json(_ text: String) throws -> String {
        String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
    }

    /// - Parameter more: of the section.
    private func document(
        _ certificate: (chain: String, key: String), password: String = "dashboard word", more: String = ""
    ) throws -> String {
        let path = "\(host.directory)/document.json"
        try host.write(
            """
            {"AWS::CloudFormation::Init": {"config": {
              "certificates": {"code.example.com": {
                "certificate": \(try json(certificate.chain)), "privateKey": \(try json(certificate.key)),
                "certificatePath": "\(host.directory)/pki/chain.pem", "privateKeyPath": "\(host.directory)/pki/key.pem"}},
              "traefik": {"version": "3", "domain": "code.example.com", "directory": "\(host.traefikDirectory)",
                "entryPoints": {"http": "127.0.0.1:\(ports.http)", "https": "127.0.0.1:\(ports.https)", "dashboard": "127.0.0.1:\(ports.dashboard)"},
                "certificates": ["code.example.com"], "dashboard": {"user": "admin", "password": \(try json(password))}\(more)},
              "containers": {
                "dev": {"count": "1", "name": "dev-${n}", "image": "x",
                  "route": {"host": "dev-${n}.code.example.com", "port": "\(ports.ide)", "auth": {"user": "ada", "password": "ada's word"}}},
                "open": {"image": "x", "route": {"port": "\(ports.ide)"}}}}}}
            """, to: "document.json")
        return path
    }

    /// Without the containers, which are only names here.
    private func apply(_ document: String) throws -> ProxyHost.Output {
        for section in ["certificates", "traefik"] {
            let output = try host.ideInit("apply", "--only", section, document)
            if output.code != 0 || section == "traefik" { return output }
        }
        return ProxyHost.Output(code: 1, text: "")
    }

    private func status(_ url: String, _ options: String...) throws -> String {
        try host.run(
            [
                "curl", "--silent", "--show-error", "--insecure", "--max-time", "20", "--output", "/dev/null",
                "--write-out", "%{http_code} %{redirect_url}", "--noproxy", "*",
            ]
                + ["code", "monitor.code", "dev-1.code", "open.code"].flatMap { name in
                    [ports.http, ports.https, ports.dashboard].flatMap {
                        ["--resolve", "\(name).example.com:\($0):127.0.0.1"]
                    }
                } + options + [url]
        ).text
    }

    @Test("TLS, redirect, dashboard, routes with and without a login, a WebSocket through each")
    func serving() throws {
        let certificate = try host.makeCertificate()
        let applied = try apply(try document(certificate))
        #expect(applied.code == 0, "\(applied.text)")
        try host.startIDE(port: ports.ide)
        try host.startTraefik(ports, names: ["dev-1", "open"])
        let https = "https://dev-1.code.example.com:\(ports.https)"
        try host.eventually("the routes are there") { try status(https + "/").hasPrefix("401") }

        #expect(try host.fingerprint(servedAt: ports.https) == (try host.fingerprint(of: certificate.chain)))
        #expect(
            try status("http://dev-1.code.example.com:\(ports.http)/a?b=c").contains(
                "\(https)/a?b=c"))
        #expect(try status(https + "/", "--user", "ada:wrong").hasPrefix("401"))
        #expect(try status(https + "/", "--user", "admin:dashboard word").hasPrefix("401"))
        #expect(try status(https + "/", "--user", "ada:ada's word").hasPrefix("302"))
        #expect(try status("https://open.code.example.com:\(ports.https)/").hasPrefix("302"))
        #expect(
            try status(
                "https://other.code.example.com:\(ports.https)/", "--resolve",
                "other.code.example.com:\(ports.https):127.0.0.1"
            ).hasPrefix("404"))

        for url in ["https://monitor.code.example.com:\(ports.https)", "https://code.example.com:\(ports.dashboard)"] {
            #expect(try status(url + "/api/overview").hasPrefix("401"))
            #expect(try status(url + "/api/overview", "--user", "admin:dashboard word").hasPrefix("200"))
            #expect(try status(url + "/", "--user", "admin:dashboard word").hasPrefix("302"))
        }

        let seen = try host.browse(
            https + "/", "--insecure", "--resolve", "dev-1.code.example.com:\(ports.https):127.0.0.1:\(ports.https)",
            "--user", "ada:ada's word", "--echo", "through Traefik")
        #expect(seen.code == 0, "\(seen.text)")
        #expect(seen.text.contains("through Traefik"))
    }

    @Test("A second run changes nothing, the hashes least of all")
    func twice() throws {
        let document = try document(try host.makeCertificate())
        _ = try apply(document)
        let before = try host.run("sh", "-c", "cd \(host.traefikDirectory) && find . -type f | sort | xargs sha256sum")
            .text
        #expect(before.split(separator: "\n").count == 6, "\(before)")
        let again = try apply(document)
        #expect(again.text.contains("1 already right"), "\(again.text)")
        #expect(
            try host.run("sh", "-c", "cd \(host.traefikDirectory) && find . -type f | sort | xargs sha256sum").text
                == before)
        for name in ["dynamic/routes.toml", "dynamic/dashboard.toml", "certificates/code.example.com.key"] {
            #expect(try host.run("stat", "-c", "%a %u", "\(host.traefikDirectory)/\(name)").text == "600 0\n")
        }
    }

    @Test("Another password is another hash, by the next run, and Traefik takes it at once")
    func newPassword() throws {
        let certificate = try host.makeCertificate()
        _ = try apply(try document(certificate))
        try host.startTraefik(ports)
        let url = "https://code.example.com:\(ports.dashboard)/api/overview"
        try host.eventually("the old password lets in") {
            try status(url, "--user", "admin:dashboard word").hasPrefix("200")
        }
        let changed = try apply(try document(certificate, password: "another word"))
        #expect(changed.text.contains("dynamic/dashboard.toml: differs (secret)"), "\(changed.text)")
        #expect(!changed.text.contains("routes.toml"))
        try host.eventually("the new one does") { try status(url, "--user", "admin:another word").hasPrefix("200") }
        #expect(try status(url, "--user", "admin:dashboard word").hasPrefix("401"))
    }

    @Test("A renewed certificate is served without a restart")
    func renewal() throws {
        _ = try apply(try document(try host.makeCertificate()))
        try host.startTraefik(ports)
        let renewed = try host.makeCertificate(days: 90)
        let wanted = try host.fingerprint(of: renewed.chain)
        #expect(try host.fingerprint(servedAt: ports.https) != wanted)
        #expect(try apply(try document(renewed)).code == 0)
        try host.eventually("the renewed one is served") { try host.fingerprint(servedAt: ports.https) == wanted }
    }

    @Test("What is broken is refused, and what served goes on serving")
    func refusal() throws {
        let certificate = try host.makeCertificate()
        _ = try apply(try document(certificate))
        try host.startTraefik(ports)
        let before = try host.run(
            "sh", "-c", "cd \(host.directory) && find traefik pki -type f | sort | xargs sha256sum"
        ).text
        let other = try host.makeCertificate()
        let expired = try host.ideInit(
            "apply", "--only", "certificates", try document((certificate.chain, other.key)))
        #expect(expired.code == 1)
        #expect(expired.text.contains("the private key isn't the certificate's (code.example.com)"), "\(expired.text)")
        // Somebody else's key beside the chain: the copies stay as they were.
        try host.write(other.key, to: "pki/key.pem")
        let mixed = try host.ideInit("apply", "--only", "traefik", try document(certificate))
        #expect(mixed.code == 1)
        #expect(mixed.text.contains("pki/key.pem: the private key isn't the certificate's"), "\(mixed.text)")
        try host.write(certificate.key, to: "pki/key.pem")
        #expect(
            try host.run("sh", "-c", "cd \(host.directory) && find traefik pki -type f | sort | xargs sha256sum").text
                == before)
        #expect(try host.fingerprint(servedAt: ports.https) == (try host.fingerprint(of: certificate.chain)))
    }

    @Test("Killed at any time, chain and key are a pair again after the next run, and so are Traefik's copies")
    func killed() throws {
        let script = """
            for pair in "pki/chain.pem pki/key.pem" "traefik/certificates/code.example.com.pem traefik/certificates/code.example.com.key"; do
                set -- $pair
                [ "$(openssl x509 -noout -pubkey -in $1)" = "$(openssl pkey -pubout -in $2)" ] || echo "$1 and $2 are no pair"
            done
            stat -c %a pki/key.pem traefik/certificates/code.example.com.key
            """
        _ = try apply(try document(try host.makeCertificate()))
        for milliseconds in stride(from: 2, through: 40, by: 2) {
            let document = try document(try host.makeCertificate())
            try host.killedIdeInit("apply", "--only", "certificates", document, after: milliseconds)
            try host.killedIdeInit("apply", "--only", "traefik", document, after: milliseconds)
            let again = try apply(document)
            #expect(again.code == 0, "\(again.text)")
            #expect(try host.run("sh", "-c", "cd \(host.directory) && \(script)").text == "600\n600\n")
        }
    }
}
