import Testing

@testable import InitCore
@testable import InitDocker

struct BodyTests {
    @Test func `the least that is wished for has our defaults`() throws {
        var wish = try ContainerWish.box("dev-1", version: "1")
        wish.spec.mode = .networks
        wish.spec.networks = ["dev-1", "shared"]
        wish.spec.command = nil
        wish.spec.environment = [:]
        wish.labels = ["a": "b"]
        #expect(
            wish.createBody(binds: []).pythonText == #"""
                {"Image": "test/box:1", "Labels": {"a": "b"}, "Hostname": "dev-1", "HostConfig": {"Binds": [], "NetworkMode": "dev-1", "RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0}, "LogConfig": {"Type": "json-file", "Config": {"max-file": "3", "max-size": "10m"}}, "PidsLimit": 512, "Init": true, "CapDrop": ["NET_RAW"]}, "NetworkingConfig": {"EndpointsConfig": {"dev-1": {"Aliases": ["dev-1"]}}}}
                """#)
    }

    @Test func `all that can be wished for has its place`() throws {
        var wish = try ContainerWish.box("dev-1", version: "1", command: ["--auth", "none"])
        wish.spec.entrypoint = ["/bin/x"]
        wish.spec.user = "1000"
        wish.spec.workingDirectory = "/home/coder"
        wish.spec.memory = 2 << 30
        wish.spec.nanoCPUs = 1_500_000_000
        wish.spec.sharedMemory = 1 << 28
        wish.spec.pids = 100
        wish.spec.capabilities = ["SYS_PTRACE"]
        wish.spec.isReadOnly = true
        wish.spec.temporary = ["/tmp:size=64m", "/run"]
        wish.spec.stopTimeout = 30
        wish.spec.restart = ContainerSpec.Restart(policy: "on-failure", mostTries: 3)
        wish.spec.mounts = [ContainerSpec.Mount(source: "/srv", target: "/data", options: ["ro"])]
        wish.spec.ports = [
            ContainerSpec.Port(address: "127.0.0.1", host: 8080, container: 80, transport: "tcp"),
            ContainerSpec.Port(address: "", host: 8081, container: 80, transport: "tcp"),
        ]
        wish.spec.health = ContainerSpec.HealthCheck(
            test: ["CMD", "true"], interval: 5, timeout: 0.5, startPeriod: 30, retries: 2)
        wish.secretEnvironment = ["TOKEN": Secret("hush")]
        wish.labels = [:]
        #expect(
            wish.createBody(binds: ["/var/lib/x:/run/secrets/token:ro"]).pythonText == #"""
                {"Image": "test/box:1", "Labels": {}, "Env": ["TOKEN=hush", "VERSION=1"], "Cmd": ["--auth", "none"], "Entrypoint": ["/bin/x"], "User": "1000", "WorkingDir": "/home/coder", "StopTimeout": 30, "Healthcheck": {"Test": ["CMD", "true"], "Interval": 5000000000, "Timeout": 500000000, "StartPeriod": 30000000000, "Retries": 2}, "ExposedPorts": {"80/tcp": {}}, "HostConfig": {"Binds": ["/srv:/data:ro", "/var/lib/x:/run/secrets/token:ro"], "NetworkMode": "none", "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}, "LogConfig": {"Type": "json-file", "Config": {"max-file": "3", "max-size": "10m"}}, "PidsLimit": 100, "Init": true, "CapDrop": ["NET_RAW"], "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}, {"HostIp": "", "HostPort": "8081"}]}, "Memory": 2147483648, "NanoCpus": 1500000000, "ShmSize": 268435456, "CapAdd": ["SYS_PTRACE"], "ReadonlyRootfs": true, "Tmpfs": {"/run": "", "/tmp": "size=64m"}}}
                """#)
    }

    @Test func `logins are base64 for URLs`() {
        #expect(base64URL(Array("".utf8)) == "")
        #expect(base64URL(Array("a".utf8)) == "YQ==")
        #expect(base64URL(Array("ab".utf8)) == "YWI=")
        #expect(base64URL(Array("abc".utf8)) == "YWJj")
        #expect(base64URL([0xFB, 0xEF, 0xFF]) == "--__")
    }

    @Test func `logs come in frames, or plain from a terminal`() {
        #expect(LogFrames.text([1, 0, 0, 0, 0, 0, 0, 2, 0x61, 0x62, 2, 0, 0, 0, 0, 0, 0, 1, 0x63]) == "abc")
        #expect(LogFrames.text(Array("plain text".utf8)) == "plain text")
    }
}
