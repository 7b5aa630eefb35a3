// codeServer from nothing to a page in the browser, and what becomes of it when the document changes.

import Foundation
import TestSupport
import Testing

extension CodeServerSuite {
    @Suite struct CodeServerTests {
        private let password = "correct horse: #1 \"battery\""

        private func config(_ install: [String: Any]?, _ instances: [String: [String: Any]]) -> Config {
            var config = Config()
            var section: [String: Any] = ["instances": instances]
            section["install"] = install
            config.sections["codeServer"] = section
            // Node takes its time to listen, as the stand-in does.
            let checks = instances.map { name, item in
                let config = item["config"] as? [String: Any]
                return (name, ["http": "http://\(config?["bind-addr"] ?? "")/healthz"])
            }
            config.readiness = ["interval": "0.1s", "checks": Dictionary(uniqueKeysWithValues: checks)]
            return config
        }

        private func instance(_ port: Int, _ more: [String: Any] = [:]) -> [String: Any] {
            ["config": ["bind-addr": "127.0.0.1:\(port)", "password": password], "hashPassword": "true"].merging(more) {
                $1
            }
        }

        private func expect(
            _ report: Report, _ outcomes: [String: String], _ location: SourceLocation = #_sourceLocation
        ) {
            #expect(report.code == 0, "\(report.text)", sourceLocation: location)
            for (item, outcome) in outcomes {
                #expect(
                    report.items["codeServer/\(item)"]?.outcome == outcome, "\(item): \(report.text)",
                    sourceLocation: location)
            }
        }

        /// Whatever changes nothing now.
        private func expectNothing(_ report: Report, _ location: SourceLocation = #_sourceLocation) {
            #expect(report.code == 0, "\(report.text)", sourceLocation: location)
            let others = report.items.filter { $0.value.outcome != "unchanged" }
            #expect(others.isEmpty, "\(others)", sourceLocation: location)
        }

