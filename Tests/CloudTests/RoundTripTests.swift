import Foundation
import InitCore
import TestSupport
import Testing

extension CloudSuite {
    @Suite struct RoundTripTests {
        @Test("Thirty parameters and forty secrets: three calls and two, side by side")
        func calls() async throws {
            let host = try Host(in: Network.ofInstance())
            let standIn = try host.standIn
            let parameters = (1...30).map { ["name": "/app/parameter-\($0)", "value": "parameter \($0)"] }
            let secrets = (1...40).map { ["name": "app/secret-\($0)", "value": "secret \($0)"] }
            try await standIn.set("parameters", json(parameters))
            try await standIn.set("secrets", json(secrets))
            let lines =
                (1...30).map { "{{resolve:ssm:/app/parameter-\($0)}}" }
                + (1...40).map { "{{resolve:secretsmanager:app/secret-\($0)}}" }
            let files: [String: Any] = [
                "/srv/all": ["content": lines.joined(separator: "\n"), "mode": "000600"],
                "/srv/one": ["content": "secretsmanager://app/secret-7", "mode": "000600"],
            ]
            try await standIn.createStack(
                "round-trips", ["Host": StandIn.instance(["AWS::CloudFormation::Init": ["config": ["files": files]]])])
            let words = [
                "ide-init", "apply", "--stack", "round-trips", "--resource", "Host", "--region", Network.region,
            ]
            try await standIn.set("clear", "{}")
            try await standIn.set("latency", #"{"ssm": 0.3, "secretsmanager": 0.3}"#)
            let output = try host.run(words)
            #expect(output.code == 0, "\(output.all)")
            let expected = (1...30).map { "parameter \($0)" } + (1...40).map { "secret \($0)" }
            #expect(host.read("/srv/all") == expected.joined(separator: "\n"))
            #expect(host.read("/srv/one") == "secret 7")
            let log = try await standIn.look("log").items
            let calls = log.filter { ["ssm", "secretsmanager"].contains($0["service"]?.plainText) }
            #expect(try await standIn.requests("ssm.GetParameters") == 3)
            #expect(try await standIn.requests("secretsmanager.BatchGetSecretValue") == 2)
            #expect(calls.count == 5)
            #expect(try await standIn.mostAtOnce("ssm") == 3)
            #expect(try await standIn.mostAtOnce("secretsmanager") == 2)
            #expect(try await standIn.mostAtOnce("*") == 5)

            try await standIn.set("latency", "{}")
            try succeed(["rm", "\(host.root)/srv/all", "\(host.root)/srv/one"])
            let direct = try host.run(words)
            #expect(direct.code == 0, "\(direct.all)")
            tell(
                String(
                    format: "round trips: %.2f s with 0.3 s for each call, %.2f s without", output.seconds,
                    direct.seconds))
        }
    }
}

func json(_ value: Any) throws -> String {
    String(decoding: try JSONSerialization.data(withJSONObject: value), as: UTF8.self)
}
