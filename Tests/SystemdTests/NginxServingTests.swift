import Foundation
import Testing

extension NginxSuite {
    @Suite struct Serving {
        private let host: NginxHost
        private static let name = "code.example.com"

        init() throws { host = try NginxSuite.host() }

        private static let team =
            #"{"code.example.com": {"healthCheckPath": "/healthcheck.html", "ides": {"${n}": {"count": "100", "upstream": "127.0.0.1:${8000+n}"}}}}"#

        @Test("One hundred IDEs on one host: each path leads to its own, with nothing of the request lost")
        func hundred() throws {
            let plan = try host.plan(Self.team)
            #expect(plan.code == 0 && plan.items["nginx/servers"]?.action == "create", "\(plan.text)")
            #expect(plan.items["nginx/servers"]?.facts.contains { $0.hasPrefix("code.example.com: origin") } == true)
            let done = try host.apply(Self.team)
            #expect(done.code == 0, "\(done.text)")
            #expect(try host.machine.isActive("nginx"))
            #expect(try host.machine.enablement("nginx") == "enabled")
            for number in [1, 10, 100] {
                let answer = try host.ask(
                    "-H", "Host: code.example.com:8443", "http://127.0.0.1/ide\(number)/a/b?c=d%2Fe")
                #expect(answer.status == 200 && answer.seen["port"] as? Int == 8000 + number, "\(answer.body)")
                #expect(answer.seen["path"] as? String == "/a/b?c=d%2Fe")
                #expect(answer.header("Host") == "code.example.com:8443")
                #expect(answer.header("X-Forwarded-Host") == "code.example.com:8443")
                #expect(answer.header("X-Forwarded-Proto") == "http")
                #expect(answer.header("Connection") == "close")
            }
            let alb = try host.ask(
                "-H", "X-Forwarded-Proto: https", "-H", "X-Forwarded-For: 203.0.113.9", "http://127.0.0.1/ide2/")
            #expect(alb.header("X-Forwarded-Proto") == "https")
            #expect(alb.header("X-Forwarded-For") == "203.0.113.9, 127.0.0.1")
            let short = try host.ask("http://127.0.0.1/ide1?folder=/home")
            #expect(short.status == 308 && short.headers["location"] == "/ide1/?folder=/home")
            #expect(try host.ask("http://127.0.0.1/ide1/away").headers["location"] == "/ide1/there")
            #expect(try host.ask("http://127.0.0.1/ide101/").status == 404)
            #expect(try host.ask("http://127.0.0.1/").status == 404)
            #expect(try host.ask("http://[::1]/ide3/").seen["port"] as? Int == 8003)
            let again = try host.apply(Self.team)
            #expect(again.outcome == "unchanged", "\(again.text)")
        }

        @Test("An upload of any size goes through")
        func upload() throws {
            #expect(try host.apply(Self.team).code == 0)
            let answer = try host.outside([
                "sh", "-c", "head -c 30000000 /dev/zero | curl -s -T - -X POST http://127.0.0.1/ide1/big",
            ])
            #expect(answer.text.contains("\"body\": 30000000"), "\(answer.text)")
        }

        @Test("A health check is answered whatever the name, and leaves no line in the log")
        func health() throws {
            #expect(try host.apply(Self.team).code == 0)
            let check = try host.ask(
                "-H", "Host: 10.0.0.7", "-A", "ELB-HealthChecker/2.0", "http://127.0.0.1/healthcheck.html")
            #expect(check.status == 200 && check.body == "ok\n", "\(check)")
            #expect(try host.ask("http://127.0.0.1/ide1/seen").status == 200)
            let log = host.machine.read("/var/log/nginx/access.log") ?? ""
            #expect(log.contains("/ide1/seen") && !log.contains("healthcheck"), "\(log)")
        }

