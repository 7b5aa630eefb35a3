// Instance metadata, and what hangs on it: roles, the identity document.

import Foundation
import InitCore
import TestSupport
import Testing

@testable import InitAWS

extension StandInTests {
    @Suite(.serialized) struct InstanceMetadataTests {
        private let standIn: StandIn

        init() async throws { standIn = try await SharedStandIn.fresh() }

        private func metadata(
            _ environment: [String: String]? = nil, clock: @escaping @Sendable () -> Double = { 0 }
        ) -> InstanceMetadata {
            let environment = environment ?? ["AWS_EC2_METADATA_SERVICE_ENDPOINT": standIn.imdsURL]
            return InstanceMetadata(
                transport: StandIn.transport(environment), environment: { environment[$0] }, sleep: StandIn.shortly,
                clock: clock)
        }

        private func unavailable(_ metadata: InstanceMetadata) async -> String? {
            await #expect(throws: InstanceMetadata.Unavailable.self) { try await metadata.instanceID() }?.why
        }

        // MARK: Tokens

        @Test func `one token serves a run, and an answer is kept for it`() async throws {
            let metadata = metadata()
            #expect(try await metadata.instanceID() == standIn["instanceId"])
            #expect(try await metadata.instanceID() == standIn["instanceId"])
            #expect(try await metadata.region() == "us-east-1")
            #expect(try await metadata.get("meta-data/nothing") == nil)
            #expect(try await standIn.requests("imds./latest/api/token") == 1)
            #expect(try await standIn.requests("imds") == 4)
        }

        @Test func `a token that has run out is replaced`() async throws {
            let metadata = metadata()
            #expect(try await metadata.instanceID() == standIn["instanceId"])
            // The service has been started anew: it knows no tokens.
            try await standIn.set("reset", "{}")
            #expect(try await metadata.region() == "us-east-1")
        }

