import Foundation
import InitCore
import InitTesting
import Testing

@Suite struct NginxTests {
    private func mistakes(_ section: String) throws -> [String] {
        try document(init: #"{"config": {"nginx": \#(section)}}"#).errors
    }

    private static let ide = #""ides": {"1": {"upstream": "127.0.0.1:8008"}}"#

    @Test(
        "A mistake is told with its place and what would be right",
        arguments: [
            (#"{"a": {}}"#, "config.nginx.a: it serves nothing; name the IDEs"),
            (
                #"{"a": {"listens": 80, \#(ide)}}"#,
                "config.nginx.a.listens: this key isn't known here; did you mean “listen”?"
            ),
            (
                #"{"a": {"listen": "x", \#(ide)}}"#,
                "config.nginx.a.listen: “x” is nothing to listen to; 80, 127.0.0.1:8080"
            ),
            (#"{"a": {"listen": [], \#(ide)}}"#, "config.nginx.a.listen: the list is empty"),
            (#"{"a": {"listen": ["80", "80"], \#(ide)}}"#, "config.nginx.a.listen[1]: “80” stands twice"),
            (#"{"a b": {\#(ide)}}"#, "config.nginx.a b: “a b” is no host name"),
            (#"{"a": {"serverName": "a;b", \#(ide)}}"#, "config.nginx.a.serverName: “a;b” is no host name"),
            (#"{"a": {"healthCheckPath": "health", \#(ide)}}"#, "config.nginx.a.healthCheckPath: “health” is no path"),
            (
                #"{"a": {"healthCheckPath": "/", "ides": {"all": {"path": "/", "upstream": "h:1"}}}}"#,
                "config.nginx.a.healthCheckPath: / is the page of the IDE at config.nginx.a.ides.all"
            ),
            (#"{"a": {"healthCheckPath": "/a b", \#(ide)}}"#, "config.nginx.a.healthCheckPath: “/a b” is no path"),
            (
                #"{"a": {"redirectToHTTPS": true, \#(ide)}}"#,
                "config.nginx.a.redirectToHTTPS: there is nothing to redirect"
            ),
            (#"{"a": {"timeout": "1s", \#(ide)}}"#, "config.nginx.a.timeout: 1 s stands here"),
            (#"{"a": {"ides": {"1": {}}}}"#, "config.nginx.a.ides.1: there is no “upstream” in it"),
            (
                #"{"a": {"ides": {"1": {"upstream": "http://127.0.0.1:1/"}}}}"#,
                "config.nginx.a.ides.1.upstream: “http://127.0.0.1:1/” is no upstream; 127.0.0.1:8080"
            ),
            (
                #"{"a": {"ides": {"1": {"upstream": "127.0.0.1"}}}}"#,
                "config.nginx.a.ides.1.upstream: “127.0.0.1” is no upstream"
            ),
            (
                #"{"a": {"ides": {"1": {"upstream": "h:1", "path": "a/../b"}}}}"#,
                "config.nginx.a.ides.1.path: “a/../b” is no path"
            ),
            (#"{"a": {"ides": {"x y": {"upstream": "h:1"}}}}"#, "config.nginx.a.ides.x y: “x y” is no path"),
            (
                #"{"a": {"ides": {"1": {"upstream": "h:1"}, "ide1": {"upstream": "h:2"}}}}"#,
                "config.nginx.a.ides.ide1: ide1 and 1 have the same path, /ide1/"
            ),
            (
                #"{"a": {"ides": {"x": {"upstream": "h:${n}"}}}}"#,
                "config.nginx.a.ides.x.upstream: ${n} stands here without a “count”"
            ),
            (
                #"{"a.b": {\#(ide)}, "a_b": {"serverName": "c", \#(ide)}, "a?b": {"serverName": "d", \#(ide)}}"#,
                "config.nginx.a_b: its file would have the same name as that of a?b"
            ),
            (
                #"{"a": {"healthCheckPath": "/h", \#(ide)}, "b": {"serverName": "_", \#(ide)}}"#,
                "config.nginx.b.serverName: a already answers at 80 whatever name is asked for"
            ),
            (
                #"{"a": {\#(ide)}, "b": {"serverName": ["c", "a"], "listen": [80, 8080], \#(ide)}}"#,
                "config.nginx.b.serverName: a is already a at 80, and nginx would pass over the second"
            ),
            (
                #"{"a": {"count": 2, \#(ide)}}"#,
                "config.nginx.a: a counted server's name says where its number goes, with ${n}: dev-${n}.a"
            ),
        ])
    func mistakes(_ section: String, _ start: String) throws {
        let found = try mistakes(section)
        #expect(found.count == 1 && found.first?.hasPrefix(start) == true, "\(found)")
    }

    /// The file of a server, on a host as Debian's.
    private func file(_ item: String, certificates: String = "{}", hasIPv6: Bool = true) async throws -> String {
        let parsed = try document(
            init: #"{"config": {"certificates": \#(certificates), "nginx": {"code.example.com": \#(item)}}}"#)
        let ours = parsed.sets.flatMap(\.configs).flatMap(\.resources).first { "\($0.id)" == "nginx[servers]" }
        let resource = try #require(ours, "\(parsed.errors)")
        let world = try FakeWorld(
            Array(
                #"{"files": {"/usr/sbin/nginx": "", "/etc/nginx/nginx.conf": "include /etc/nginx/conf.d/*.conf;", "/proc/net/route": ""\#(hasIPv6 ? #", "/proc/net/if_inet6": """# : "")}}"#
                    .utf8), name: "world")
        let host = FakeHost(world) { Issue.record("\($0)") }.host()
        guard case .change(let change) = try await resource.plan(Planning(probe: host.probe, ledger: Ledger())),
            case .replace(let set)? = change.steps.first, case .bytes(let bytes)? = set.writes.first?.content
        else { throw Failure(.host, "no file") }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("With a certificate there is TLS on 443, and plain requests are sent there, but for the health check")
    func tls() async throws {
        let text = try await file(
            #"{"certificate": "c", "healthCheckPath": "/health", "timeout": "2h", "ides": {"all": {"path": "/", "upstream": "unix:/run/ide.sock"}}}"#,
            certificates:
                #"{"c": {"certificate": "ssm:///c", "privateKey": "ssm:///k", "certificatePath": "/etc/pki/a b.pem", "privateKeyPath": "/etc/pki/k.pem"}}"#,
            hasIPv6: false)
        let golden = """
            # Made by ide-init for -: config|nginx|code.example.com; changes are overwritten

            map $http_upgrade $ide_init_code_example_com_connection {
                default upgrade;
                '' close;
            }
            # A load balancer in front knows how the browser came.
            map $http_x_forwarded_proto $ide_init_code_example_com_proto {
                default $http_x_forwarded_proto;
                '' $scheme;
            }

            server {
                listen 80 default_server;
                server_name code.example.com;
                absolute_redirect off;

                location = /health {
                    access_log off;
                    default_type text/plain;
                    return 200 "ok\\n";
                }
                location / {
                    return 308 https://$host$request_uri;
                }
            }

            server {
                listen 443 ssl default_server;
                server_name code.example.com;
                absolute_redirect off;

                ssl_certificate "/etc/pki/a b.pem";
                ssl_certificate_key /etc/pki/k.pem;
                ssl_protocols TLSv1.2 TLSv1.3;
                ssl_session_cache shared:ide_init_code_example_com_tls:1m;

                client_max_body_size 0;
                proxy_http_version 1.1;
                proxy_buffering off;
                proxy_request_buffering off;
                proxy_read_timeout 7200s;
                proxy_send_timeout 7200s;
                proxy_set_header Host $http_host;
                proxy_set_header X-Forwarded-Host $http_host;
                proxy_set_header X-Forwarded-Proto $ide_init_code_example_com_proto;
                proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                proxy_set_header X-Real-IP $remote_addr;
                proxy_set_header Upgrade $http_upgrade;
                proxy_set_header Connection $ide_init_code_example_com_connection;

                location = /health {
                    access_log off;
                    default_type text/plain;
                    return 200 "ok\\n";
                }

                location / {
                    proxy_pass http://unix:/run/ide.sock;
                }
            }

            """
        #expect(text == golden)
    }

    @Test("A count beside a server makes servers, and fills in their IDEs")
    func countedServers() throws {
        let found = try document(
            init:
                #"{"config": {"nginx": {"dev-${n}.example.com": {"count": "2", "ides": {"all": {"path": "/", "upstream": "127.0.0.1:${8000+n}"}}}}}}"#
        )
        #expect(found.errors.isEmpty)
        #expect(found.items == ["nginx[servers]", "nginx[nginx.service]"])
    }

    @Test("A name that is too long for nginx's table is an expression")
    func longName() async throws {
        let name = String(repeating: "a", count: 40) + ".example.com"
        let text = try await file(
            #"{"serverName": ["\#(name)", "short.example.com"], "ides": {"1": {"upstream": "127.0.0.1:8008"}}}"#)
        #expect(
            text.contains(#"    server_name ~^\#(String(repeating: "a", count: 40))\.example\.com$ short.example.com;"#)
        )
    }

    @Test("What the machine knows of itself may stand in it, and isn't known to whoever only validates")
    func facts() throws {
        let text =
            #"{"config": {"nginx": {"a": {"serverName": "${public-hostname}", "listen": "${local-ipv4}:80", "ides": {"1": {"upstream": "${local-ipv4}:8080"}}}}}}"#
        #expect(try document(init: text).errors.isEmpty)
    }

    @Test("The order of IDEs is theirs, not the document's: the file stays the same")
    func stableOrder() async throws {
        let names = ["ide1a", "ide10", "ide2", "x", "ide", "ide1"]
        func text(_ names: [String]) async throws -> String {
            let items = names.map { #""\#($0)": {"upstream": "127.0.0.1:8001"}"# }.joined(separator: ", ")
            return try await file("{\"ides\": {\(items)}}")
        }
        let first = try await text(names)
        for turn in 1..<names.count {
            #expect(try await text(Array(names[turn...] + names[..<turn])) == first)
            #expect(try await text((names[turn...] + names[..<turn]).reversed()) == first)
        }
    }

    @Test("One hundred IDEs lie in the order of their numbers")
    func order() async throws {
        let text = try await file(
            #"{"ides": {"ide${n}": {"count": 100, "upstream": "127.0.0.1:${8000+n}"}}}"#)
        let locations = text.split(separator: "\n").filter { $0.hasPrefix("    location /ide") }
        #expect(locations.map(String.init) == (1...100).map { "    location /ide\($0)/ {" })
    }
}

@Suite struct FileCheckTests {
    private let check = FileCheck(
        command: Command("judge", .arguments(["judge"])), origins: ["/etc/x.conf": [nil, "config.nginx.a.listen"]],
        hints: ["too much": "Take less"])

    @Test(
        "A no is told in the program's own words, with the place in the document that it is about",
        arguments: [
            (
                "nginx: [emerg] odd in /etc/x.conf:2\nnginx: test failed\n",
                "odd in /etc/x.conf:2\nThat line comes from config.nginx.a.listen"
            ),
            ("2026/01/01 00:00:00 [emerg] 1#1: odd in /etc/x.conf:1\n", "odd in /etc/x.conf:1"),
            (
                "2026/01/01 00:00:00 [emerg] 1#1: too much in /etc/y.conf:9\n",
                "too much in /etc/y.conf:9\n/etc/y.conf isn't this item's: mend it, or move it away\nTake less"
            ),
            ("no reason in /etc/x.conf:99\n", "no reason in /etc/x.conf:99"),
            ("plainly no\n", "plainly no"),
        ])
    func words(_ output: String, _ expected: String) {
        let failure = check.failure(CommandResult(.exited(1), output: Array(output.utf8)))
        #expect(failure.message == "judge refuses it, and nothing was changed: \(expected)")
    }

    @Test("One that says nothing, or ends in another way, is a no too")
    func silent() {
        #expect(check.failure(CommandResult(.exited(1))).message.contains("without a word"))
        #expect(
            check.failure(CommandResult(.timedOut(seconds: 60))).message.contains(
                "timeout of 1 min; nothing was changed"))
    }
}
