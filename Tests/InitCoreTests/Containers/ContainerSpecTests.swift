import Testing

@testable import InitCore

struct ContainerSpecTests {
    private let key = Secret(Array(0..<32))

    private func spec(_ change: (inout ContainerSpec) -> Void = { _ in }) throws -> ContainerSpec {
        var spec = ContainerSpec(name: "dev-1", image: try #require(ImageName("a:1")))
        change(&spec)
        return spec
    }

    private func digest(_ change: (inout ContainerSpec) -> Void = { _ in }) throws -> SpecDigest {
        SpecDigest(try spec(change).parts(), key: key)
    }

    /// A container made by an older release isn't made anew by this one.
    @Test func `the digest of a specification is what it was`() throws {
        let digest = try digest { $0.environment = ["B": "2", "A": "1"] }
        #expect(digest.partsLabel == "environment=c747803f image=c8ad1ac4 pids=25ee6fc9 restart=9ace6ab2")
    }

    @Test func `what changes is told by its key`() throws {
        let before = try digest { $0.command = ["a"] }
        let after = try digest {
            $0.memory = 1
            $0.image = ImageName("a:2")!
        }
        #expect(after.differing(from: before.partsLabel) == ["command", "image", "memory"])
        #expect(before.differing(from: before.partsLabel) == [])
        #expect(before.differing(from: "") == [])
        #expect(before.whole != after.whole)
    }

    @Test func `each key counts, and of networks the first, unless it is its own`() throws {
        let changes: [(inout ContainerSpec) -> Void] = [
            { $0.mode = .host }, { $0.entrypoint = [] }, { $0.command = [] }, { $0.environment = ["A": ""] },
            { $0.labels = ["a": ""] }, { $0.mounts = [.init(source: "a", target: "/a", options: [])] },
            { $0.ports = [.init(address: "", host: 1, container: 1, transport: "tcp")] }, { $0.user = "0" },
            { $0.workingDirectory = "/" }, { $0.hostname = "a" }, { $0.memory = 1 }, { $0.nanoCPUs = 1 },
            { $0.pids = 1 },
            { $0.sharedMemory = 1 }, { $0.capabilities = ["A"] }, { $0.isReadOnly = true }, { $0.temporary = ["/a"] },
            { $0.restart.policy = "no" }, { $0.health = .init(test: ["NONE"]) }, { $0.stopTimeout = 1 },
        ]
        let digests = try changes.map { try digest($0).whole }
        #expect(Set(digests + [try digest().whole]).count == changes.count + 1)
        #expect(try digest { $0.networks = ["dev-1", "b"] } == digest())
        #expect(try digest { $0.networks = ["a", "b"] } == digest { $0.networks = ["a"] })
        #expect(try digest { $0.networks = ["a"] }.differing(from: digest().partsLabel) == ["network"])
    }

    @Test func `the same under another key is another digest`() throws {
        #expect(try SpecDigest(spec().parts(), key: Secret("another")).whole != digest().whole)
    }

    @Test(
        arguments: [
            ("a", "docker.io", "a", nil, nil), ("library/a:1.2_x-y", "docker.io", "library/a", "1.2_x-y", nil),
            ("localhost/a", "localhost", "localhost/a", nil, nil),
            ("r.example.com:5000/a/b:1", "r.example.com:5000", "r.example.com:5000/a/b", "1", nil),
            (
                "a:1@sha256:\(String(repeating: "0", count: 64))", "docker.io", "a", "1",
                "sha256:\(String(repeating: "0", count: 64))"
            ),
        ] as [(String, String, String, String?, String?)])
    func imageNames(text: String, registry: String, repository: String, tag: String?, digest: String?) throws {
        let name = try #require(ImageName(text))
        #expect(name.registry == registry && name.repository == repository && name.tag == tag && name.digest == digest)
        #expect(ImageName("\(name)") == ImageName(text.contains(":") ? text : text + ":latest"))
    }

    @Test(arguments: ["", "A", "a:", "a b", "a//b", "/a", "a@sha256:1", "a:-1", "https://a/b", "a/B"])
    func noImageNames(text: String) { #expect(ImageName(text) == nil) }

    @Test func `names of Amazon ECR`() {
        #expect(ECRName("123456789012.dkr.ecr.eu-west-1.amazonaws.com")?.region == "eu-west-1")
        #expect(ECRName("123456789012.dkr.ecr-fips.us-east-1.amazonaws.com")?.region == "us-east-1")
        #expect(ECRName("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn")?.region == "cn-north-1")
        #expect(ECRName("123456789012.dkr-ecr.eu-west-1.on.aws")?.region == "eu-west-1")
        #expect(ECRName("public.ecr.aws") == nil)
        #expect(ECRName("1234.dkr.ecr.eu-west-1.amazonaws.com") == nil)
    }
}

struct SubnetTests {
    @Test func `reading and writing`() {
        #expect(Subnet("10.213.0.0/16")?.description == "10.213.0.0/16")
        #expect(Subnet("0.0.0.0/0")?.description == "0.0.0.0/0")
        #expect(Subnet("10.0.0.1/32")?.description == "10.0.0.1/32")
        for text in ["10.213.0.1/16", "10.213.0.0", "10.213.0.0/33", "10.213.0/16", "256.0.0.0/8", "fd00::/8", ""] {
            #expect(Subnet(text) == nil, "\(text)")
        }
        #expect(Subnet("10.213.0.0/16")?.halves.lower.description == "10.213.0.0/17")
        #expect(Subnet("10.213.0.0/16")?.halves.upper.description == "10.213.128.0/17")
    }

    @Test func `the first free one`() throws {
        let pool = try #require(Subnet("10.0.0.0/26"))
        let taken = ["10.0.0.0/28", "10.0.0.16/30", "10.0.1.0/24"].compactMap(Subnet.init)
        #expect(pool.firstFree(prefix: 28, besides: []) == Subnet("10.0.0.0/28"))
        #expect(pool.firstFree(prefix: 28, besides: taken) == Subnet("10.0.0.32/28"))
        #expect(pool.firstFree(prefix: 30, besides: taken) == Subnet("10.0.0.20/30"))
        #expect(pool.firstFree(prefix: 28, besides: [Subnet("10.0.0.0/8")!]) == nil)
        let top = try #require(Subnet("255.255.255.0/24"))
        #expect(top.firstFree(prefix: 25, besides: [Subnet("255.255.255.0/25")!]) == Subnet("255.255.255.128/25"))
        #expect(top.firstFree(prefix: 25, besides: [Subnet("255.255.255.0/24")!]) == nil)
    }

    @Test func `the kernel's routes`() {
        let table = """
            Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
            eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0
            br-1\t2000D50A\t00000000\t0001\t0\t0\t0\tF0FFFFFF\t0\t0\t0
            mdv0\t00A9FEA9\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
            """
        #expect(Subnet.routed(Array(table.utf8)).map(\.description) == ["10.213.0.32/28", "169.254.169.0/24"])
    }
}