        @Test func `from nothing to an editor in the browser; the second run changes nothing`() throws {
            let (machine, releases) = try CodeServerSuite.start()
            let port = try freePort()
            let config = config(
                try releases.archive("4.145.0"),
                [
                    "dev1": instance(
                        port,
                        [
                            "settings": ["editor.tabSize": "2"], "extensions": ["ms-python.python"],
                            "folder": "~/environment",
                        ])
                ])
            let plan = try machine.plan(config)
            #expect(plan.code == 0, "\(plan.text)")
            #expect(!machine.exists("/opt/code-server"))
            let first = try machine.apply(config)
            expect(
                first,
                [
                    "install": "changed", "dev1": "changed", "unit": "changed", "dev1/extensions": "changed",
                    "dev1/unit": "changed",
                ])
            #expect(first.checks.values.allSatisfy { $0.outcome == "ready" }, "\(first.text)")
            let visit = try Visit("http://127.0.0.1:\(port)/", "--password", password)
            #expect(visit.isFine, "\(visit.text)")
            #expect(visit.folder == "/home/dev1/environment")
            #expect(visit.cookies == ["code-server-session-dev1"])
            #expect(try !Visit("http://127.0.0.1:\(port)/", "--password", "wrong").isFine)

            let file = "/home/dev1/.config/code-server/config.yaml"
            let text = try #require(machine.read(file))
            #expect(text.contains("hashed-password: \"$argon2id$") && !text.contains("horse"))
            #expect(
                try machine.shell(
                    "stat -c '%a %U %G' \(file) /home/dev1/.local/share/code-server /home/dev1/environment")
                    == "600 dev1 dev1\n700 dev1 dev1\n755 dev1 dev1\n")
            #expect(
                machine.read("/home/dev1/.local/share/code-server/User/settings.json")
                    == "{\n    \"editor.tabSize\": 2\n}\n")
            #expect(
                try machine.shell("stat -c '%U %a' /opt/code-server/4.145.0 /opt/code-server/4.145.0/package.json")
                    == "root 755\nroot 644\n")
            #expect(try machine.enablement("ide-init-code-server@dev1") == "enabled")
            let told =
                "\(first.text)\(plan.text)" + (try machine.shell("journalctl --no-pager -o cat; ps axww -o args"))
            #expect(!told.contains("battery"))
            let process = try machine.property("MainPID", of: "ide-init-code-server@dev1")
            expectNothing(try machine.apply(config))
            #expect(try machine.property("MainPID", of: "ide-init-code-server@dev1") == process)
        }

        @Test func `another release is switched to whole; one that doesn't run here changes nothing`() throws {
            let (machine, releases) = try CodeServerSuite.start()
            let port = try freePort()
            var install = try releases.archive("4.145.0")
            install["keep"] = 1
            expect(try machine.apply(config(install, ["dev1": instance(port)])), ["install": "changed"])
            let broken = try releases.archive(
                "4.146.0", program: "#!/bin/sh\necho 'GLIBC_2.99 not found' >&2\nexit 1\n")
            let failed = try machine.apply(config(broken, ["dev1": instance(port)]))
            #expect(failed.code == 1 && failed.error.contains("GLIBC_2.99 not found"), "\(failed.text)")
            #expect(try machine.shell("readlink /opt/code-server/current") == "4.145.0\n")
            #expect(try Visit("http://127.0.0.1:\(port)/", "--password", password).isFine)

            var next = try releases.archive("4.147.0")
            next["keep"] = 1
            expect(
                try machine.apply(config(next, ["dev1": instance(port)])),
                ["install": "changed", "dev1": "changed", "dev1/unit": "changed", "old releases": "changed"])
            #expect(try Visit("http://127.0.0.1:\(port)/", "--password", password).isFine)
            #expect(try machine.shell("ls /opt/code-server") == "4.147.0\ncurrent\n")
            #expect(
                try machine.shell(
                    "tr '\\0' ' ' </proc/$(systemctl show --value -p MainPID ide-init-code-server@dev1)/cmdline"
                )
                .contains("/opt/code-server/current/bin/code-server"))
        }

        @Test func `under a narrow umask all may reach what all are to run; what an earlier run closed is opened`()
            throws
        {
            let (machine, releases) = try CodeServerSuite.start()
            let port = try freePort()
            var config = config(try releases.archive("4.145.0"), ["dev1": instance(port, ["certificate": "ide"])])
            config.readiness = ["checks": ["dev1": ["http": "https://127.0.0.1:\(port)/healthz"]]]
            config.sections["certificates"] = ["ide": try certificate("first.example")]
            expect(try machine.apply(config, umask: "077"), ["install": "changed", "dev1/unit": "changed"])
            #expect(
                try machine.shell(
                    "stat -c %a /opt/code-server /opt/code-server/4.145.0 /opt/code-server/4.145.0/bin /etc/ide-init /etc/ide-init/certificates /etc/ide-init/certificates/ide"
                ) == "755\n755\n755\n755\n755\n755\n")
            #expect(try Visit("https://127.0.0.1:\(port)/", "--password", password, "--insecure").isFine)

            // As a run left it whose check had failed for that.
            try machine.shell("cd /opt/code-server && rm current && chmod 750 . 4.145.0")
            expect(try machine.apply(config, umask: "077"), ["install": "changed", "dev1": "unchanged"])
            #expect(try machine.shell("stat -c %a /opt/code-server /opt/code-server/4.145.0") == "755\n755\n")
        }

        @Test func `data elsewhere is the user's, and somebody's work is seen all the same`() throws {
            let (machine, releases) = try CodeServerSuite.start()
            try machine.shell("rm -rf /data")
            let port = try freePort()
            let elsewhere: [String: Any] = [
                "certificate": "ide", "settings": ["editor.tabSize": "2"],
                "config": [
                    "bind-addr": "127.0.0.1:\(port)", "password": password, "user-data-dir": "/data/ides/dev1/",
                ],
            ]
            var config = config(try releases.archive("4.145.0"), ["dev1": instance(port, elsewhere)])
            config.readiness = ["checks": ["dev1": ["http": "https://127.0.0.1:\(port)/healthz"]]]
            config.sections["certificates"] = ["ide": try certificate("first.example")]
            expect(try machine.apply(config), ["dev1": "changed", "dev1/unit": "changed"])
            #expect(
                try machine.shell("stat -c '%a %U' /data/ides /data/ides/dev1 /data/ides/dev1/User/settings.json")
                    == "755 root\n700 dev1\n600 dev1\n")
            #expect(try Visit("https://127.0.0.1:\(port)/", "--password", password, "--insecure").isFine)
            config.sections["certificates"] = ["ide": try certificate("second.example")]
            expect(try machine.apply(config), ["dev1/unit": "skipped"])
        }

        @Test func `installed by one config for another, and upgraded there, it is restarted`() throws {
            let (machine, releases) = try CodeServerSuite.start()
            let port = try freePort()
            func document(_ version: String) throws -> String {
                let install = ["codeServer": ["install": try releases.archive(version)]]
                let setup = ["codeServer": ["instances": ["dev1": instance(port)]]]
                let sets = ["default": ["Install", "Setup"], "first": ["Install"]]
                let all: [String: Any] = [
                    "AWS::CloudFormation::Init": ["configSets": sets, "Install": install, "Setup": setup]
                ]
                return String(decoding: try JSONSerialization.data(withJSONObject: all), as: UTF8.self)
            }
            let plan = try machine.perform(["plan"], try document("4.145.0"))
            #expect(plan.code == 0, "\(plan.text)")
            #expect(try machine.perform(["apply"], try document("4.145.0")).code == 0)
            let process = try machine.property("MainPID", of: "ide-init-code-server@dev1")
            #expect(try machine.perform(["apply", "-c", "first"], try document("4.146.0")).code == 0)
            #expect(try machine.property("MainPID", of: "ide-init-code-server@dev1") == process)
            let both = try machine.perform(["apply"], try document("4.146.0"))
            expect(both, ["install": "unchanged", "dev1": "changed", "dev1/unit": "changed"])
            #expect(try machine.property("MainPID", of: "ide-init-code-server@dev1") != process)
        }

        @Test func `a changed configuration restarts; one that code-server wouldn't start on changes nothing`() throws {
            let (machine, releases) = try CodeServerSuite.start()
            let (old, new) = (try freePort(), try freePort())
            let install = try releases.archive("4.145.0")
            expect(try machine.apply(config(install, ["dev1": instance(old)])), ["dev1": "changed"])
            var wrong = instance(new)
            wrong["config"] = ["bind-addr": "127.0.0.1:\(new)", "pasword": password]
            let refused = try machine.apply(config(install, ["dev1": wrong]))
            #expect(
                refused.code == 65 && refused.text.contains("did you mean \u{201C}password\u{201D}?"), "\(refused.text)"
            )
            #expect(try Visit("http://127.0.0.1:\(old)/", "--password", password).isFine)
            let changed = try machine.apply(config(install, ["dev1": instance(new)]))
            expect(changed, ["dev1": "changed", "dev1/unit": "changed"])
            #expect(changed.items["codeServer/dev1"]?.facts == ["bind-addr: 127.0.0.1:\(old) → 127.0.0.1:\(new)"])
            #expect(try Visit("http://127.0.0.1:\(new)/", "--password", password).isFine)
        }

        @Test func `settings that the user has changed stay, and nothing restarts for any`() throws {
            let (machine, releases) = try CodeServerSuite.start()
            let port = try freePort()
            let install = try releases.archive("4.145.0")
            let wished: [String: Any] = ["settings": ["editor.tabSize": "2", "files.autoSave": "off"]]
            expect(try machine.apply(config(install, ["dev1": instance(port, wished)])), ["dev1": "changed"])
            let path = "/home/dev1/.local/share/code-server/User/settings.json"
            try machine.shell("sed -i 's,: 2,: 8 /* mine */,' \(path)")
            let next: [String: Any] = ["settings": ["editor.tabSize": "2", "files.autoSave": "afterDelay"]]
            expect(
                try machine.apply(config(install, ["dev1": instance(port, next)])),
                ["dev1": "changed", "dev1/unit": "unchanged"])
            #expect(
                machine.read(path)
                    == "{\n    \"editor.tabSize\": 8 /* mine */,\n    \"files.autoSave\": \"afterDelay\"\n}\n")
            expect(
                try machine.apply(config(install, ["dev1": instance(port, next.merging(["enforce": true]) { $1 })])),
                ["dev1": "changed"])
            #expect(try #require(machine.read(path)).contains("\"editor.tabSize\": 2"))
        }

        @Test func `what is no longer listed is stopped and taken away, by a run of its config only`() throws {
            let (machine, releases) = try CodeServerSuite.start()
            let (one, two) = (try freePort(), try freePort())
            let install = try releases.archive("4.145.0")
            expect(
                try machine.apply(config(install, ["dev1": instance(one), "dev2": instance(two)])),
                ["dev1": "changed", "dev2": "changed"])
            let swept = try machine.apply(config(install, ["dev1": instance(one)]))
            #expect(swept.items["codeServer/no longer listed"]?.outcome == "changed", "\(swept.text)")
            #expect(try !machine.isActive("ide-init-code-server@dev2") && machine.isActive("ide-init-code-server@dev1"))
            #expect(!machine.exists("/etc/systemd/system/ide-init-code-server@dev2.service.d/ide-init.conf"))
            #expect(machine.exists("/home/dev2/.config/code-server/config.yaml"))
            expectNothing(try machine.apply(config(install, ["dev1": instance(one)])))
        }

        @Test func `a terminal can't reach the machine's role, unless it is allowed to`() throws {
            let (machine, releases) = try CodeServerSuite.start()
            let ports = [try freePort(), try freePort()]
            let install = try releases.archive("4.145.0")
            expect(
                try machine.apply(
                    config(
                        install,
                        ["dev1": instance(ports[0]), "dev2": instance(ports[1], ["instanceMetadata": "allow"])])),
                ["dev1": "changed", "dev2": "changed"])
            // What the kernel makes of it can't be seen here: a container's systemd doesn't filter.
            // systemd keeps them as a set.
            let denied = try machine.property("IPAddressDeny", of: "ide-init-code-server@dev1").split(separator: " ")
            #expect(denied.sorted() == ["169.254.169.254/32", "fd00:ec2::254/128"])
            #expect(try machine.property("IPAddressDeny", of: "ide-init-code-server@dev2") == "")
        }

        /// A certificate of that name and its key, as PEM.
        private func certificate(_ name: String) throws -> [String: Any] {
            let directory = FileManager.default.temporaryDirectory.appending(path: "ide-init-certificate-\(name)").path
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let made = try execute([
                "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "60", "-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:\(name)", "-keyout",
                "\(directory)/key.pem", "-out", "\(directory)/cert.pem",
            ])
            #expect(made.code == 0, "\(made.text)")
            return try [
                "certificate": String(contentsOfFile: "\(directory)/cert.pem", encoding: .utf8),
                "privateKey": String(contentsOfFile: "\(directory)/key.pem", encoding: .utf8),
            ]
        }

        /// Whose certificate is shown there.
        private func subject(at port: Int) throws -> String {
            let words =
                "openssl s_client -connect 127.0.0.1:\(port) </dev/null 2>/dev/null | openssl x509 -noout -subject"
            return try execute(["/bin/sh", "-c", words]).text.trimmingCharacters(in: .whitespacesAndNewlines)
        }

        @Test func `a renewed certificate waits for the user to pause, and isn't forgotten`() throws {
            let (machine, releases) = try CodeServerSuite.start()
            let port = try freePort()
            var config = config(try releases.archive("4.145.0"), ["dev1": instance(port, ["certificate": "ide"])])
            config.readiness = ["checks": ["dev1": ["http": "https://127.0.0.1:\(port)/healthz"]]]
            config.sections["certificates"] = ["ide": try certificate("first.example")]
            expect(try machine.apply(config), ["dev1": "changed", "dev1/unit": "changed"])
            let visit = try Visit("https://127.0.0.1:\(port)/", "--password", password, "--insecure")
            #expect(visit.isFine, "\(visit.text)")
            #expect(try subject(at: port) == "subject=CN = first.example")
            // The user's program reads it, the user's other programs can't.
            #expect(
                try machine.run(
                    "setpriv", "--reuid", "dev1", "--clear-groups", "cat", "/etc/ide-init/certificates/ide/privkey.pem"
                )
                .code != 0)

            config.sections["certificates"] = ["ide": try certificate("second.example")]
            let putOff = try machine.apply(config)
            expect(putOff, ["dev1": "unchanged", "dev1/unit": "skipped"])
            #expect(putOff.text.contains("somebody works with it"))
            #expect(try subject(at: port) == "subject=CN = first.example")
            try machine.shell("touch -d '10 minutes ago' /home/dev1/.local/share/code-server/heartbeat")
            expect(try machine.apply(config), ["dev1": "unchanged", "dev1/unit": "changed"])
            #expect(try subject(at: port) == "subject=CN = second.example")
            expectNothing(try machine.apply(config))
        }

        @Test func `a Debian package is installed, and another release of it`() throws {
            let (machine, releases) = try CodeServerSuite.start()
            defer { _ = try? machine.run("dpkg", "--purge", "code-server") }
            let port = try freePort()
            let deb = try releases.deb("4.145.0")
            expect(try machine.apply(config(deb, ["dev1": instance(port)])), ["install": "changed"])
            #expect(try Visit("http://127.0.0.1:\(port)/", "--password", password).isFine)
            expectNothing(try machine.apply(config(deb, ["dev1": instance(port)])))
            let older = try machine.apply(config(try releases.deb("4.144.0"), ["dev1": instance(port)]))
            expect(older, ["install": "changed", "dev1": "changed", "dev1/unit": "changed"])
            #expect(try machine.shell("ls /var/cache/ide-init").isEmpty)
        }
    }
}

