import InitCore
import Testing

@Suite struct AuthenticationTests {
    /// How one file's download is asked for, once its references are known.
    private func access(
        _ url: String, named name: String? = nil, _ authentication: String, compatible: Bool = false
    ) async throws -> (access: String?, complaints: [String]) {
        let name = name.map { ", \"authentication\": \"\($0)\"" } ?? ""
        let text =
            "{\"AWS::CloudFormation::Init\": {\"config\": {\"files\": {\"/f\": {\"source\": \"\(url)\"\(name)}}}}, "
            + "\"AWS::CloudFormation::Authentication\": \(authentication)}"
        let document = try document(text, compatible: compatible)
        let complaints = document.diagnostics.items.map { "\($0.severity.rawValue) \($0.line)" }
        guard let file = document.sets.first?.configs.first?.resources.first else { return (nil, complaints) }
        let plan = try await file.plan(Planning(probe: Self.probe, ledger: Ledger()))
        guard case .change(let change) = plan, case .write(let write)? = change.steps.first,
            case .download(let download) = write.content
        else { return (nil, complaints) }
        switch download.access {
        case .ofURL: return ("nobody", complaints)
        case .basic(let user, let password): return ("basic \(user) \(password.shown)", complaints)
        case .keys(let id, let secret): return ("keys \(id) \(secret.shown)", complaints)
        case .role(let name): return ("role \(name)", complaints)
        }
    }

    /// A host without files, where every reference stands for its own name.
    private static let probe = Probe(
        status: { _ in nil }, read: { _ in [] }, linkTarget: { _ in "" }, names: { _ in [] }, sha256: { _ in "" },
        user: { _ in nil }, group: { _ in nil }, compare: { _ in ArchiveComparison(members: 0, differing: []) },
        unit: { _, _ in UnitState(exists: false, enablement: .disabled, isActive: nil) }, umask: 0o022,
        ask: { _ in CommandResult(.exited(0)) }, test: { _ in nil }, resolve: { Secret("<\($0)>") })

