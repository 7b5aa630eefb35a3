import Foundation
import TestSupport
import Testing

extension CloudSuite {
    /// The user data of two published articles about code-server, word for word, with a cfn-signal after it, and the documents of their
    /// templates. What a test can't have (Docker, the network, the AWS CLI) are stubs: README.md lists them.
    @Suite struct ArticleTests {
        /// How the instance shows who it is.
        enum Manner {
            /// A role is there, and the line says nothing about it: the original uses its identity document all the same.
            case roleAtHand
            case roleNamed
            /// Nothing but the identity document.
            case nothing
        }

        private static let resource = "CodeServerPublicInstance"
        private let host: Host
        private let standIn: StandIn

        init() throws {
            host = try Host(in: Network.ofInstance(), isBooted: true)
            standIn = try host.standIn
            try host.shell("groupadd docker; useradd -m ec2-user; mkdir -p /srv/stub")
            try succeed(["cp", "-R", Surroundings.stubs + "/.", host.root + "/usr/local/bin"])
        }

        /// `Fn::Join` keeps the blanks of its parts.
        private func script(_ stack: String, _ manner: Manner) -> String {
            let role = manner == .roleNamed ? " --role ec2role" : ""
            return """
                #!/bin/bash -xe
                /opt/aws/bin/cfn-init -v          --stack \(stack)         --resource \(Self.resource)         --configsets end-to-end         --region \(Network.region)\(role)
                /opt/aws/bin/cfn-signal -e $? --stack \(stack) --resource \(Self.resource) --region \(Network.region)\(role)

                """
        }

        private func createStack(_ name: String, _ document: String, _ manner: Manner) async throws {
            let file = Surroundings.tests.appending(path: "RealTests/Fixtures/\(document).\(Self.resource).json")
            let metadata = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
            try await standIn.createStack(name, [Self.resource: StandIn.instance(metadata)])
            if manner == .nothing { try await standIn.set("imds", #"{"role": ""}"#) }
        }

        /// Boots twice, as it were: the first time it is all done and told, the second time there is nothing to change or to tell.
        private func bootTwice(_ stack: String, _ manner: Manner) async throws {
            let script = script(stack, manner)
            let first = try host.userData(script)
            #expect(first.code == 0, "\(first.all)")
            #expect(try await standIn.signals(stack).map(\.status) == ["SUCCESS"])
            #expect(try await standIn.status(stack) == "CREATE_COMPLETE")
            let askers = try await standIn.askers("DescribeStackResource") + standIn.askers("SignalResource")
            let expected = manner == .roleNamed ? "ASIA" : standIn["instanceId"]
            #expect(askers.count == 2 && askers.allSatisfy { $0.hasPrefix(expected) }, "\(askers)")

            // Article 1 appends its unit to the file: a second run would spoil it, the original's too.
            try host.shell("rm -f /etc/systemd/system/code-server.service")
            let second = try host.userData(script)
            #expect(second.code == 0 && second.errors.contains("nobody waits for this signal"), "\(second.all)")
            #expect(try await standIn.signals(stack).count == 1)
            let plan = try host.run("ide-init", "plan", "--json")
            let report = try JSONSerialization.jsonObject(with: Data(plan.text.utf8)) as? [String: Any]
            #expect((report?["summary"] as? [String: Int])?["changed"] == 0, "\(plan.all)")
            #expect(report?["configSets"] as? [String] == ["end-to-end"])

            let log = host.read("/var/log/cfn-init.log") ?? ""
            #expect(log.components(separatedBy: "Build complete").count == 3, "\(log)")
            #expect(host.mode("/var/lib/cfn-init/data/metadata.json") == 0o600)
            tell("\(stack): \(String(format: "%.1f s, then %.1f s", first.seconds, second.seconds))")
        }

        /// What the stubs were called with.
        private var words: String { host.read("/srv/stub/words") ?? "" }

        @Test("Article 1: one code-server by cfn-init", arguments: [Manner.roleAtHand, .nothing])
        func singleTenant(_ manner: Manner) async throws {
            let stack = "single-tenant-\(manner)"
            try await createStack(stack, "vcs-server-single-tenant", manner)
            try await bootTwice(stack, manner)
            #expect(words.contains("yum -y --setopt=*.skip_if_unavailable=1 install "), "\(words)")
            #expect(words.contains("wget https://github.com/cdr/code-server/releases/download/1.1156-vsc1.33.1/"))
            #expect(try host.shell("rpm -q --qf '%{NAME} ' docker wget gzip") == "docker wget gzip ")
            #expect(host.mode("/etc/pki/CA/private/privkey1.pem") == 0o600)
            #expect(
                host.read("/etc/pki/CA/private/privkey1.pem") == "ssm-value-of-example-PrivateKeyParameterName")
            #expect(host.mode("/usr/bin/code-server").map { $0 & 0o111 } == 0o111)
            #expect(
                try host.shell("systemctl is-enabled code-server; systemctl is-active code-server")
                    == "enabled\nactive\n")
        }

        @Test("Article 2: a proxy and containers by cfn-init", arguments: [Manner.roleNamed, .nothing])
        func multiTenant(_ manner: Manner) async throws {
            let stack = "multi-tenant-\(manner)"
            try await createStack(stack, "vcs-server-multi-tenant", manner)
            try await bootTwice(stack, manner)
            #expect(try host.shell("rpm -q --qf '%{NAME} ' docker wget gzip httpd") == "docker wget gzip httpd ")
            #expect(try host.shell("id -Gn ec2-user").contains("docker"))
            #expect(host.read("/root/.traefik.toml")?.contains("users = [\"htpasswd-output\"]") == true)
            #expect(host.mode("/root/.acme.json") == 0o640)
            #expect(host.read("/tmp/.dev-1.example-DomainName.json")?.contains("\"Value\": \"curl-output\"") == true)
            #expect(words.contains("docker network create codeserver\n") && words.contains("service docker start\n"))
            #expect(words.contains("docker run -d --rm -p 8443 -p 80 -v /home/ec2-user/dev-1:/home/coder/project"))
            #expect(words.contains("aws route53 change-resource-record-sets --hosted-zone-id example-HostedZoneId"))
        }
    }
}
