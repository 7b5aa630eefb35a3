// An instance of the stand-in: the program with instance metadata, the instance's role, and a stack that it belongs to.

import Foundation
import InitCore
import TestSupport
import Testing

final class Instance {
    /// One for all tests; each finds it as new.
    static let shared = Result<StandIn, any Error> { try StandIn(["--tls", StandIn.certificates]) }

    var program: Program
    let standIn: StandIn
    let stack: String
    /// Where the program's /run is.
    var run: String { program.directory + "/run" }

    /// - Parameters:
    ///   - metadata: of the resource Host, as JSON.
    ///   - resources: beside it, as JSON with a comma before each.
    ///   - signals: how many Host waits for.
    init(
        metadata: String = #"{"AWS::CloudFormation::Init": {"config": {}}}"#,
        resources: String = "", signals: Int = 1
    ) async throws {
        standIn = try Self.shared.get()
        program = try Program()
        stack = "stack-\(UUID().uuidString.prefix(8))"
        program.environment = [
            "AWS_ENDPOINT_URL": standIn.url, "AWS_EC2_METADATA_SERVICE_ENDPOINT": standIn.imdsURL,
        ]
        let policy = #""CreationPolicy": {"ResourceSignal": {"Count": \#(signals), "Timeout": "PT1H"}}"#
        try await standIn.set(
            "stacks",
            """
            {"name": "\(stack)", "instances": ["\(standIn["instanceId"])"], "Resources":
             {"Host": {"Type": "AWS::EC2::Instance", \(policy), "Metadata": \(metadata)}\(resources)}}
            """)
    }

    /// One whose Host has these configs and sets, as members of a map.
    convenience init(configs: String, signals: Int = 1) async throws {
        try await self.init(
            metadata: #"{"AWS::CloudFormation::Init": {\#(configs)}}"#, signals: signals)
    }

    deinit { program.remove() }

    // MARK: What is run on it

    @discardableResult
    func ideInit(_ arguments: String..., setting: [String: String] = [:]) async throws -> Program.Result {
        try await call(Program.path, arguments, setting)
    }

    /// By one of the originals' names.
    @discardableResult
    func cfn(_ name: String, _ arguments: String..., setting: [String: String] = [:]) async throws -> Program.Result {
        try await call(program.link("cfn-\(name)"), arguments, setting)
    }

    /// cfn-init for this stack.
    @discardableResult
    func cfnInit(_ arguments: String..., setting: [String: String] = [:]) async throws -> Program.Result {
        try await call(program.link("cfn-init"), ["-s", stack, "-r", "Host"] + arguments, setting)
    }

    /// `ide-init apply --signal` for this stack.
    @discardableResult
    func applySignalling(_ arguments: String..., setting: [String: String] = [:]) async throws -> Program.Result {
        try await call(
            Program.path, ["apply", "--stack", stack, "--resource", "Host", "--signal"] + arguments, setting)
    }

    private func call(_ name: String, _ arguments: [String], _ setting: [String: String]) async throws -> Program.Result
    {
        var program = program
        program.environment.merge(setting) { $1 }
        return try await program.run(arguments, as: name)
    }

    // MARK: What it leaves behind

    /// A file below its /run, /var/lib (`state`) or /var/log (`log`).
    func read(_ path: String) -> String? {
        try? String(contentsOfFile: "\(program.directory)/\(path)", encoding: .utf8)
    }

    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: "\(program.directory)/\(path)") }

    func mode(_ path: String) -> Int? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: "\(program.directory)/\(path)")
        return attributes?[.posixPermissions] as? Int
    }

    // MARK: What AWS saw of it

    struct Signal: Equatable {
        let resource: String
        let status: String
        let isAccepted: Bool
    }

    func signals() async throws -> [Signal] {
        try await standIn.look("signals").items.filter { $0["stack"]?.plainText == stack }.map {
            Signal(
                resource: $0["resource"]?.plainText ?? "", status: $0["status"]?.plainText ?? "",
                isAccepted: $0["accepted"]?.value == .bool(true))
        }
    }

    /// By whom the stack was asked about, or signalled: an instance's id, or an access key.
    func askers() async throws -> [String] {
        try await standIn.log().filter {
            $0["service"]?.plainText == "cloudformation" && $0["names"]?.items.first?.plainText == stack
        }.map { $0["who"]?.plainText ?? "" }
    }

    /// A new wait condition's URL; its name is the stack's.
    func waitCondition() async throws -> String {
        let body = #"{"name": "\#(stack)", "base": "\#(standIn.url)"}"#
        return try await standIn.set("wait-conditions", body)["url"]?.plainText ?? ""
    }

    /// What was put to this instance's wait conditions.
    func waitConditionBodies() async throws -> [JSONNode] {
        try await standIn.look("wait-conditions").items.filter { $0["name"]?.plainText == stack }.map {
            let body = $0["body"]?.plainText ?? ""
            return JSONNode(try JSONParser.parse(Array(body.utf8), name: "a signal").value)
        }
    }
}

extension [JSONNode] {
    func texts(_ key: String) -> [String] { map { $0[key]?.plainText ?? "" } }
}

/// They share one stand-in, so one runs at a time.
@Suite(.serialized, .enabled(if: Program.isRoot, "needs root"), .freshStandIn) struct StandInTests {}

/// Forgets what the tests before did to it.
struct FreshStandIn: TestTrait, SuiteTrait, TestScoping {
    var isRecursive: Bool { true }

    @concurrent func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await Instance.shared.get().set("reset", "{}")
        try await function()
    }
}

extension Trait where Self == FreshStandIn {
    static var freshStandIn: Self { FreshStandIn() }
}
