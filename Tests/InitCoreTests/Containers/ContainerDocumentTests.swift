import Foundation
import Testing

@testable import InitCore

struct ContainerDocumentTests {
    private func document(_ containers: String, beside: String = "") throws -> Document {
        try InitCoreTests.document(init: "{\"config\": {\"containers\": \(containers)\(beside)}}")
    }

    @Test func `the contract's example makes what it says`() throws {
        let document = try document(
            #"""
            {
              "networks": { "codeserver": {} },
              "registries": { "123456789012.dkr.ecr.eu-west-1.amazonaws.com": "ecr",
                              "registry.example.com": { "user": "u", "password": "ssm:///registry" } },
              "traefik":  { "image": "traefik:v3.6", "ports": ["80:80", "443:443", "8090:8090"], "networks": ["codeserver"],
                            "volumes": ["/etc/traefik:/etc/traefik:ro"] },
              "dev": { "count": "2", "name": "dev-${n}", "image": "codercom/code-server:4.104.3", "pull": "missing", "network": "own",
                       "volumes": ["/home/ec2-user/dev-${n}:/home/coder/project"], "user": "1000", "command": ["--auth", "none"],
                       "environment": { "TZ": "UTC" }, "secrets": { "/run/secrets/token": "ssm:///dev-${n}/token" },
                       "route": { "host": "dev-${n}.code.example.com", "port": "8080", "auth": { "user": "admin", "password": "secretsmanager://dev-${n}" } },
                       "memory": "2g", "cpus": "1.0", "pids": "512", "restart": "unless-stopped", "instanceMetadata": "deny" }
            }
            """#,
            beside: #", "traefik": { "version": 3, "domain": "code.example.com" }"#)
        #expect(document.errors == [])
        #expect(
            document.items.filter { $0.hasPrefix("containers") } == [
                "containers[metadata guard]", "containers[label key]", "containers[networks/codeserver]",
                "containers[networks/dev-1]", "containers[networks/dev-2]",
                "containers[images/codercom/code-server:4.104.3]", "containers[images/traefik:v3.6]",
                "containers[dev-1]",
                "containers[dev-2]", "containers[traefik]", "containers[proxy networks/traefik]",
            ])
    }

    static let mistakes: [(String, String)] = [
        (#"{"dev": {}}"#, "config.containers.dev: it has no \u{201C}image\u{201D}"),
        (#"{"dev": {"image": "Dev:1"}}"#, "config.containers.dev.image: \u{201C}Dev:1\u{201D} is no image"),
        (
            #"{"dev": {"image": "a/b:1", "imag": "x"}}"#,
            "config.containers.dev.imag: this key isn't known here; did you mean \u{201C}image\u{201D}?"
        ),
        (#"{"dev.new": {"image": "a:1"}}"#, "can't name a container"),
        (#"{"x": {"image": "a:1"}}"#, "can't name a container"),
        (#"{"dev": {"image": "a:1", "pull": "allways"}}"#, "did you mean \u{201C}always\u{201D}?"),
        (
            #"{"dev": {"image": "a:1", "memory": "lots"}}"#,
            "config.containers.dev.memory: \u{201C}lots\u{201D} is no amount of memory"
        ),
        (#"{"dev": {"image": "a:1", "memory": "1m"}}"#, "6m is the least"),
        (#"{"dev": {"image": "a:1", "cpus": "0"}}"#, "config.containers.dev.cpus"),
        (#"{"dev": {"image": "a:1", "restart": "unless-stoped"}}"#, "did you mean \u{201C}unless-stopped\u{201D}?"),
        (#"{"dev": {"image": "a:1", "restart": "always:3"}}"#, "config.containers.dev.restart"),
        (
            #"{"dev": {"image": "a:1", "volumes": ["home:project"]}}"#,
            "config.containers.dev.volumes[0]: \u{201C}home:project\u{201D} is no volume"
        ),
        (#"{"dev": {"image": "a:1", "volumes": ["/a:/b:roo"]}}"#, "\u{201C}roo\u{201D} isn't known behind a volume"),
        (#"{"dev": {"image": "a:1", "ports": ["8080"]}}"#, "\u{201C}8080\u{201D} is no port to publish"),
        (#"{"dev": {"image": "a:1", "ports": ["80:8080/tpc"]}}"#, "is no port to publish"),
        (#"{"dev": {"image": "a:1", "network": "codeserver"}}"#, "there is no network codeserver in the document"),
        (#"{"dev": {"image": "a:1", "network": "owm"}}"#, "did you mean \u{201C}own\u{201D}?"),
        (
            #"{"dev": {"image": "a:1", "network": "host"}}"#,
            "in the host's network instance metadata can't be kept out of reach"
        ),
        (
            #"{"networks": {"open": {"instanceMetadata": "allow"}}, "dev": {"image": "a:1", "network": "open"}}"#,
            "network open allows instance metadata, and this container is to be denied it"
        ),
        (#"{"networks": {"dev": {}}, "dev": {"image": "a:1"}}"#, "a network dev is in the document already"),
        (
            #"{"networks": {"dev": {}}, "a1": {"image": "a:1", "network": "own", "networks": ["dev"]}}"#,
            "networks and network stand side by side"
        ),
        (
            #"{"networks": {"pool": "10.1.2.3/16"}, "a1": {"image": "a:1"}}"#,
            "config.containers.networks.pool: \u{201C}10.1.2.3/16\u{201D} is no pool"
        ),
        (#"{"networks": {"x1": {"subnet": "10.1.2.0"}}}"#, "config.containers.networks.x1.subnet"),
        (#"{"networks": {"bridge": {}}}"#, "config.containers.networks.bridge"),
        (
            #"{"dev": {"image": "a:1", "environment": {"T": "ssm:///t"}}}"#,
            "config.containers.dev.environment.T: a reference stands here, where docker inspect would show its value"
        ),
        (
            #"{"dev": {"image": "a:1", "command": ["ssm:///t"]}}"#,
            "config.containers.dev.command[0]: a reference stands here"
        ),
        (#"{"dev": {"image": "a:1", "secrets": {"token": "ssm:///t"}}}"#, "is no path of a file in the container"),
        (#"{"dev": {"image": "a:1", "labels": {"ide-init.owner": "x"}}}"#, "labels that begin with ide-init. are ours"),
        (#"{"dev": {"image": "a:1", "count": 2, "name": "same"}}"#, "another container is called same too"),
        (
            #"{"dev": {"image": "a:1", "name": "dev-2"}, "other": {"image": "a:1", "name": "dev-2"}}"#,
            "another container is called dev-2 too"
        ),
        (#"{"dev": {"image": "a:1", "health": "yes"}}"#, "config.containers.dev.health"),
        (#"{"dev": {"image": "a:1", "instanceMetadata": "no"}}"#, "deny or allow is wanted"),
        (
            #"{"registries": {"example.com": "ecr"}, "dev": {"image": "a:1"}}"#,
            "example.com is no registry of Amazon ECR"
        ),
        (
            #"{"registries": {"example.com": {"user": "u"}}, "dev": {"image": "a:1"}}"#,
            "config.containers.registries.example.com: it has no \u{201C}password\u{201D}"
        ),
        (#"{"registries": {"https://example.com/": "ecr"}, "dev": {"image": "a:1"}}"#, "is no registry's host"),
        (#"{"dev": {"image": "a:1", "environment": {"HOME": "${HOME}"}}}"#, "${HOME} isn't known here"),
    ]

    @Test("A mistake is told with its place and what would be right", arguments: mistakes)
    func mistake(containers: String, message: String) throws {
        let errors = try document(containers).errors
        #expect(errors.count == 1, "\(errors)")
        #expect(errors.first?.contains(message) == true, "\(errors)")
    }

    @Test func `a mistake in a counted item is told once`() throws {
        #expect(try document(#"{"dev": {"count": 50, "image": "a:1", "memory": "x"}}"#).errors.count == 1)
    }

    @Test func `what may be meant and yet is worth a word is a warning`() throws {
        let document = try document(
            #"""
            {"dev": {"image": "a:1", "volumes": ["/var/run/docker.sock:/var/run/docker.sock:ro"],
                     "secretEnvironment": {"T": "ssm:///t"}, "route": {"host": "a.example.com"}}}
            """#)
        #expect(document.errors == [])
        #expect(
            document.warnings.map { $0.prefix { $0 != ":" } } == [
                "config.containers.dev.secretEnvironment", "config.containers.dev.volumes[0]",
                "config.containers.dev.route",
            ])
    }

    @Test func `numbers and booleans may be strings, and lists one text`() throws {
        let text = #"""
            {"dev": {"image": "a:1", "memory": "1.5g", "cpus": 2, "pids": "100", "readOnly": "true", "stopTimeout": "30s",
                     "ports": "127.0.0.1:8080:80/udp", "volumes": "data:/data", "command": "exec code-server",
                     "restart": "on-failure:3", "health": {"command": "curl localhost", "interval": "5s", "retries": "4"}}}
            """#
        let resources = try document(text).sets[0].configs[0].resources
        let spec = try #require(resources.compactMap { $0 as? ContainerResource }.first).wish.spec
        #expect(spec.memory == 3 << 29 && spec.nanoCPUs == 2_000_000_000 && spec.pids == 100 && spec.isReadOnly)
        #expect(spec.ports.map(\.text) == ["127.0.0.1:8080:80/udp"])
        #expect(spec.mounts == [ContainerSpec.Mount(source: "data", target: "/data", options: [])])
        #expect(spec.command == ["/bin/sh", "-c", "exec code-server"])
        #expect(spec.restart == ContainerSpec.Restart(policy: "on-failure", mostTries: 3))
        #expect(spec.health?.test == ["CMD-SHELL", "curl localhost"] && spec.health?.retries == 4)
        #expect(spec.stopTimeout == 30)
    }

    @Test func `who is denied instance metadata has the pool's lower half, who is allowed the upper`() throws {
        let document = try document(
            #"""
            {"networks": {"pool": "10.64.0.0/12", "fixed": {"subnet": "192.168.7.0/24"}},
             "a1": {"image": "a:1"}, "b1": {"image": "a:1", "instanceMetadata": "allow"}, "c1": {"image": "a:1", "network": "fixed"}}
            """#)
        #expect(document.errors == [])
        let resources = document.sets[0].configs[0].resources
        let guardian = try #require(resources.first as? MetadataGuard)
        #expect(guardian.subnets.map(\.description) == ["10.64.0.0/13", "192.168.7.0/24"])
        let places = resources.compactMap { $0 as? NetworkResource }.map { "\($0.name) \($0.place)" }
        #expect(places.contains { $0.hasPrefix("a1 within(10.64.0.0/13") })
        #expect(places.contains { $0.hasPrefix("b1 within(10.72.0.0/13") })
    }

    @Test func `a proxy is in the own networks of all configs`() throws {
        let document = try InitCoreTests.document(
            init: #"""
                {"configSets": {"default": ["one", "two"]},
                 "one": {"containers": {"networks": {"front": {}}, "proxy": {"image": "a:1", "proxy": true, "network": "front"}}},
                 "two": {"containers": {"dev": {"count": 2, "image": "a:1"}, "alone": {"image": "a:1", "network": "none"}}}}
                """#)
        #expect(document.errors == [])
        let proxy = document.sets[0].configs[0].resources.compactMap { $0 as? ContainerResource }.first
        #expect(proxy?.otherNetworks == ["dev-1", "dev-2"])
        let joining = document.sets[0].configs[1].resources.compactMap { $0 as? ProxyNetworks }
        #expect(joining.map(\.proxy) == ["proxy"] && joining.first?.networks == ["dev-1", "dev-2"])
    }
}