        @Test("code-server is logged into below its path, and its WebSockets echo: at /ide1/ and at /ide10/")
        func browsers() throws {
            let first = try host.codeServer("--auth", "none", "--bind-addr", "127.0.0.1:9001", "--cookie-suffix", "1")
            let tenth = try host.codeServer("--auth", "none", "--bind-addr", "127.0.0.1:9010", "--cookie-suffix", "10")
            defer {
                first.terminate()
                tenth.terminate()
            }
            let ides = #"{"1": {"upstream": "127.0.0.1:9001"}, "10": {"upstream": "127.0.0.1:9010"}}"#
            let done = try host.apply(
                #"{"code.example.com": {"listen": ["80", "127.0.0.1:9090"], "ides": \#(ides)}}"#)
            #expect(done.code == 0, "\(done.text)")
            for path in ["ide1", "ide10"] {
                for url in ["http://code.example.com/\(path)", "http://code.example.com:9090/\(path)/"] {
                    let port = url.contains(":9090") ? 9090 : 80
                    let visit = try host.browse(url, "--resolve", "code.example.com:\(port):127.0.0.1")
                    #expect(visit.code == 0 && visit.seen["echo"] as? String == "hello", "\(url): \(visit.text)")
                }
            }
            // A load balancer that ends TLS, and a foreign page.
            let alb = try host.browse("https://code.example.com/ide1/", "--alb", "127.0.0.1:80")
            #expect(alb.code == 0 && alb.seen["echo"] as? String == "hello", "\(alb.text)")
            let foreign = try host.browse(
                "http://code.example.com/ide1/", "--resolve", "code.example.com:80:127.0.0.1", "--origin",
                "http://evil.example")
            #expect(foreign.code != 0)
        }

        @Test("A change is a reload: the process stays, and so does an open WebSocket")
        func reload() throws {
            #expect(try host.apply(Self.team).code == 0)
            let process = try host.traces
            let changed = Self.team.replacingOccurrences(of: "100", with: "99")
            try host.machine.write("/root/metadata.json", NginxHost.document(changed))
            let held = try host.held(
                "/ide10/", Self.name, while: ["ide-init", "apply", "--json", "/root/metadata.json"])
            #expect(held["code"] as? Int == 0, "\(held)")
            #expect(held["before"] as? String == "before" && held["after"] as? String == "after", "\(held)")
            #expect(try host.traces == process)
            try host.wait { try host.ask("http://127.0.0.1/ide100/").status == 404 }
            #expect(try host.ask("http://127.0.0.1/ide99/").seen["port"] as? Int == 8099)
        }

        @Test("A name longer than nginx's table takes is served all the same, and by that name only")
        func longName() throws {
            let name = String(repeating: "a", count: 60) + ".code.example.com"
            let done = try host.apply(
                #"{"long": {"serverName": "\#(name)", "ides": {"1": {"upstream": "127.0.0.1:8001"}}}}"#)
            #expect(done.code == 0, "\(done.text)")
            #expect(try host.ask("-H", "Host: \(name)", "http://127.0.0.1/ide1/").seen["port"] as? Int == 8001)
            #expect(try host.ask("-H", "Host: x\(name)", "http://127.0.0.1/ide1/").status == 404)
        }

        @Test("An upstream may be a Unix socket, and a path the whole host")
        func socket() throws {
            let done = try host.apply(
                #"{"one.example.com": {"ides": {"all": {"path": "/", "upstream": "unix:/run/ide.sock"}}}, "two.example.com": {"ides": {"x": {"upstream": "unix:/run/ide.sock"}}}}"#
            )
            #expect(done.code == 0, "\(done.text)")
            let whole = try host.ask("-H", "Host: one.example.com", "http://127.0.0.1/a%2Fb?c")
            #expect(
                whole.seen["port"] as? String == "socket" && whole.seen["path"] as? String == "/a%2Fb?c", "\(whole)")
            let part = try host.ask("-H", "Host: two.example.com", "http://127.0.0.1/x/y?z")
            #expect(part.seen["path"] as? String == "/y?z", "\(part)")
        }
    }

    @Suite struct Leaving {
        private let host: NginxHost

        init() throws { host = try NginxSuite.host() }

        private static let server = #"{"healthCheckPath": "/health", "ides": {"1": {"upstream": "127.0.0.1:8001"}}}"#

        private func site() throws -> String {
            try host.shell("readlink /etc/nginx/sites-enabled/default").trimmingCharacters(in: .newlines)
        }

        @Test("Debian's default site is away while ours answers for it, and back when ours leaves")
        func stockSite() throws {
            #expect(try site() == "/etc/nginx/sites-available/default")
            #expect(try host.apply(#"{"a.example.com": \#(Self.server)}"#).code == 0)
            #expect(try site() == "")
            // Another takes over.
            #expect(try host.apply(#"{"b.example.com": \#(Self.server)}"#).code == 0)
            #expect(try site() == "")
            #expect(host.machine.read(host.conf("a.example.com")) == nil)
            #expect(try host.ask("http://127.0.0.1/health").body == "ok\n")
            let process = try host.traces
            let gone = try host.apply("{}")
            #expect(gone.code == 0, "\(gone.text)")
            #expect(try site() == "/etc/nginx/sites-available/default")
            #expect(try host.shell("ls /etc/nginx/conf.d") == "")
            #expect(try host.traces == process)
            try host.wait { try host.ask("http://127.0.0.1/").body.contains("Welcome to nginx") }
            #expect(try host.ask("http://127.0.0.1/health").status == 404)
            #expect(try host.apply("{}").outcome == "unchanged")
        }

