// Downloads from S3 by its real host names: TLS, through a proxy that leads every name to the stand-in.

import Foundation
import InitCore
import TestSupport
import Testing

@testable import InitAWS

extension StandInTests {
    @Suite(.serialized) struct S3DownloadTests {
        private static let servers = Result<(StandIn, PythonProgram), any Error> {
            let standIn = try StandIn(["--tls", StandIn.certificates])
            let proxy = try StandIn.proxy([
                "*:443=127.0.0.1:\(standIn["tlsPort"])", "*:80=127.0.0.1:\(standIn["port"])",
            ])
            return (standIn, proxy)
        }

        private let standIn: StandIn
        private let environment: [String: String]
        private let file: FileHandle

        init() async throws {
            let (standIn, proxy) = try Self.servers.get()
            self.standIn = standIn
            let url = proxy.ready["url"]?.plainText ?? ""
            environment = [
                "http_proxy": url, "https_proxy": url, "AWS_CA_BUNDLE": standIn["ca"], "no_proxy": "127.0.0.1",
            ]
            try await standIn.set("reset", "{}")
            let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path()
            _ = FileManager.default.createFile(atPath: path, contents: nil)
            file = try #require(FileHandle(forUpdatingAtPath: path))
            try FileManager.default.removeItem(atPath: path)
            try await standIn.set(
                "objects",
                """
                [{"bucket": "near", "key": "k", "body": "near by"}, {"bucket": "far", "key": "a/k", "body": "far off", "region": "eu-west-1"},
                 {"bucket": "dotted.name", "key": "k", "body": "dotted"}, {"bucket": "open-to-all", "key": "k", "body": "for all", "public": true}]
                """)
        }

        private func downloader(credentials: [CredentialSource]? = nil, settling: Double = 0) -> Downloader {
            let session = standIn.session(credentials: credentials, environment: environment, settling: settling)
            return Downloader(
                transport: StandIn.transport(environment), session: { session }, sleep: StandIn.shortly,
                stopReason: { nil })
        }

        private func fetch(
            _ url: String, _ access: Download.Access = .ofURL, by downloader: Downloader? = nil
        ) async throws -> String {
            try await (downloader ?? self.downloader())
                .fetch(Download(url: url, access: access), into: file.fileDescriptor)
            try file.seek(toOffset: 0)
            return String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
        }

        private var keys: Download.Access {
            .keys(id: standIn["accessKeyId"], secret: Secret(standIn["secretAccessKey"]))
        }

        /// Of each request, as the stand-in's log has it.
        private func log(_ field: String) async throws -> [String] {
            try await standIn.log().map { $0[field]?.plainText ?? "" }
        }

        // MARK: Addresses

        @Test func `an s3 URL is signed with the run's credentials, and its bucket stands in the host`() async throws {
            #expect(try await fetch("s3://near/k") == "near by")
            #expect(try await log("host") == ["near.s3.us-east-1.amazonaws.com"])
        }

        @Test func `a bucket with dots stands in the path`() async throws {
            #expect(try await fetch("s3://dotted.name/k") == "dotted")
            #expect(try await log("host") == ["s3.us-east-1.amazonaws.com"])
        }

        @Test func `a bucket of another region is asked for there, and from then on at once`() async throws {
            let downloader = downloader()
            #expect(try await fetch("s3://far/a/k", by: downloader) == "far off")
            #expect(try await fetch("s3://far/a/k", by: downloader) == "far off")
            #expect(
                try await log("host") == [
                    "far.s3.us-east-1.amazonaws.com", "far.s3.eu-west-1.amazonaws.com",
                    "far.s3.eu-west-1.amazonaws.com",
                ])
        }

