import InitCore
import InitTesting
import Testing

@testable import InitCore

/// Three containers, one model; what each version reads, after its documentation.
@Suite struct TraefikTests {
    private static func document(_ traefik: String) throws -> JSONNode {
        let text = """
            {"Certs": {"certificates": {"code.example.com": {"certificate": "ssm:///c", "privateKey": "ssm:///k"}}},
             "Team": {"containers": {
                "networks": {"codeserver": {}},
                "traefik": {"image": "traefik:v3.6", "volumes": ["/etc/traefik:/etc/traefik:ro"]},
                "dev": {"count": "2", "name": "dev-${n}", "image": "ide",
                    "route": {"host": "Dev-${n}.code.example.com", "port": "8080", "auth": {"user": "admin", "password": "ssm:///dev-${n}"}}},
                "open.one": {"image": "ide", "route": {"host": ["a.example.com", "b.example.com"], "port": 80}},
                "silent": {"image": "ide"}}},
             "Proxy": {"traefik": \(traefik)}}
            """
        return JSONNode(try JSONParser.parse(Array(text.utf8), name: "test").value)
    }

    private static func all(_ version: String, _ more: String = "") -> String {
        """
        {"version": \(version), "domain": "code.example.com", "network": "codeserver", "certificates": "code.example.com",
         "entryPoints": {"http": ":80", "https": "443", "dashboard": ":8090"}, "redirectToHTTPS": "true",
         "dashboard": {"user": "admin", "password": "ssm:///dashboard"}\(more)}
        """
    }

    private func model(_ traefik: String) throws -> (TraefikModel, [ContainerRoute]) {
        let document = try Self.document(traefik)
        let model = try #require(TraefikModel.find(in: document, .unasked))
        return (model, ContainerRoute.all(in: document, .unasked, domain: model.domain))
    }

    private static let users = ["dev-1": "admin:$2y$05$one", "dev-2": "admin:$2y$05$two"]

