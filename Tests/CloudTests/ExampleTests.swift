import Foundation
import InitCore
import TestSupport
import Testing

extension CloudSuite {
    /// The templates of packaging/examples, each checked by cfn-lint and applied by its own user data on a booted machine with real dnf,
    /// nginx, Docker and Traefik. code-server is Tests/Support's stand-in, who comes to it Tests/Support's browser.
    @Suite struct ExampleTests {
        private let host: Host
        private let standIn: StandIn

        init() async throws {
            host = try Host(in: Network.ofIDEHost(), isIDEHost: true)
            standIn = try host.standIn
            try host.shell("useradd -m -u 1500 ec2-user")
            try await standIn.set("zones", json([["id": Example.zone, "name": "example.com"]]))
            try await standIn.set("route53", #"{"insync": 1}"#)
        }

        // MARK: Who comes to it

        private struct Visit {
            let code: Int32
            let seen: [String: Any]
            let text: String
            var echo: String? { seen["echo"] as? String }
        }

        private func visit(_ words: String...) throws -> Visit {
            let browser = Surroundings.tests.appending(path: "Support/browser").path
            let output = try Running(host.network.words + ["python3", browser] + words).wait()
            let line = output.text.split(separator: "\n").last.map { Data($0.utf8) } ?? Data()
            let seen = try? JSONSerialization.jsonObject(with: line) as? [String: Any]
            return Visit(code: output.code, seen: seen ?? [:], text: output.all)
        }

        // MARK: What it is given

        /// A certificate and its key as parameters.
        private func putCertificate(_ names: String, days: Int = 90) async throws {
            let script = """
                cd "$(mktemp -d)"; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days \(days) -subj /CN=ide \\
                  -addext "subjectAltName=\(names)" -keyout key -out certificate 2>/dev/null; cat certificate; echo "#"; cat key
                """
            let parts = try succeed(["sh", "-ec", script]).text.components(separatedBy: "#\n")
            let parameters = [
                ["name": "/ide/certificate", "value": parts[0], "type": "String"],
                ["name": "/ide/key", "value": parts[parts.count - 1], "type": "SecureString"],
            ]
            try await standIn.set("parameters", json(parameters))
        }

        private static let certificate = [
            "CertificateParameter": "/ide/certificate", "PrivateKeyParameter": "/ide/key",
            "HostedZoneId": Example.zone, "DomainName": Example.domain,
        ]

        // MARK: What is asked afterwards

        private func summary(_ command: String...) throws -> [String: Int] {
            let output = try host.run(["ide-init"] + command + ["--json"])
            let report = try? JSONSerialization.jsonObject(with: Data(output.text.utf8)) as? [String: Any]
            #expect(output.code == 0, "\(output.all)")
            return report?["summary"] as? [String: Int] ?? [:]
        }

        /// Names and values of the zone's A records.
        private func addresses() async throws -> [String: String] {
            let zone = try await standIn.look("records")[Example.zone]?.items ?? []
            return Dictionary(
                zone.filter { $0["type"]?.plainText == "A" }.map {
                    ($0["name"]?.plainText ?? "", $0["values"]?.items.first?.plainText ?? "")
                }, uniquingKeysWith: { $1 })
        }

        private func writes() async throws -> Int { try await standIn.requests("route53.ChangeResourceRecordSets") }

        private func expectDone(_ output: Output, _ example: Example) async throws {
            try #require(output.code == 0, "\(output.all)")
            #expect(try await standIn.signals(example.name).map(\.status) == ["SUCCESS"])
            #expect(try await standIn.status(example.name) == "CREATE_COMPLETE")
            tell("\(example.name): \(String(format: "%.1f s", output.seconds))")
        }

        /// A second run changes nothing, asks for no change and starts nothing anew.
        private func expectSettled(_ example: Example, _ traces: String) async throws {
            let before = try host.shell(traces)
            let written = try await writes()
            #expect(try summary("plan")["changed"] == 0)
            #expect(try summary("apply")["changed"] == 0)
            #expect(try host.shell(traces) == before)
            #expect(try await writes() == written)
        }

        // MARK: Article 1

        @Test(
            "One IDE on one machine: certificate, password and name, then another version, a renewal, and a broken certificate"
        )
        func singleTenant() async throws {
            try await putCertificate("DNS:\(Example.domain)")
            let example = try await Example(
                "single-tenant", on: host, Self.certificate, secrets: ["Password": "correct horse"])
            try await expectDone(try example.boot(), example)
            let url = "https://\(Example.domain)/"
            func comes() throws -> Visit {
                try visit(
                    url, "--resolve", "\(Example.domain):443:127.0.0.1", "--insecure", "--password", "correct horse")
            }
            let first = try comes()
            #expect(first.code == 0 && first.echo == "hello", "\(first.text)")
            #expect(try await addresses() == ["\(Example.domain).": Example.address])
            #expect(host.read("/home/ec2-user/.config/code-server/config.yaml")?.contains("correct horse") == false)
            let traces = "systemctl show -P MainPID ide-init-code-server@ec2-user"
            try await expectSettled(example, traces)

            // The key of another certificate: refused, and the old one serves on.
            let key = try succeed(["openssl", "genpkey", "-algorithm", "ED25519"]).text
            try await standIn.set(
                "parameters", json([["name": "/ide/key", "value": key, "type": "SecureString"]]))
            let broken = try host.run("ide-init", "apply")
            #expect(broken.code == 1 && broken.all.contains("certificates[ide]"), "\(broken.all)")
            #expect(!broken.all.contains("PRIVATE KEY"))
            #expect(try comes().code == 0)

            let pid = try host.shell(traces)
            try await example.update(try Example.release("4.105.0"))
            try await putCertificate("DNS:\(Example.domain)", days: 60)
            let updated = try host.run("ide-init", "apply")
            #expect(updated.code == 0, "\(updated.all)")
            #expect(try host.shell(traces) != pid)
            #expect(try host.shell("readlink -f /opt/code-server/current") == "/opt/code-server/4.105.0\n")
            let last = try comes()
            #expect(last.code == 0 && last.echo == "hello", "\(last.text)")
        }

        // MARK: Article 2

        @Test("A team's IDEs behind Traefik: each by its name, then one fewer, and an image that there is none of")
        func multiTenant() async throws {
            try await putCertificate("DNS:*.\(Example.domain)")
            try host.shell("systemctl start docker")
            try importImages()
            let example = try await Example(
                "multi-tenant", on: host, Self.certificate.merging(["NumberOfUsers": "3"]) { $1 },
                secrets: ["DashboardPassword": "dashboard's", "TeamPassword": "team's"])
            try await expectDone(try example.boot(), example)
            func comes(_ number: Int) throws -> Visit {
                let name = "dev-\(number).\(Example.domain)"
                return try visit(
                    "https://\(name)/", "--resolve", "\(name):443:127.0.0.1", "--insecure", "--user", "admin:team's")
            }
            for number in 1...3 {
                let seen = try comes(number)
                #expect(seen.code == 0 && seen.echo == "hello", "\(seen.text)")
            }
            let names = (1...3).map { "dev-\($0).\(Example.domain)." } + ["monitor.\(Example.domain)."]
            #expect(try await addresses() == Dictionary(uniqueKeysWithValues: names.map { ($0, Example.address) }))
            let traces = "docker ps --format '{{.ID}} {{.Names}} {{.Status}}' | sed 's/Up .*/Up/' | sort"
            try await expectSettled(example, traces)

            let before = try host.shell(traces)
            try await example.update(["IdeImage": "codercom/none:1", "NumberOfUsers": "3"])
            let broken = try host.run("ide-init", "apply")
            #expect(broken.code == 1 && broken.all.contains("codercom/none:1"), "\(broken.all)")
            #expect(try host.shell(traces) == before)
            #expect(try comes(2).code == 0)

            try await example.update(["NumberOfUsers": "2"])
            let fewer = try host.run("ide-init", "apply")
            #expect(fewer.code == 0, "\(fewer.all)")
            #expect(try host.shell("docker ps -a --format '{{.Names}}' | sort") == "dev-1\ndev-2\ntraefik\n")
            #expect(try await addresses().keys.sorted() == names.filter { !$0.hasPrefix("dev-3") }.sorted())
            #expect(try host.shell("ls -d /home/ec2-user/dev-3") == "/home/ec2-user/dev-3\n")
            #expect(try comes(1).code == 0)
        }

        private func importImages() throws {
            let entry = #"ENTRYPOINT ["/usr/bin/entrypoint.sh","--bind-addr","0.0.0.0:8080","."]"#
            for (file, image, changes) in [
                (
                    "code-server", "codercom/code-server:4.104.3",
                    ["USER 1000", "WORKDIR /home/coder", "EXPOSE 8080", entry]
                ),
                ("traefik", "traefik:v3.6", [#"ENTRYPOINT ["/traefik"]"#]),
            ] {
                try succeed(["cp", "\(Surroundings.images)/\(file).tar", host.root + "/srv/"])
                let options = changes.map { "--change '\($0)'" }.joined(separator: " ")
                try host.shell("docker import \(options) /srv/\(file).tar \(image); rm /srv/\(file).tar")
            }
        }

        // MARK: Article 3

        @Test("A machine for each user behind a load balancer, and a proxy that is told nonsense")
        func albNginx() async throws {
            let example = try await Example(
                "alb-nginx", on: host, ["DomainName": Example.domain, "UserNumber": "7"],
                secrets: ["Password": "correct horse"])
            try await expectDone(try example.boot(), example)
            func comes() throws -> Visit {
                try visit(
                    "https://\(Example.domain)/ide7/", "--alb", "127.0.0.1:80", "--password", "correct horse")
            }
            let first = try comes()
            #expect(first.code == 0 && first.echo == "hello", "\(first.text)")
            let health = try visit("http://127.0.0.1/healthcheck.html", "--page", "--want", "")
            #expect(health.code == 0, "\(health.text)")
            let traces = "systemctl show -P MainPID ide-init-code-server@ec2-user nginx"
            try await expectSettled(example, traces)

            // Somebody else's mistake: nothing of ours is changed on top of it.
            try host.write("/etc/nginx/conf.d/other.conf", "server { listen 81; nonsense on; }\n")
            try await example.update(["UserNumber": "8"])
            let broken = try host.run("ide-init", "apply")
            #expect(broken.code == 1 && broken.all.contains("other.conf"), "\(broken.all)")
            #expect(try comes().code == 0)
        }
    }
}