        @Test("Two that answer by default change places in one step")
        func swapped() throws {
            func servers(_ a: Int, _ b: Int) -> String {
                let server = Self.server.dropFirst()
                return
                    #"{"a.example.com": {"listen": \#(a), \#(server), "b.example.com": {"listen": \#(b), \#(server)}"#
            }
            #expect(try host.apply(servers(80, 9080)).code == 0)
            let swapped = try host.apply(servers(9080, 80))
            #expect(swapped.code == 0, "\(swapped.text)")
            #expect(try site() == "")
            #expect(try host.apply(servers(9080, 80)).outcome == "unchanged")
        }

        @Test("--only removes nothing, and neither does another document")
        func others() throws {
            #expect(try host.apply(#"{"a.example.com": \#(Self.server)}"#).code == 0)
            let motd = #""files": {"/etc/motd": {"content": "hello\n"}}, "#
            try host.machine.write("/root/metadata.json", NginxHost.document("{}", beside: motd))
            try host.machine.write("/root/other.json", NginxHost.document("{}"))
            let only = try host.machine.run("ide-init", "apply", "--only", "files", "/root/metadata.json")
            #expect(only.code == 0, "\(only.text)")
            #expect(try host.machine.run("ide-init", "apply", "/root/other.json").code == 0)
            #expect(try host.ask("http://127.0.0.1/health").body == "ok\n")
            let second = #"{"b.example.com": {"listen": 9080, "ides": {"1": {"upstream": "127.0.0.1:8001"}}}}"#
            try host.machine.write("/root/metadata.json", NginxHost.document(second))
            #expect(try host.machine.run("ide-init", "apply", "--only", "nginx", "/root/metadata.json").code == 0)
            #expect(try host.ask("http://127.0.0.1/health").body == "ok\n")
        }
    }

    @Suite struct Certificates {
        private let host: NginxHost

        init() throws { host = try NginxSuite.host() }

        private static let server =
            #"{"code.example.com": {"certificate": "ide", "healthCheckPath": "/health", "ides": {"1": {"upstream": "127.0.0.1:8001"}}}}"#

        /// Two configs: the certificate's, and the server's.
        private func document(_ server: String = server) throws -> String {
            let pem = try host.shell(
                """
                cd "$(mktemp -d)"; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=ide \\
                  -addext subjectAltName=DNS:code.example.com -keyout key -out certificate 2>/dev/null; cat certificate; echo @; cat key
                """
            ).components(separatedBy: "@\n")
            let item = ["certificate": pem[0], "privateKey": pem[pem.count - 1]]
            let text = String(decoding: try JSONSerialization.data(withJSONObject: item), as: UTF8.self)
            return """
                {"AWS::CloudFormation::Init": {"configSets": {"default": ["Keys", "Web"], "Keys": ["Keys"], "Web": ["Web"]},
                  "Keys": {"certificates": {"ide": \(text)}}, "Web": {"nginx": \(server)}}}
                """
        }

        private func fingerprint() throws -> String {
            try host.shell(
                "openssl s_client -connect 127.0.0.1:443 -servername code.example.com </dev/null 2>/dev/null | openssl x509 -noout -fingerprint"
            )
        }

        @Test("TLS on 443; plain requests are sent there, health checks aren't; a renewal is a reload")
        func renewal() throws {
            let done = try host.machine.perform(["apply"], document())
            #expect(done.code == 0, "\(done.text)")
            let secure = try host.ask(
                "--resolve", "code.example.com:443:127.0.0.1", "https://code.example.com/ide1/x?y")
            #expect(secure.status == 200 && secure.header("X-Forwarded-Proto") == "https", "\(secure)")
            let plain = try host.ask("-H", "Host: code.example.com", "http://127.0.0.1/ide1/x?y")
            #expect(plain.status == 308 && plain.headers["location"] == "https://code.example.com/ide1/x?y", "\(plain)")
            #expect(try host.ask("http://127.0.0.1/health").body == "ok\n")
            #expect(try host.ask("https://127.0.0.1/health").body == "ok\n")
            let code = try host.codeServer("--auth", "none", "--bind-addr", "127.0.0.1:9001")
            defer { code.terminate() }
            let ide = Self.server.replacingOccurrences(of: "127.0.0.1:8001", with: "127.0.0.1:9001")
            #expect(try host.machine.perform(["apply"], document(ide)).code == 0)
            try host.wait {
                try host.browse(
                    "https://code.example.com/ide1/", "--resolve", "code.example.com:443:127.0.0.1", "--insecure"
                ).seen["echo"] as? String == "hello"
            }
            let (process, before) = (try host.traces, try fingerprint())
            let renewed = try document()
            #expect(try host.machine.perform(["apply"], renewed).items["nginx/nginx.service"]?.action == "restart")
            try host.wait { try fingerprint() != before }
            #expect(try host.traces == process)
            #expect(try host.machine.perform(["apply"], renewed).outcome == "unchanged")
        }

