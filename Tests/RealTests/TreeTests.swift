import Foundation
import Testing

extension RealRoots {
    /// Files, sources and links of another root.
    @Suite struct TreeTests {
        let copy: RootCopy

        init() throws { copy = try RootCopy() }

        @Test("Absolute links in a parent directory lead to places inside the root")
        func links() throws {
            // As /etc/alternatives has them; followed on the host, they'd lead out.
            let outside = "/tmp/ide-init-outside-\(UUID().uuidString)"
            try copy.inside(
                """
                mkdir -p \(outside) /etc/alternatives /opt/place; ln -s \(outside) /etc/alternatives/conf
                ln -s /etc/alternatives/conf /etc/conf; ln -s ../../../../../../opt/place /srv/up
                mkdir /opt/loop; ln -s /opt/loop/b /opt/loop/a; ln -s /opt/loop/a /opt/loop/b
                """)
            let config: [String: Any] = [
                "files": [
                    "/etc/conf/new/a.conf": ["content": "a"], "/srv/up/b": ["content": "b"],
                    "/srv/link": ["content": "/etc/conf/new/a.conf", "mode": "120644"],
                ]
            ]
            try copy.converge(config)
            #expect(copy.read(outside + "/new/a.conf") == "a")
            #expect(copy.read("/opt/place/b") == "b")
            #expect(try copy.inside("readlink /srv/link; cat /srv/link") == "/etc/conf/new/a.conf\na")
            #expect(!FileManager.default.fileExists(atPath: outside))
            #expect(!FileManager.default.fileExists(atPath: "/opt/place"))
            let loop = try copy.plan(["files": ["/opt/loop/a/x": ["content": "x"]]])
            #expect(loop.output.code == 1)
            #expect(loop.trouble.contains("too many symbolic links"), "\(loop.trouble)")
        }

        @Test("Sources: tar and zip unpacked into the root, right the second time, mended where they differ")
        func sources() throws {
            try copy.inside(
                """
                mkdir -p /tmp/made/sub /real/place; cd /tmp/made; echo one >one; echo two >sub/two; chmod 750 sub/two
                ln -s one link; chown 4242:4343 one; tar -czf /srv/a.tgz --numeric-owner .
                python3 -c 'import zipfile; z = zipfile.ZipFile("/srv/a.zip", "w"); z.writestr("in/zip.txt", "zipped")'
                rm -rf /tmp/made; ln -s /real/place /opt/app
                """)
            let config = ["sources": ["/opt/app/tar": "/srv/a.tgz", "/opt/app/zip": "/srv/a.zip"]]
            let plan = try copy.plan(config)
            #expect(plan.count("changed") == 2)
            try copy.converge(config)
            #expect(
                try copy.inside("cat /real/place/tar/link /real/place/tar/sub/two /real/place/zip/in/zip.txt")
                    == "one\ntwo\nzipped")
            #expect(try copy.status("/real/place/tar/one").st_uid == 4242)
            #expect(try copy.status("/real/place/tar/sub/two").st_mode & 0o7777 == 0o750)
            try copy.write("/real/place/tar/one", "changed\n")
            #expect(
                try copy.plan(config).outcomes == ["sources /opt/app/tar changed", "sources /opt/app/zip unchanged"])
            try copy.converge(config)
            #expect(copy.read("/real/place/tar/one") == "one\n")
        }

        @Test("Downloads: an archive, a checked file and a template, from a server")
        func downloads() throws {
            try copy.inside(
                """
                mkdir -p /srv/web/d; cd /srv/web; echo one >d/one; tar -czf a.tgz d; echo 'Hello {{who}}' >t; echo plain >p
                """)
            let server = try copy.start(
                """
                cd /srv/web; exec python3 -B -c 'import http.server as h
                s = h.ThreadingHTTPServer(("127.0.0.1", 0), h.SimpleHTTPRequestHandler)
                open("/srv/port", "w").write("%d\\n" % s.server_port); s.serve_forever()' 2>/dev/null
                """)
            defer { kill(server.identifier, SIGKILL) }
            while copy.read("/srv/port")?.hasSuffix("\n") != true { usleep(20_000) }
            let url = "http://127.0.0.1:\(copy.read("/srv/port")?.dropLast() ?? "")"
            let sum = try String(copy.inside("sha256sum /srv/web/p").prefix(64))
            let config: [String: Any] = [
                "sources": ["/opt/web": "\(url)/a.tgz"],
                "files": [
                    "/srv/got/t": ["source": "\(url)/t", "context": ["who": "you"]] as [String: Any],
                    "/srv/got/p": ["source": "\(url)/p", "sha256": sum, "mode": "000600", "owner": "daemon"],
                ],
            ]
            let plan = try copy.plan(config)
            #expect(plan.output.code == 0 && plan.knownAfter.count == 3, "\(plan.output.text)")
            let first = try copy.apply(config)
            #expect(first.count("changed") == 3, "\(first.trouble)")
            #expect(copy.read("/opt/web/d/one") == "one\n" && copy.read("/srv/got/t") == "Hello you\n")
            #expect(try copy.status("/srv/got/p").st_uid == 1)
            #expect(try copy.apply(config).count("unchanged") == 3)
            let wrong = try copy.apply([
                "files": ["/srv/got/t": ["source": "\(url)/p", "sha256": String(sum.reversed())]]
            ])
            #expect(wrong.output.code == 1 && wrong.trouble.contains(String(sum.reversed())), "\(wrong.trouble)")
            #expect(copy.read("/srv/got/t") == "Hello you\n")
            let missing = try copy.apply(["files": ["/srv/got/q": ["source": "\(url)/nosuch"]]])
            #expect(missing.output.code == 1 && missing.trouble.contains("404"), "\(missing.trouble)")
            #expect(copy.read("/srv/got/q") == nil)
        }

        @Test("A backup is kept, and a file that is right stays untouched")
        func backup() throws {
            try copy.write("/etc/motd.new", "old\n")
            try copy.converge(["files": ["/etc/motd.new": ["content": "new\n"]]])
            #expect(copy.read("/etc/motd.new.bak") == "old\n")
            let before = try copy.differences()
            #expect(try copy.apply(["files": ["/etc/motd.new": ["content": "new\n"]]]).count("unchanged") == 1)
            let after = try copy.differences().split(separator: "\n").filter { !$0.contains("run") }
            #expect(after == before.split(separator: "\n").filter { !$0.contains("run") })
        }
    }
}