    private static let entries = #"""
        {"host": {"type": "basic", "username": "u1", "password": "p1", "uris": ["Example.com", "ported.example.com:8443", "secure.example.com:443"]},
         "path": {"type": "BASIC", "username": "ssm:///u2", "password": "p2{{resolve:ssm:p2}}", "uris": "https://example.com/private/"},
         "deep": {"type": "basic", "username": "u3", "password": "p3", "uris": ["https://example.com/private/deep"]},
         "s3host": {"type": "basic", "username": "u4", "password": "p4", "uris": ["minio.s3.amazonaws.com"]},
         "keys": {"type": "s3", "accessKeyId": "ssm:///id", "secretKey": "secretsmanager://s#k", "buckets": ["bucket-a", "bucket-b"]},
         "role": {"type": "S3", "roleName": "r", "buckets": "bucket-c"},
         "both": {"type": "S3", "roleName": "r", "accessKeyId": "i", "secretKey": "s"}}
        """#

    @Test(
        "Who asks by default: basic by host and path, then S3 by bucket",
        arguments: [
            ("http://example.com/x", "basic u1 p1"), ("https://EXAMPLE.com/x", "basic u1 p1"),
            ("https://example.com", "basic u1 p1"),
            ("https://example.com:443/x", "basic u1 p1"), ("https://example.com:8443/x", "nobody"),
            ("https://www.example.com/x", "nobody"),
            ("https://ported.example.com:8443/x", "basic u1 p1"), ("https://ported.example.com/x", "nobody"),
            ("https://secure.example.com/x", "basic u1 p1"), ("http://secure.example.com/x", "nobody"),
            ("https://example.com/private/x", "basic <ssm:///u2> p2<ssm:///p2>"),
            ("https://example.com/private", "basic <ssm:///u2> p2<ssm:///p2>"),
            ("http://example.com/private/x", "basic u1 p1"), ("https://example.com/privates", "basic u1 p1"),
            ("https://example.com/private/deep/x?y", "basic u3 p3"), ("https://u:p@example.com/x", "nobody"),
            ("https://minio.s3.amazonaws.com/k", "basic u4 p4"),
            ("https://bucket-a.s3.amazonaws.com/k", "keys <ssm:///id> <secretsmanager://s#k>"),
            ("s3://bucket-b/k", "keys <ssm:///id> <secretsmanager://s#k>"),
            ("https://s3.eu-west-1.amazonaws.com/bucket-c/k", "role r"), ("s3://bucket-d/k", "nobody"),
            ("https://bucket-a.s3.amazonaws.com/k?X-Amz-Signature=abc", "nobody"),
            ("https://bucket-a.s3.amazonaws.com/k?Signature=abc", "nobody"),
        ])
    func usual(url: String, expected: String) async throws {
        let found = try await access(url, Self.entries)
        #expect(found.access == expected)
        #expect(found.complaints == [])
    }

    @Test(
        "A name decides; for something of the other kind it is an error",
        arguments: [
            ("https://other.example.com/x", "host", "basic u1 p1"),
            ("https://u:p@other.example.com/x", "host", "basic u1 p1"),
            ("s3://bucket-a/k", "role", "role r"), ("s3://bucket-a/k", "both", "keys i s"),
            ("https://example.com/x", "keys", nil),
            ("s3://bucket-a/k", "host", nil), ("https://example.com/x", "", "basic u1 p1"),
        ])
    func named(url: String, name: String, expected: String?) async throws {
        let found = try await access(url, named: name, Self.entries)
        if let expected {
            #expect(found.access == expected)
            #expect(found.complaints == [])
        } else {
            #expect(found.complaints.count == 1)
            #expect(
                found.complaints.first?.hasPrefix("error config.files./f.authentication: \(name) is of the type")
                    == true)
        }
    }

    @Test("An unknown name is an error in ide-init; to cfn-init it means the default")
    func unknown() async throws {
        let strict = try await access("https://example.com/x", named: "hots", Self.entries)
        #expect(strict.complaints.count == 1 && strict.complaints[0].contains("did you mean \u{201C}host\u{201D}?"))
        let lenient = try await access("https://example.com/x", named: "hots", Self.entries, compatible: true)
        #expect(lenient.access == "basic u1 p1")
        #expect(
            lenient.complaints.count == 1 && lenient.complaints[0].hasPrefix("warning config.files./f.authentication: ")
        )
        let useless = try await access(
            "https://example.com/x", named: "k", #"{"k": {"type": "S3"}}"#, compatible: true)
        #expect(useless.access == "nobody")
        #expect(useless.complaints.contains { $0.contains("has k, but it can't be used") })
    }

    @Test(
        "Mistakes in the block are told with their path",
        arguments: [
            (#""x""#, "error AWS::CloudFormation::Authentication: a string stands here; a map is wanted"),
            (#"{"a": "x"}"#, "error AWS::CloudFormation::Authentication.a: a string stands here; a map"),
            (
                #"{"a": {"type": "S4"}}"#,
                "warning AWS::CloudFormation::Authentication.a.type: \u{201C}S4\u{201D} is no type"
            ),
            (#"{"a": {}}"#, "warning AWS::CloudFormation::Authentication.a: \u{201C}\u{201D} is no type"),
            (
                #"{"a": {"type": "S3", "accessKeyId": "x"}}"#,
                "warning AWS::CloudFormation::Authentication.a: neither accessKeyId with secretKey"
            ),
            (
                #"{"a": {"type": "basic", "username": "x"}}"#,
                "warning AWS::CloudFormation::Authentication.a: username or password is missing"
            ),
            (
                #"{"a": {"type": "S3", "roleName": "r", "bucket": "b"}}"#,
                "error AWS::CloudFormation::Authentication.a.bucket: this key isn't known here; did you mean"
            ),
            (
                #"{"a": {"type": "basic", "username": "u", "password": "ssm://p"}}"#,
                "error AWS::CloudFormation::Authentication.a.password: \u{201C}ssm://p\u{201D} has two slashes"
            ),
            (
                #"{"a": {"type": "S3", "roleName": "ssm:///r"}}"#,
                "error AWS::CloudFormation::Authentication.a.roleName: a reference stands here"
            ),
            (
                #"{"a": {"type": "S3", "roleName": {"Ref": "Role"}}}"#,
                "error AWS::CloudFormation::Authentication.a.roleName: Ref stands here unresolved"
            ),
            (
                #"{"a": {"type": "S3", "roleName": "r", "buckets": "b"}, "b": {"type": "S3", "roleName": "q", "buckets": ["b"]}}"#,
                "warning AWS::CloudFormation::Authentication.b.buckets: the bucket b stands in a too"
            ),
        ])
    func mistakes(block: String, complaint: String) async throws {
        let complaints = try await access("https://example.org/x", block).complaints
        #expect(complaints.contains { $0.hasPrefix(complaint) }, "\(complaints)")
    }
}

extension Secret {
    fileprivate var shown: String { reveal { String(decoding: $0, as: UTF8.self) } }
}