        @Test("A renewal in a run of the certificate's config alone isn't lost to nginx")
        func laterReload() throws {
            #expect(try host.machine.perform(["apply"], document()).code == 0)
            let before = try fingerprint()
            let renewed = try document()
            #expect(try host.machine.perform(["apply", "-c", "Keys"], renewed).code == 0)
            #expect(try host.machine.perform(["apply", "-c", "Web"], renewed).code == 0)
            try host.wait { try fingerprint() != before }
        }

        @Test("A certificate that isn't at its place yet: nginx's words, and whose it is")
        func missing() throws {
            try host.shell("rm -rf /etc/ide-init")
            let refused = try host.machine.perform(["apply", "-c", "Web"], document())
            #expect(refused.code == 1 && refused.error.contains("cannot load certificate"), "\(refused.error)")
            #expect(
                refused.error.contains("That is what Web.nginx.code.example.com.certificate names"), "\(refused.error)")
            #expect(try host.shell("ls /etc/nginx/conf.d /etc/nginx/sites-enabled").contains("default"))
        }

        @Test("Plain and TLS side by side where nothing is redirected")
        func both() throws {
            let server = Self.server.replacingOccurrences(
                of: #""ides""#, with: #""redirectToHTTPS": "false", "listen": ["80", "8443"], "ides""#)
            let done = try host.machine.perform(["apply"], document(server))
            #expect(done.code == 0, "\(done.text)")
            #expect(try host.ask("http://127.0.0.1/ide1/").header("X-Forwarded-Proto") == "http")
            #expect(try host.ask("https://127.0.0.1:8443/ide1/").header("X-Forwarded-Proto") == "https")
        }
    }

    @Suite struct Layouts {
        private let host: NginxHost

        init() throws { host = try NginxSuite.host() }

        /// As Amazon Linux 2023 brings it: a server of its own in the main file, no sites-enabled.
        private static let amazon = """
            user www-data;
            worker_processes auto;
            error_log /var/log/nginx/error.log notice;
            pid /run/nginx.pid;
            include /usr/share/nginx/modules/*.conf;
            events {
                worker_connections 1024;
            }
            http {
                log_format  main  '$remote_addr - $remote_user [$time_local] "$request" $status';
                access_log  /var/log/nginx/access.log  main;
                sendfile            on;
                keepalive_timeout   65;
                types_hash_max_size 4096;
                include             /etc/nginx/mime.types;
                default_type        application/octet-stream;
                include /etc/nginx/conf.d/*.conf;
                server {
                    listen       80;
                    listen       [::]:80;
                    server_name  _;
                    root         /usr/share/nginx/html;
                    include /etc/nginx/default.d/*.conf;
                }
            }

            """

        @Test("Amazon Linux: ours answers by default although the main file has a server of its own")
        func amazonLinux() throws {
            try host.shell("rm -r /etc/nginx/sites-*")
            try host.machine.write("/etc/nginx/nginx.conf", Self.amazon)
            let done = try host.apply(
                #"{"ide": {"serverName": "code.example.com", "healthCheckPath": "/health", "ides": {"7": {"upstream": "127.0.0.1:8007"}}}}"#
            )
            #expect(done.code == 0, "\(done.text)")
            #expect(try host.ask("-H", "Host: 10.0.0.7", "http://127.0.0.1/health").body == "ok\n")
            #expect(try host.ask("-H", "Host: 10.0.0.7", "http://[::1]/health").body == "ok\n")
            #expect(
                try host.ask("-H", "Host: code.example.com", "http://127.0.0.1/ide7/x").seen["port"] as? Int == 8007)
        }
    }
}
