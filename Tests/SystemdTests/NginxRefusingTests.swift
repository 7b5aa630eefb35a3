import Foundation
import Testing

extension NginxSuite {
    @Suite struct Refusing {
        private let host: NginxHost

        init() throws { host = try NginxSuite.host() }

        private func server(_ upstream: String = "127.0.0.1:8001") -> String {
            #"{"code.example.com": {"healthCheckPath": "/health", "ides": {"1": {"upstream": "\#(upstream)"}}}}"#
        }

        /// The whole of nginx's directory, and its process.
        private func state() throws -> String {
            try host.shell(
                "find /etc/nginx -printf '%p %y %m %l %T@\\n' | grep -v '^/etc/nginx/conf.d d' | sort; cat /etc/nginx/conf.d/*"
            )
                + host.traces
        }

        @Test("A server that nginx refuses: its words, the place in the document, and everything old serves on")
        func mistake() throws {
            #expect(try host.apply(server()).code == 0)
            let before = try state()
            let refused = try host.apply(server("no-such-host.invalid:80"))
            #expect(refused.code == 1)
            #expect(refused.error.contains("host not found in upstream \"no-such-host.invalid\""), "\(refused.error)")
            #expect(
                refused.error.contains("That line comes from config.nginx.code.example.com.ides.1"), "\(refused.error)")
            #expect(try state() == before)
            #expect(try host.ask("http://127.0.0.1/ide1/").status == 200)
        }

        @Test("A server in another's place that nginx refuses: the other one stays, and Debian's default site away")
        func renamed() throws {
            #expect(try host.apply(server()).code == 0)
            let before = try state()
            let other = server("no-such-host.invalid:80").replacingOccurrences(of: "code.example", with: "ide.example")
            #expect(try host.apply(other).code == 1)
            #expect(try state() == before)
            try host.shell("systemctl restart nginx")
            #expect(try host.ask("http://127.0.0.1/ide1/").status == 200)
        }

        @Test("Somebody else's broken file: named, and nothing of ours is changed on top of it")
        func foreign() throws {
            #expect(try host.apply(server()).code == 0)
            try host.machine.write("/etc/nginx/conf.d/other.conf", "server {\n  nonsense on;\n}\n")
            let before = try state()
            let refused = try host.apply(server("127.0.0.1:8002"))
            #expect(refused.code == 1)
            #expect(
                refused.error.contains("other.conf:2") && refused.error.contains("isn't this item's"),
                "\(refused.error)")
            #expect(try state() == before)
            #expect(try host.ask("http://127.0.0.1/ide1/").seen["port"] as? Int == 8001)
        }

        @Test("Another default server is named as such, on the first run too")
        func defaults() throws {
            try host.machine.write("/etc/nginx/conf.d/z.conf", "server { listen 80 default_server; }\n")
            try host.shell("rm /etc/nginx/sites-enabled/default")
            let before = try state()
            let refused = try host.apply(server())
            #expect(
                refused.code == 1 && refused.error.contains("take \u{201C}default_server\u{201D} out of it"),
                "\(refused.error)")
            #expect(try state() == before)
        }

        @Test(
            "A port that another program holds: no reload that nginx would refuse in silence, and one once it is free")
        func heldPort() throws {
            #expect(try host.apply(server()).code == 0)
            let more = server().replacingOccurrences(
                of: #""healthCheckPath""#, with: #""listen": ["80", "8050"], "healthCheckPath""#)
            let refused = try host.apply(more)
            #expect(refused.code == 1 && refused.error.contains("another program holds port 8050"), "\(refused.error)")
            #expect(refused.items["nginx/nginx.service"]?.outcome == "failed")
            #expect(try host.ask("http://127.0.0.1/ide1/").status == 200)
            // As far as it came it is kept: what is left is the reload.
            let free = server().replacingOccurrences(
                of: #""healthCheckPath""#, with: #""listen": ["80", "9050"], "healthCheckPath""#)
            #expect(try host.apply(free).code == 0)
            try host.wait { try host.ask("http://127.0.0.1:9050/ide1/").status == 200 }
        }

        @Test("Without mount namespaces the files are tried in place, and put back")
        func inPlace() throws {
            let apply = { (document: String) in
                try host.machine.write("/root/metadata.json", NginxHost.document(document))
                return try host.machine.run(
                    "setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin", "ide-init", "apply",
                    "--json", "/root/metadata.json")
            }
            let first = try apply(server())
            #expect(first.code == 0, "\(first.text)")
            let before = try state()
            let refused = try apply(server("no-such-host.invalid:80"))
            #expect(refused.code == 1 && refused.text.contains("host not found in upstream"), "\(refused.text)")
            #expect(try state() == before)
            #expect(
                try host.shell("ls -A /etc/nginx/conf.d /etc/nginx/sites-enabled")
                    == "/etc/nginx/conf.d:\nide-init-code.example.com.conf\n\n/etc/nginx/sites-enabled:\n")
            let second = try apply(server("127.0.0.1:8002"))
            #expect(second.code == 0, "\(second.text)")
            try host.wait { try host.ask("http://127.0.0.1/ide1/").seen["port"] as? Int == 8002 }
        }

        @Test("A main file that leaves out conf.d, and a file of that name that isn't ours")
        func layout() throws {
            try host.machine.write(host.conf("code.example.com"), "# by hand\n")
            let foreign = try host.apply(server())
            #expect(foreign.code == 1 && foreign.error.contains("\"adopt\": true"), "\(foreign.error)")
            #expect(host.machine.read(host.conf("code.example.com")) == "# by hand\n")
            let adopted = try host.apply(
                server().replacingOccurrences(of: #""ides""#, with: #""adopt": "true", "ides""#))
            #expect(adopted.code == 0, "\(adopted.text)")
            try host.shell("rm /etc/nginx/conf.d/*; sed -i /conf.d/d /etc/nginx/nginx.conf")
            let unread = try host.apply(server())
            #expect(
                unread.code == 1 && unread.error.contains("doesn't include /etc/nginx/conf.d/*.conf"), "\(unread.error)"
            )
        }
    }
}
