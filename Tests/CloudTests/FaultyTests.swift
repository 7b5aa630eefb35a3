import Foundation
import InitCore
import TestSupport
import Testing

extension CloudSuite {
    /// A boot on a bad day: faults in three of ten answers, keys that run out, a clock that is wrong.
    @Suite struct FaultyTests {
        @Test("Each run ends right: applied and SUCCESS told, or a failure and FAILURE told; nothing else")
        func truthful() async throws {
            let count = Surroundings.count("IDE_INIT_FAULTY_RUNS", else: 15)
            let first = Surroundings.count("IDE_INIT_FAULTY_SEED", else: Int.random(in: 1...1_000_000))
            tell("faulty runs: seeds \(first) to \(first + count - 1); again with IDE_INIT_FAULTY_SEED=\(first)")
            // Mostly they wait.
            let lanes = 5
            let results = try await withThrowingTaskGroup(of: [FaultyLane.Result].self) { group in
                for lane in 0..<min(lanes, count) {
                    let seeds = (first..<first + count).filter { ($0 - first) % lanes == lane }
                    group.addTask { try await FaultyLane().run(seeds) }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(results.count == count)
            let told = Dictionary(grouping: results, by: \.told).mapValues(\.count)
            let calls = results.map(\.calls).reduce(0, +), faults = results.map(\.faults).reduce(0, +)
            tell(
                "faulty runs: \(told), \(calls) requests, \(faults) of them spoiled, \(spread(results.map(\.seconds)))")
            for result in results where result.told != "SUCCESS" { tell("seed \(result.seed): \(result.why)") }
        }
    }
}

/// One instance with a stand-in of its own, on which runs follow each other.
struct FaultyLane {
    struct Result {
        var seed: Int
        var told: String
        var why: String
        var calls: Int
        var faults: Int
        var seconds: Double
    }

    private let host: Host
    private let standIn: StandIn
    /// Of what is downloaded.
    private let page = Data((0..<100_000).map { _ in UInt8.random(in: 0...255) })
    private let sum: String

    init() throws {
        host = try Host(in: Network.ofInstance())
        standIn = try host.standIn
        try page.write(to: URL(filePath: host.root + "/tmp/page"))
        try host.shell(
            "mkdir /tmp/tree; cp /tmp/page /tmp/tree/one; echo two >/tmp/tree/two; tar -czf /tmp/tree.tgz -C /tmp tree")
        sum = String(try host.shell("sha256sum /tmp/page").prefix(64))
    }

    func run(_ seeds: [Int]) async throws -> [Result] {
        let archive = try Data(contentsOf: URL(filePath: host.root + "/tmp/tree.tgz"))
        try await standIn.set(
            "parameters", #"[{"name": "/app/a", "value": "of a"}, {"name": "/app/b", "value": "of b"}]"#)
        try await standIn.set(
            "secrets", #"[{"name": "app/c", "value": {"key": "of c"}}, {"name": "app/d", "value": "of d"}]"#)
        try await standIn.set(
            "objects",
            json([["bucket": "canary-bucket", "key": "tree.tgz", "bodyBase64": archive.base64EncodedString()]]))
        try await standIn.set("pages", json([["path": "/page", "bodyBase64": page.base64EncodedString()]]))
        var results: [Result] = []
        for seed in seeds { results.append(try await run(seed)) }
        return results
    }

    private var metadata: [String: Any] {
        let config: [String: Any] = [
            "sources": ["/srv/run": "s3://canary-bucket/tree.tgz"],
            "files": [
                "/srv/run/values": [
                    "content":
                        "{{resolve:ssm:/app/a}}, {{resolve:ssm:/app/b}}, {{resolve:secretsmanager:app/c:SecretString:key}}",
                    "mode": "000600",
                ],
                "/srv/run/page": ["source": "https://localhost/page", "sha256": sum],
            ],
            "commands": ["1": ["command": "echo \"$D\" >/srv/run/ran", "env": ["D": "secretsmanager://app/d"]]],
        ]
        return ["AWS::CloudFormation::Init": ["config": config]]
    }

    private func run(_ seed: Int) async throws -> Result {
        let stack = "faulty-\(seed)"
        try await standIn.set("faults", "{}")
        try await standIn.set("clear", "{}")
        try await standIn.createStack(stack, ["Host": StandIn.instance(metadata)])
        // Seconds by which AWS's clock differs from ours.
        let clock = [3: 1200, 6: -1200, 8: 32_400][seed % 10] ?? 0
        try await standIn.set("clock", #"{"offset": \#(clock)}"#)
        // Keys that the role got by another clock aren't of today.
        try await standIn.set("credentials", #"{"revoke": true}"#)
        try await standIn.set("faults", #"{"share": 0.3, "seed": \#(seed)}"#)
        let run = try host.start([
            "ide-init", "apply", "--signal", "--stack", stack, "--resource", "Host", "--region", Network.region,
        ])
        if [1, 4, 7].contains(seed % 10) {
            try await Task.sleep(for: .milliseconds(200))
            try await standIn.set("credentials", #"{"expire": true}"#)
        }
        let output = try run.wait()
        let signals = try await standIn.signals(stack).map(\.status)
        let isDone = output.code == 0
        #expect(signals == [isDone ? "SUCCESS" : "FAILURE"], "seed \(seed): \(output.all)")
        #expect(try await standIn.status(stack) == (isDone ? "CREATE_COMPLETE" : "CREATE_FAILED"), "seed \(seed)")
        if isDone {
            #expect(host.read("/srv/run/values") == "of a, of b, of c", "seed \(seed)")
            #expect(host.read("/srv/run/ran") == "of d\n", "seed \(seed)")
            let same =
                "cmp /tmp/page /srv/run/page && cmp /tmp/page /srv/run/tree/one && cmp /tmp/tree/two /srv/run/tree/two"
            #expect(try host.run("sh", "-c", same).code == 0, "seed \(seed)")
        }
        let counters = try await standIn.look("counters")
        try host.shell("rm -rf /srv/run")
        return Result(
            seed: seed, told: signals.first ?? "nothing", why: output.failure,
            calls: Int(
                counters["requests"]?.members.filter { $0.key.contains(".") }.compactMap { $0.node.number }.reduce(0, +)
                    ?? 0),
            faults: Int(counters["faults"]?.members.compactMap { $0.node.number }.reduce(0, +) ?? 0),
            seconds: output.seconds)
    }
}

extension Output {
    /// What it says of what went wrong.
    fileprivate var failure: String {
        all.split(separator: "\n").filter { !$0.hasPrefix("waiting: ") }.suffix(6).joined(separator: "\n    ")
    }
}
