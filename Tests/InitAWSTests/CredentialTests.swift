// Where credentials are looked for, and in which order.

import Foundation
import InitCore
import TestSupport
import Testing

@testable import InitAWS

@Suite struct CredentialTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "ide-init-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    /// Nobody answers as instance metadata.
    private func find(_ options: CredentialOptions, _ environment: [String: String]) async throws -> Credentials {
        defer { try? FileManager.default.removeItem(at: folder) }
        let environment = environment.merging(["AWS_EC2_METADATA_DISABLED": "true", "HOME": folder.path()]) { old, _ in
            old
        }
        let transport = StandIn.transport()
        let metadata = InstanceMetadata(
            transport: transport, environment: { environment[$0] }, sleep: StandIn.shortly, clock: { 0 })
        let sources = options.standard(metadata, transport: transport, environment: { environment[$0] })
        return try await CredentialStore(sources, now: { 0 }, learned: { _ in }).credentials()
    }

    private func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path())
        return file.path()
    }

    private static let environment = ["AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": "env secret"]

    @Test func `the environment goes before the shared files, a token with it`() async throws {
        _ = try write(".aws/credentials", "[default]\naws_access_key_id = AKFILE\naws_secret_access_key = x\n")
        let found = try await find(
            CredentialOptions(), Self.environment.merging(["AWS_SESSION_TOKEN": "token"]) { $1 })
        #expect(
            found == Credentials(accessKeyID: "AKENV", secretKey: Secret("env secret"), token: Secret("token")))
    }

    @Test func `both shared files are read, comments and nested settings passed over`() async throws {
        _ = try write(
            ".aws/config",
            """
            # [default]
            [default]
            s3 =
              aws_access_key_id = NESTED
            [profile ide]
            aws_access_key_id = AKCONFIG
            aws_secret_access_key=from config
            """)
        _ = try write(
            ".aws/credentials", "[ide]\naws_secret_access_key = a=b c \n[other]\naws_access_key_id = AKOTHER\n")
        let found = try await find(CredentialOptions(), ["AWS_PROFILE": "ide"])
        #expect(found == Credentials(accessKeyID: "AKCONFIG", secretKey: Secret("a=b c")))
    }

    @Test func `a profile that is asked for goes before the environment`() async throws {
        _ = try write(".aws/credentials", "[ide]\naws_access_key_id = AKFILE\naws_secret_access_key = x\n")
        let found = try await find(CredentialOptions(profile: "ide"), Self.environment)
        #expect(found.accessKeyID == "AKFILE")
    }

    @Test func `a profile that isn't there, or wants what isn't known here, is wrong use`() async throws {
        _ = try write(".aws/config", "[profile sso]\nsso_session = x\n")
        let unknown = await #expect(throws: Failure.self) { try await find(CredentialOptions(profile: "sso"), [:]) }
        #expect(unknown?.kind == .usage)
        let missing = await #expect(throws: Failure.self) { try await find(CredentialOptions(profile: "none"), [:]) }
        #expect(missing?.message.contains("no profile none") == true)
    }

    @Test func `what is given goes before all else, the file before the keys`() async throws {
        let file = try write("cfn", "AWSAccessKeyId=AKCFN\nAWSSecretKey=a=b\n")
        let found = try await find(
            CredentialOptions(file: file, keys: (id: "AKKEYS", secret: Secret("x"))), Self.environment)
        #expect(found == Credentials(accessKeyID: "AKCFN", secretKey: Secret("a=b")))
        let keys = try await find(CredentialOptions(keys: (id: "AKKEYS", secret: Secret("x"))), Self.environment)
        #expect(keys.accessKeyID == "AKKEYS")
    }

    @Test(
        "A credential file that others may read, or that lacks a line, is refused",
        arguments: [
            ("AWSAccessKeyId=A\nAWSSecretKey=topsecret", 0o640), ("AWSSecretKey=topsecret", 0o600), ("", 0o400),
        ])
    func file(text: String, mode: Int) async throws {
        let file = try write("cfn", text, mode: mode)
        let failure = await #expect(throws: Failure.self) { try await find(CredentialOptions(file: file), [:]) }
        #expect(failure?.kind == .usage)
        #expect(failure?.message.contains("topsecret") == false)
    }

    @Test func `where there are none, each place is named`() async throws {
        let none = await #expect(throws: CredentialStore.None.self) { try await find(CredentialOptions(), [:]) }
        #expect(none?.tried.count == 4)
    }

    @Test(
        "A container's endpoint in plain http must be this machine's",
        arguments: ["http://example.com/creds", "http://169.254.170.2.example.com/", "ftp://localhost/"])
    func container(url: String) async throws {
        let failure = await #expect(throws: Failure.self) {
            try await find(CredentialOptions(), ["AWS_CONTAINER_CREDENTIALS_FULL_URI": url])
        }
        #expect(failure?.kind == .usage)
    }
}

extension StandInTests {
    @Suite(.serialized) struct ContainerCredentialTests {
        private let standIn: StandIn

        init() async throws { standIn = try await SharedStandIn.fresh() }

        private func load(token: String) async throws -> Credentials? {
            let environment = [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(standIn.imdsURL)/v2/credentials/x",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": token,
            ]
            return try await ContainerCredentials(
                environment: { environment[$0] }, transport: StandIn.transport()
            ).load()
        }

        @Test func `a container's keys are had by its token`() async throws {
            #expect(try await load(token: "container-token")?.token != nil)
            let failure = await #expect(throws: Failure.self) { try await load(token: "another") }
            #expect(failure?.message.contains("another") == false)
        }
    }
}
