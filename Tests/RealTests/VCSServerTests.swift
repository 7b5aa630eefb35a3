import Foundation
import Testing

extension RealRoots {
    /// The two documents of a real code-server stack, with what a test can't have (Docker, the network, AWS) as stubs.
    @Suite struct VCSServerTests {
        let copy: RootCopy

        init() throws {
            copy = try RootCopy()
            try copy.inside("groupadd docker; useradd -m ec2-user; mkdir -p /srv/stub")
            for name in ["docker", "aws", "curl", "service", "htpasswd"] { try stub(name, "echo \(name)-output") }
            try stub("sudo", "exec \"$@\"")
            try stub(
                "wget",
                """
                d=$(basename "$1" .tar.gz); mkdir -p /tmp/w/$d; echo '#!/bin/sh' >/tmp/w/$d/code-server
                tar -czf "$(basename "$1")" -C /tmp/w $d
                """)
        }

        private func stub(_ name: String, _ script: String) throws {
            let recorded = "echo \"${0##*/} $*\" >>/srv/stub/words\n"
            try copy.write("/usr/local/bin/\(name)", "#!/bin/sh\n\(recorded)\(script)\n", executable: true)
        }

        private func document(_ name: String) throws -> Any {
            try JSONSerialization.jsonObject(
                with: Data(contentsOf: Surroundings.tests.appending(path: "Fixtures/\(name).json")))
        }

        private func packages() throws -> String {
            try copy.inside("rpm -q --qf '%{NAME} ' docker wget gzip httpd 2>/dev/null; true")
        }

        @Test("Single tenant: planned without a trace, applied, and a second run changes nothing but runs its commands")
        func singleTenant() throws {
            let document = try document("vcs-server-single-tenant.CodeServerPublicInstance")
            let plan = try copy.plan(document, "-c", "end-to-end")
            #expect(plan.output.code == 0, "\(plan.trouble)")
            #expect(plan.outcomes.last == "services sysvinit/code-server changed")
            #expect(copy.read("/srv/stub/words") == nil)
            let result = try copy.converge(document, ["-c", "end-to-end"])
            #expect(result.count("ran") == 9 && result.count("failed") == 0)
            #expect(try packages().hasPrefix("docker wget gzip"))
            #expect(try copy.status("/usr/bin/code-server").st_mode & 0o111 == 0o111)
            #expect(try copy.status("/etc/pki/CA/private/privkey1.pem").st_mode & 0o7777 == 0o600)
            #expect(try copy.inside("systemctl is-enabled code-server") == "enabled\n")
            for text in [plan.output.text, result.output.text] {
                #expect(!text.contains("ssm-value-of-example-PrivateKeyParameterName"))
            }
        }

        @Test("Multi-tenant: planned without a trace, applied, and a second run changes nothing but runs its commands")
        func multiTenant() throws {
            let document = try document("vcs-server-multi-tenant.CodeServerPublicInstance")
            let plan = try copy.plan(document, "-c", "end-to-end")
            #expect(plan.output.code == 0, "\(plan.trouble)")
            #expect(copy.read("/srv/stub/words") == nil)
            let result = try copy.converge(document, ["-c", "end-to-end"])
            #expect(result.count("ran") == 9 && result.count("failed") == 0)
            #expect(try packages() == "docker wget gzip httpd ")
            #expect(try copy.inside("id -Gn ec2-user").contains("docker"))
            let words = copy.read("/srv/stub/words") ?? ""
            #expect(words.contains("docker network create codeserver\n") && words.contains("service docker start\n"))
            #expect(words.contains("docker run -d --rm -p 8443 -p 80 -v /home/ec2-user/dev-1:/home/coder/project"))
            #expect(copy.read("/tmp/.dev-1.example-DomainName.json")?.contains("\"Value\": \"curl-output\"") == true)
            #expect(copy.read("/root/.traefik.toml")?.contains("users = [\"htpasswd-output\"]") == true)
            #expect(try copy.status("/root/.acme.json").st_mode & 0o7777 == 0o640)
        }
    }
}