        @Test(
            "Every spelling of an address is signed for its region",
            arguments: [
                "https://far.s3.eu-west-1.amazonaws.com/a/k", "https://s3.eu-west-1.amazonaws.com/far/a/k",
                "https://far.s3-eu-west-1.amazonaws.com/a/k", "https://far.s3.amazonaws.com/a/k",
                "https://s3.amazonaws.com/far/a/k", "https://far.s3.us-west-2.amazonaws.com/a/k",
                "http://far.s3.eu-west-1.amazonaws.com/a/k", "s3://far/a/k",
            ])
        func address(url: String) async throws { #expect(try await fetch(url, keys) == "far off") }

        @Test("Keys of any spelling", arguments: ["with blank", "a+b", "ü/日本", "(x)'!*", "a//b", "100%", "~.-_"])
        func key(_ key: String) async throws {
            try await standIn.set(
                "objects",
                .object(JSONObject([("bucket", .string("near")), ("key", .string(key)), ("body", .string(key))])))
            let encoded = percentEncoded(key, keeping: "/")
            #expect(try await fetch("s3://near/\(encoded)") == key)
            #expect(try await fetch("https://near.s3.us-east-1.amazonaws.com/\(encoded)", keys) == key)
        }

        @Test func `an older version`() async throws {
            let first = try await standIn.set(
                "objects", #"{"bucket": "versions", "key": "k", "body": "1", "versioned": true}"#)
            try await standIn.set("objects", #"{"bucket": "versions", "key": "k", "body": "2", "versioned": true}"#)
            let version = try #require(first.items.first?["versionId"]?.plainText)
            #expect(try await fetch("s3://versions/k?versionId=\(version)") == "1")
            #expect(try await fetch("https://versions.s3.amazonaws.com/k?versionId=\(version)", keys) == "1")
            #expect(try await fetch("s3://versions/k") == "2")
        }

        // MARK: Who asks

        @Test func `a role's keys come from instance metadata`() async throws {
            #expect(try await fetch("https://near.s3.us-east-1.amazonaws.com/k", .role("ec2role")) == "near by")
            let failure = await #expect(throws: Failure.self) { try await fetch("s3://near/k", .role("nobody")) }
            #expect(failure?.message.contains("no role nobody") == true)
        }

        @Test func `a role that is attached late, and allowed later, is waited for`() async throws {
            try await standIn.set("imds", #"{"roleDelay": 1}"#)
            try await standIn.set("deny", #"[{"action": "s3:*", "times": 15}]"#)
            #expect(try await fetch("s3://near/k", .role("ec2role"), by: downloader(settling: 20)) == "near by")
        }

        @Test func `a URL without an entry isn't signed`() async throws {
            let nobody = downloader(credentials: [
                CredentialSource("nobody") { throw Failure(.usage, "asked for credentials") }
            ])
            #expect(try await fetch("https://open-to-all.s3.us-east-1.amazonaws.com/k", by: nobody) == "for all")
            #expect(try await log("who") == ["anonymous"])
            let failure = await #expect(throws: Failure.self) {
                try await fetch("https://near.s3.us-east-1.amazonaws.com/k", by: nobody)
            }
            #expect(failure?.message.contains("without credentials") == true)
        }

        @Test func `a presigned URL isn't signed once more`() async throws {
            let program = """
                import boto3, sys
                from botocore.config import Config
                client = boto3.client("s3", region_name="us-east-1", aws_access_key_id=sys.argv[1], aws_secret_access_key=sys.argv[2],
                                      config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))
                print('"' + client.generate_presigned_url("get_object", Params={"Bucket": "near", "Key": "k"}) + '"', flush=True)
                """
            let signer = try PythonProgram(
                ["-c", program, standIn["accessKeyId"], standIn["secretAccessKey"]],
                interpreter: StandIn.interpreter.get())
            let url = signer.ready.plainText
            #expect(try await fetch(url) == "near by")
            #expect(try await fetch(url, keys) == "near by")
        }

        @Test func `keys are for S3, and a user and a password aren't`() async throws {
            let other = await #expect(throws: Failure.self) { try await fetch("https://localhost/k", keys) }
            #expect(other?.kind == .refused)
            let basic = await #expect(throws: Failure.self) {
                try await fetch("s3://near/k", .basic(user: "u", password: Secret("topsecret")))
            }
            #expect(basic?.kind == .refused)
            #expect(try await log("host") == [])
        }

        @Test func `a refusal names the permission that lacks`() async throws {
            try await standIn.set("deny", #"[{"action": "s3:GetObject", "resource": "near/k"}]"#)
            let failure = await #expect(throws: Failure.self) { try await fetch("s3://near/k") }
            #expect(failure?.message.hasPrefix("s3://near/k can't be fetched: AccessDenied") == true)
            #expect(failure?.message.contains("need s3:GetObject on arn:aws:s3:::near/k") == true)
        }

        @Test func `credentials that have run out are renewed`() async throws {
            let downloader = downloader(credentials: [.role(named: nil, standIn.metadata())])
            #expect(try await fetch("s3://near/k", by: downloader) == "near by")
            try await standIn.set("credentials", #"{"expire": true, "rotate": true}"#)
            #expect(try await fetch("s3://near/k", by: downloader) == "near by")
        }

        @Test func `a clock that is wrong is set by what S3 says`() async throws {
            try await standIn.set("clock", #"{"offset": 7200}"#)
            #expect(try await fetch("s3://near/k") == "near by")
        }

        // MARK: Redirects

        @Test func `a redirect to S3 is signed anew`() async throws {
            try await standIn.set("redirects", #"{"far": "https://far.s3.eu-west-1.amazonaws.com"}"#)
            #expect(try await fetch("https://far.s3.amazonaws.com/a/k", keys) == "far off")
            #expect(try await log("host") == ["far.s3.amazonaws.com", "far.s3.eu-west-1.amazonaws.com"])
        }

        @Test func `a redirect to anywhere else is followed without a signature`() async throws {
            try await standIn.set("redirects", #"{"near": "https://localhost/else"}"#)
            try await standIn.set("pages", #"{"path": "/else/near/k", "body": "elsewhere", "anonymous": true}"#)
            #expect(try await fetch("https://s3.us-east-1.amazonaws.com/near/k", keys) == "elsewhere")
            #expect(try await log("host").last == "localhost")
        }

        @Test func `nobody is led from https to http`() async throws {
            try await standIn.set("pages", #"{"path": "/down", "redirect": [302, "http://localhost/k"]}"#)
            let failure = await #expect(throws: Failure.self) { try await fetch("https://localhost/down") }
            #expect(failure?.kind == .refused)
            #expect(failure?.message.contains("from https to http") == true)
        }

        // MARK: Bodies

        @Test func `an ETag that is an MD5 sum is checked`() async throws {
            try await standIn.set(
                "pages",
                """
                [{"path": "/wrong", "body": "x", "etag": "\\"0123456789abcdef0123456789abcdef\\""},
                 {"path": "/parts", "body": "x", "etag": "\\"0123456789abcdef0123456789abcdef-2\\""},
                 {"path": "/kms", "body": "x", "etag": "\\"0123456789abcdef0123456789abcdef\\"", "headers": [["x-amz-server-side-encryption", "aws:kms"]]}]
                """)
            let failure = await #expect(throws: Failure.self) { try await fetch("https://near.s3.amazonaws.com/wrong") }
            #expect(failure?.message.contains("MD5") == true)
            #expect(try await fetch("https://near.s3.amazonaws.com/parts") == "x")
            #expect(try await fetch("https://near.s3.amazonaws.com/kms") == "x")
            #expect(try await fetch("https://localhost/wrong") == "x")
        }

        @Test func `resets, half bodies, throttling and other people's pages are outlived`() async throws {
            try await standIn.set("objects", #"{"bucket": "near", "key": "large", "size": 3000000}"#)
            try await standIn.set("faults", #"{"share": 0.5, "seed": 3, "services": ["s3"]}"#)
            let downloader = downloader()
            for _ in 1...10 {
                try await downloader.fetch(Download(url: "s3://near/large"), into: file.fileDescriptor)
                #expect(try file.seekToEnd() == 3_000_000)
            }
            let faults = try await standIn.look("counters")["faults"]?.members ?? []
            #expect(!faults.isEmpty)
        }
    }
}