    @Test("1.7: backends and frontends; the dashboard's login is its entry point's")
    func one() throws {
        let (model, routes) = try model(Self.all("\"1.7\""))
        #expect(
            model.staticText(dashboardUser: "admin:$2y$05$hash") == """
                checkNewVersion = false
                sendAnonymousUsage = false
                defaultEntryPoints = ["https"]

                [entryPoints.http]
                  address = ":80"

                [entryPoints.http.redirect]
                  entryPoint = "https"

                [entryPoints.https]
                  address = ":443"

                [entryPoints.https.tls]
                  minVersion = "VersionTLS12"

                [entryPoints.dashboard]
                  address = ":8090"

                [entryPoints.dashboard.tls]
                  minVersion = "VersionTLS12"

                [entryPoints.dashboard.auth.basic]
                  users = ["admin:$2y$05$hash"]

                [api]
                  entryPoint = "dashboard"
                  dashboard = true

                [file]
                  directory = "/etc/traefik/dynamic"
                  watch = true

                """)
        #expect(
            model.certificatesText(sums: ["abc"]) == """
                # code.example.com: SHA-256 abc

                [[tls]]
                  entryPoints = ["https", "dashboard"]

                [tls.certificate]
                  certFile = "/etc/traefik/certificates/code.example.com.pem"
                  keyFile = "/etc/traefik/certificates/code.example.com.key"

                """)
        #expect(
            model.routesText(Array(routes.prefix(1)) + routes.suffix(1), users: Self.users) == """

                [backends.dev-1.servers.container]
                  url = "http://dev-1:8080"

                [frontends.dev-1]
                  entryPoints = ["https"]
                  backend = "dev-1"
                  passHostHeader = true

                [frontends.dev-1.routes.host]
                  rule = "Host:dev-1.code.example.com"

                [frontends.dev-1.auth.basic]
                  removeHeader = true
                  users = ["admin:$2y$05$one"]

                [backends."open.one".servers.container]
                  url = "http://open.one:80"

                [frontends."open.one"]
                  entryPoints = ["https"]
                  backend = "open.one"
                  passHostHeader = true

                [frontends."open.one".routes.host]
                  rule = "Host:a.example.com,b.example.com"

                """)
    }

    @Test("2 and 3: routers, services and middlewares", arguments: ["2", "3", "\"v3\"", "\"2.11\""])
    func later(version: String) throws {
        let (model, routes) = try model(Self.all(version))
        #expect(
            model.routesText(Array(routes.prefix(1)) + routes.suffix(1), users: Self.users) == """

                [http.routers.dev-1]
                  entryPoints = ["https"]
                  rule = "Host(`dev-1.code.example.com`)"
                  service = "dev-1"
                  middlewares = ["dev-1"]

                [http.routers.dev-1.tls]

                [[http.services.dev-1.loadBalancer.servers]]
                  url = "http://dev-1:8080"

                [http.middlewares.dev-1.basicAuth]
                  removeHeader = true
                  users = ["admin:$2y$05$one"]

                [http.routers."open.one"]
                  entryPoints = ["https"]
                  rule = "Host(`a.example.com`) || Host(`b.example.com`)"
                  service = "open.one"

                [http.routers."open.one".tls]

                [[http.services."open.one".loadBalancer.servers]]
                  url = "http://open.one:80"

                """)
    }

    @Test("Without a redirect a container is served in clear, too; without certificates only so")
    func plain() throws {
        let (both, routes) = try model(
            """
            {"certificates": ["code.example.com"], "entryPoints": {"http": ":80", "https": ":443"}, "redirectToHTTPS": false}
            """)
        let text = both.routesText(Array(routes.suffix(1)), users: [:])
        #expect(text.contains("[http.routers.\"open.one-plain\"]\n  entryPoints = [\"http\"]"))
        #expect(text.contains("[http.routers.\"open.one\".tls]"))
        #expect(!both.staticText(dashboardUser: "").contains("redirections"))
        let (clear, _) = try model("{}")
        let only = clear.routesText(Array(routes.suffix(1)), users: [:])
        #expect(only.contains("[http.routers.\"open.one\"]\n  entryPoints = [\"http\"]"))
        #expect(!only.contains("tls"))
    }

    @Test("The same as labels, each version's own; a dot would divide them")
    func labels() throws {
        let (three, routes) = try model(Self.all("3", ", \"routes\": \"labels\""))
        #expect(
            three.labels(for: routes[0], network: "dev-1", user: Self.users["dev-1"]) == [
                "traefik.enable": "true", "traefik.docker.network": "dev-1",
                "traefik.http.routers.dev-1.entrypoints": "https",
                "traefik.http.routers.dev-1.rule": "Host(`dev-1.code.example.com`)",
                "traefik.http.routers.dev-1.service": "dev-1", "traefik.http.routers.dev-1.tls": "true",
                "traefik.http.routers.dev-1.middlewares": "dev-1",
                "traefik.http.services.dev-1.loadbalancer.server.port": "8080",
                "traefik.http.middlewares.dev-1.basicauth.users": "admin:$2y$05$one",
                "traefik.http.middlewares.dev-1.basicauth.removeheader": "true",
            ])
        #expect(three.labels(for: routes[2], network: "x", user: nil)["traefik.http.routers.open-one.tls"] == "true")
        let (one, _) = try model(Self.all("1", ", \"routes\": \"labels\""))
        let labels = one.labels(for: routes[0], network: "codeserver", user: Self.users["dev-1"])
        #expect(
            labels == [
                "traefik.enable": "true", "traefik.docker.network": "codeserver", "traefik.backend": "dev-1",
                "traefik.port": "8080", "traefik.frontend.rule": "Host:dev-1.code.example.com",
                "traefik.frontend.entryPoints": "https", "traefik.frontend.passHostHeader": "true",
                "traefik.frontend.auth.basic.users": "admin:$2y$05$one",
                "traefik.frontend.auth.basic.removeHeader": "true",
            ])
        #expect(one.user(inLabels: labels, of: routes[0]) == "admin:$2y$05$one")
        #expect(one.staticText(dashboardUser: "").contains("[docker]\n  endpoint = \"unix:///var/run/docker.sock\""))
        let (file, _) = try model(Self.all("3"))
        #expect(file.labels(for: routes[0], network: "dev-1", user: nil) == [:])
    }

    @Test("The fingerprint knows the static file, and not the hash in it")
    func fingerprint() throws {
        let (one, _) = try model(Self.all("1"))
        let (three, _) = try model(Self.all("3"))
        let (other, _) = try model(Self.all("3", ", \"directory\": \"/srv/traefik\""))
        #expect(Set([one, three, other].map(\.staticFingerprint)).count == 3)
        #expect(try model(Self.all("3")).0.staticFingerprint == three.staticFingerprint)
        #expect(one.staticText(dashboardUser: "a:x") != one.staticText(dashboardUser: "a:y"))
    }

    @Test("Paths in the files are those that the container sees")
    func inside() throws {
        let text = """
            {"P": {"traefik": {"directory": "/srv/t", "entryPoints": {"http": ":80"}}, "containers": {
                "t": {"image": "traefik:v3.6", "volumes": ["/srv/t:/etc/traefik:ro"]}}}}
            """
        let node = JSONNode(try JSONParser.parse(Array(text.utf8), name: "test").value)
        let model = try #require(TraefikModel.find(in: node, .unasked))
        #expect(model.staticText(dashboardUser: "").contains("directory = \"/etc/traefik/dynamic\""))
        #expect(model.directory == "/srv/t")
    }

    @Test(
        "Which images ask for Docker's API 1.24",
        arguments: [
            ("traefik:1.7.6-alpine", true), ("traefik:v2.11.30", true), ("docker.io/library/traefik:v2.10", true),
            ("traefik:v3.6.0", true), ("traefik:v3.5", true), ("traefik:1.7", true),
            ("traefik:v2.11.31", false), ("traefik:v3.6.1", false), ("traefik:v3.6", false), ("traefik:latest", false),
            ("traefik", false), ("traefik:v3", false), ("nginx:1.7", false), ("traefik:v4.0", false),
            ("registry:5000/traefik@sha256:abc", false),
        ])
    func images(image: String, isOld: Bool) { #expect(TraefikModel.needsOldDockerAPI(image: image) == isOld) }

    @Test("TOML strings are closed, whatever stands in them, and hold no template")
    func toml() {
        var toml = TOML()
        toml.table(["a b", "c"], [("d.e", .string("q\" b\\ n\n t\t \u{1} {{env \"X\"}}"))])
        #expect(
            toml.text == "\n[\"a b\".c]\n  \"d.e\" = \"q\\\" b\\\\ n\\n t\\t \\u0001 \\u007b\\u007benv \\\"X\\\"}}\"\n")
    }

    @Test("A hash stays while it is the password's, the user's and of the wished cost")
    func logins() throws {
        let fake = FakeHost(try FakeWorld(Array("{}".utf8), name: "test")) { Issue.record("\($0)") }
        var probe = fake.host().probe
        let one =
            "ada:"
            + (try probe.hashPassword(Secret("one"), .bcrypt(cost: 5))).reveal { String(decoding: $0, as: UTF8.self) }
        // As the real one does, another at each call.
        probe.hashPassword = { _, scheme in Secret(scheme == .bcrypt(cost: 5) ? "$2y$05$another" : "$2y$10$another") }
        let now = Planning(probe: probe, ledger: Ledger())
        func user(_ password: String, _ standing: String?, cost: Int = 5) throws -> String {
            try now.basicUser("ada", Secret(password), standing: standing, cost: cost)
                .reveal { String(decoding: $0, as: UTF8.self) }
        }
        #expect(try user("one", one) == one)
        #expect(try user("two", one) == "ada:$2y$05$another")
        #expect(try user("one", "bob" + one.dropFirst(3)) == "ada:$2y$05$another")
        #expect(try user("one", one, cost: 10) == "ada:$2y$10$another")
        #expect(try user("one", nil) == "ada:$2y$05$another")
        for (password, why) in [
            ("", "is empty"), ("word\n", "ends with a line end"), ("a\tb", "a control character"),
            ("{\"password\": \"word\"}", "secretsmanager://ID#KEY"),
        ] {
            let failure = try #require(throws: Failure.self) { try user(password, nil) }
            #expect(failure.message.contains(why), "\(failure.message)")
        }
        #expect(try user("{not JSON", nil).hasPrefix("ada:"))
    }
}