        @Test func `a service that refuses each token isn't asked for ever`() async throws {
            try await standIn.set("imds", #"{"tokenLifetime": 0}"#)
            #expect(await unavailable(metadata())?.contains("401") == true)
        }

        @Test func `a service that is switched off is named as that`() async throws {
            try await standIn.set("imds", #"{"disabled": true}"#)
            #expect(await unavailable(metadata())?.contains("switched off") == true)
            let disabled = [
                "AWS_EC2_METADATA_SERVICE_ENDPOINT": standIn.imdsURL, "AWS_EC2_METADATA_DISABLED": "TRUE",
            ]
            try await standIn.set("reset", "{}")
            #expect(await unavailable(metadata(disabled))?.contains("AWS_EC2_METADATA_DISABLED") == true)
            #expect(try await standIn.requests("imds") == 0)
        }

        @Test func `a proxy is passed by`() async throws {
            let environment = [
                "AWS_EC2_METADATA_SERVICE_ENDPOINT": standIn.imdsURL, "http_proxy": "http://127.0.0.1:9",
            ]
            #expect(try await metadata(environment).instanceID() == standIn["instanceId"])
        }

        @Test func `where nobody listens, the answer comes soon and is told`() async throws {
            let why = await unavailable(metadata(["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:9"]))
            #expect(why?.isEmpty == false)
        }

        @Test func `errors and resets are outlived`() async throws {
            try await standIn.set(
                "faults", #"{"share": 0.4, "seed": 5, "services": ["imds"], "kinds": ["500", "503", "reset"]}"#)
            let metadata = metadata()
            for _ in 1...5 {
                #expect(try await metadata.get("meta-data/instance-id", isKept: false) == standIn["instanceId"])
            }
        }

        // MARK: Roles

        private func store(_ role: String? = nil, now: @escaping @Sendable () -> Double) -> CredentialStore {
            CredentialStore([.role(named: role, metadata())], now: now, learned: { _ in })
        }

        private static let now: @Sendable () -> Double = { Date().timeIntervalSince1970 }

        @Test func `many that want credentials at once cause one request for them`() async throws {
            try await standIn.set("latency", #"{"imds": 0.05}"#)
            let store = store(now: Self.now)
            try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 1...20 { group.addTask { try await store.credentials().accessKeyID } }
                var ids: Set<String> = []
                for try await id in group { ids.insert(id) }
                #expect(ids.count == 1)
            }
            #expect(try await standIn.requests("imds") == 3)
            #expect(await store.areOfRole)
        }

        @Test func `credentials are renewed before they run out`() async throws {
            try await standIn.set("imds", #"{"lifetime": 3600}"#)
            let later = later(by: 3500)
            let now = store(now: Self.now)
            let store = store(now: later)
            let first = try await now.credentials()
            #expect(try await now.credentials() == first)
            let second = try await store.credentials()
            try await standIn.set("credentials", #"{"rotate": true}"#)
            #expect(try await store.credentials() != second)
            #expect(try await now.credentials() == first)
        }

        private func later(by seconds: Double) -> @Sendable () -> Double {
            { Date().timeIntervalSince1970 + seconds }
        }

        @Test func `a role of another name is an error that names the one there is`() async throws {
            let failure = await #expect(throws: Failure.self) {
                try await store("admin", now: Self.now).credentials()
            }
            #expect(failure?.message.contains("no role admin; the one that it has is ec2role") == true)
        }

        @Test("A role that is attached late is waited for", arguments: [nil, "ec2role"])
        func late(role: String?) async throws {
            try await standIn.set("imds", #"{"roleDelay": 1}"#)
            try await standIn.set("parameters", #"{"name": "/a", "value": "1"}"#)
            let session = standIn.session(credentials: [.role(named: role, metadata())], settling: 20)
            let values = try await SSM(session).parameters(["/a"], region: nil, settles: true)
            #expect(values == ["/a": Secret("1")])
        }

        @Test func `where there is no role, what was looked at is named`() async throws {
            try await standIn.set("imds", #"{"roleDelay": 3600}"#)
            let session = standIn.session(credentials: [.role(named: nil, metadata())])
            let failure = await #expect(throws: Failure.self) {
                try await SSM(session).parameters(["/a"], region: nil, settles: true)
            }
            #expect(failure?.message.contains("looked at: the instance's role") == true)
        }

        // MARK: CloudFormation

        private static let stack = #"""
            {"name": "S", "instances": ["i-0123456789abcdef0"],
             "Resources": {"Host": {"Metadata": {"number": 10, "flag": true, "name": "n"},
                                    "CreationPolicy": {"ResourceSignal": {"Count": 1, "Timeout": "PT5M"}}}}}
            """#

        @Test("An instance without credentials is known by its identity", arguments: [false, true])
        func identity(hasRole: Bool) async throws {
            try await standIn.set("stacks", Self.stack)
            // With a role that isn't allowed to ask, the identity does.
            try await standIn.set("deny", #"[{"action": "cloudformation:*", "principal": "*assumed-role*"}]"#)
            let sources = hasRole ? [CredentialSource.role(named: nil, metadata())] : []
            let cloudFormation = CloudFormation(standIn.session(credentials: sources))
            let detail = try await cloudFormation.describe(stack: "S", resource: "Host")
            #expect(JSONNode(detail.metadata ?? .null)["number"]?.value == .string("10"))
            let late = try await cloudFormation.signal(
                stack: "S", resource: "Host", uniqueID: standIn["instanceId"], success: true)
            #expect(late == nil)
            #expect(try await standIn.look("signals").items.count == 1)
            let again = try await cloudFormation.signal(
                stack: "S", resource: "Host", uniqueID: standIn["instanceId"], success: true)
            #expect(again != nil)
        }

        @Test func `a stack that isn't there is told at once`() async throws {
            let error = await #expect(throws: ServiceError.self) {
                try await CloudFormation(standIn.session()).describe(stack: "none", resource: "Host")
            }
            #expect(error?.code == "ValidationError")
            #expect(try await standIn.requests("cloudformation") == 1)
        }

        @Test("A clock that is wrong is set by what AWS says", arguments: [-90_000, 600, 90_000])
        func clock(offset: Int) async throws {
            try await standIn.set("clock", #"{"offset": \#(offset)}"#)
            try await standIn.set("stacks", Self.stack)
            try await standIn.set("parameters", #"{"name": "/a", "value": "1"}"#)
            let session = standIn.session()
            #expect(try await CloudFormation(session).describe(stack: "S", resource: "Host").type != "")
            // What one call has learned, the next one knows.
            _ = try await SSM(session).parameters(["/a"], region: nil, settles: true)
            #expect(try await standIn.requests("cloudformation") == 2)
            #expect(try await standIn.requests("ssm") == 1)
        }

        @Test func `throttling, resets and other people's pages are outlived`() async throws {
            try await standIn.set("stacks", Self.stack)
            try await standIn.set("faults", #"{"share": 0.6, "seed": 11, "services": ["cloudformation"]}"#)
            let cloudFormation = CloudFormation(standIn.session())
            for _ in 1...10 {
                #expect(try await cloudFormation.describe(stack: "S", resource: "Host").metadata != nil)
            }
        }
    }
}