extension UnitSuite {
    @Suite struct CodeServerUnitTests {
        @Test(arguments: Release.chosen)
        func `the key reaches an instance by its credentials, where its configuration says`(_ release: Release) throws {
            let machine = try UnitSuite.machine(release)
            try machine.shell(
                "id dev1 2>/dev/null || useradd -m dev1; rm -f /home/dev1/seen; mkdir -p /etc/keys; echo key >/etc/keys/key"
            )
            try machine.write("/etc/keys/cert", "cert\n")
            try machine.shell("chmod 600 /etc/keys/key")
            try machine.write(
                "/opt/code-server/current/bin/code-server",
                """
                #!/bin/sh
                for key in cert cert-key; do cat "$(awk -F'"' -v key="$key: " '$1 == key { print $2 }' "$2")" >>~/seen; done
                exec sleep infinity
                """, mode: 0o755)
            var config = Config()
            config.sections["certificates"] = [
                "x": [
                    "certificate": "-", "privateKey": "-", "certificatePath": "/etc/keys/cert",
                    "privateKeyPath": "/etc/keys/key",
                ]
            ]
            config.sections["codeServer"] = [
                "instances": ["dev1": ["config": ["auth": "none", "bind-addr": "127.0.0.1:80"], "certificate": "x"]]
            ]
            try machine.write("/root/metadata.json", config.document)
            // The certificate itself is not looked at.
            for item in ["dev1", "dev1/unit"] {
                try machine.shell("ide-init apply --only codeServer/\(item) /root/metadata.json")
            }
            try machine.shell(
                "for i in $(seq 50); do grep -q key /home/dev1/seen 2>/dev/null && exit; sleep 0.1; done; exit 1")
            #expect(machine.read("/home/dev1/seen") == "cert\nkey\n")
            #expect(
                try machine.property("AmbientCapabilities", of: "ide-init-code-server@dev1") == "cap_net_bind_service")
        }
    }
}
