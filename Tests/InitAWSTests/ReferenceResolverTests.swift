// References resolved at the stand-in, which checks signatures, limits and permissions as AWS does.

import Foundation
import InitCore
import Synchronization
import TestSupport
import Testing

@testable import InitAWS

extension StandInTests {
    @Suite(.serialized) struct ReferenceResolverTests {
        let standIn: StandIn
        /// What the resolver told of.
        private let seen = Seen()

        private final class Seen: Sendable {
            private let secrets = Mutex<[Secret]>([])
            func add(_ secret: Secret) { secrets.withLock { $0.append(secret) } }
            func holds(_ text: String) -> Bool { secrets.withLock { $0.contains(Secret(text)) } }
        }

        init() async throws { standIn = try await SharedStandIn.fresh() }

        func resolver(
            region: String = "us-east-1", credentials: [CredentialSource]? = nil, settling: Double = 0,
            credentialsWithin: Double? = nil
        ) -> ReferenceResolver {
            let session = standIn.session(region: region, credentials: credentials, settling: settling)
            return ReferenceResolver(
                session: { session }, credentialsWithin: credentialsWithin, learned: { [seen] in seen.add($0) })
        }

        func text(_ secret: Secret?) -> String? {
            secret?.reveal { String(decoding: $0, as: UTF8.self) }
        }

        func parameter(_ name: String, _ version: Int? = nil) -> Reference {
            .parameter(name: name, version: version)
        }

        func secret(
            _ id: String, key: String? = nil, stage: String? = nil, version: String? = nil
        ) -> Reference {
            .secret(id: id, key: key, stage: stage, version: version)
        }

        func put(_ kind: String, _ items: [[(String, String)]]) async throws {
            try await standIn.set(
                kind,
                .array(items.map { .object(JSONObject($0.map { ($0.0, JSONValue.string($0.1)) })) }))
        }

        /// What resolving fails with; nothing of any value may stand in it.
        func failure(_ resolver: ReferenceResolver, _ reference: Reference) async -> Failure? {
            await #expect(throws: Failure.self) { try await resolver.resolve(reference) }
        }

        // MARK: Batches

        @Test func `thirty parameters and forty secrets cost five calls, side by side`() async throws {
            let parameters = (1...30).map { "/app/p\($0)" }
            let secrets = (1...40).map { "app/s\($0)" }
            try await put(
                "parameters", parameters.map { [("name", $0), ("value", "value of \($0)"), ("type", "SecureString")] })
            try await put("secrets", secrets.map { [("name", $0), ("value", "value of \($0)")] })
            try await standIn.set("latency", #"{"ssm": 0.3, "secretsmanager": 0.3}"#)
            let resolver = resolver()
            resolver.prefetch(parameters.map { parameter($0) } + secrets.map { secret($0) }, again: false)
            for name in parameters { #expect(text(try await resolver.resolve(parameter(name))) == "value of \(name)") }
            for name in secrets { #expect(text(try await resolver.resolve(secret(name))) == "value of \(name)") }
            #expect(try await standIn.requests("ssm") == 3)
            #expect(try await standIn.requests("ssm.GetParameters") == 3)
            #expect(try await standIn.requests("secretsmanager") == 2)
            #expect(try await standIn.requests("secretsmanager.BatchGetSecretValue") == 2)
            #expect(try await standIn.mostAtOnce("*") == 5)
            #expect(seen.holds("value of /app/p30"))
            #expect(seen.holds("value of app/s40"))
        }

        @Test func `nothing is asked for twice, however often it is named`() async throws {
            try await put("parameters", [[("name", "/a"), ("value", "1")]])
            let resolver = resolver()
            resolver.prefetch([parameter("/a"), parameter("/a")], again: false)
            resolver.prefetch([parameter("/a")], again: false)
            async let first = resolver.resolve(parameter("/a"))
            async let second = resolver.resolve(parameter("/a"))
            #expect(try await [text(first), text(second)] == ["1", "1"])
            #expect(try await standIn.requests("ssm") == 1)
        }

        @Test func `what wasn't fetched ahead is fetched when it is wanted, once`() async throws {
            try await put("parameters", [[("name", "/a"), ("value", "1")]])
            let resolver = resolver()
            #expect(text(try await resolver.resolve(parameter("/a"))) == "1")
            #expect(text(try await resolver.resolve(parameter("/a"))) == "1")
            #expect(try await standIn.requests("ssm") == 1)
        }

        @Test func `fetching again brings what has changed since`() async throws {
            try await put("parameters", [[("name", "/a"), ("value", "old")], [("name", "/b"), ("value", "same")]])
            let resolver = resolver()
            resolver.prefetch([parameter("/a"), parameter("/b")], again: false)
            #expect(text(try await resolver.resolve(parameter("/a"))) == "old")
            try await put("parameters", [[("name", "/a"), ("value", "new")]])
            #expect(text(try await resolver.resolve(parameter("/a"))) == "old")
            resolver.prefetch([parameter("/a"), parameter("/b")], again: true)
            #expect(text(try await resolver.resolve(parameter("/a"))) == "new")
            #expect(text(try await resolver.resolve(parameter("/b"))) == "same")
            #expect(try await standIn.requests("ssm") == 2)
        }

        @Test func `answers that come in pages are read to the last`() async throws {
            let names = (1...20).map { "paged/\($0)" }
            try await put("secrets", names.map { [("name", $0), ("value", "of \($0)")] })
            try await standIn.set("batch-page", "7")
            let resolver = resolver()
            resolver.prefetch(names.map { secret($0) }, again: false)
            for name in names { #expect(text(try await resolver.resolve(secret(name))) == "of \(name)") }
            #expect(try await standIn.requests("secretsmanager") == 3)
        }

        // MARK: Spellings

        @Test func `a parameter with and without a version are two, in one call`() async throws {
            try await put("parameters", [[("name", "/v"), ("value", "one")]])
            try await put(
                "parameters", [[("name", "/v"), ("value", "two")], [("name", "plain"), ("value", "three")]])
            let resolver = resolver()
            resolver.prefetch(
                [parameter("/v"), parameter("/v", 1), parameter("/v", 2), parameter("plain")], again: false)
            #expect(text(try await resolver.resolve(parameter("/v"))) == "two")
            #expect(text(try await resolver.resolve(parameter("/v", 1))) == "one")
            #expect(text(try await resolver.resolve(parameter("/v", 2))) == "two")
            #expect(text(try await resolver.resolve(parameter("plain"))) == "three")
            #expect(try await standIn.requests("ssm") == 1)
        }

        @Test func `an ARN is asked for in its own region`() async throws {
            let put = try await standIn.set(
                "secrets", #"[{"name": "far", "value": "away", "region": "eu-west-1"}]"#)
            let arn = try #require(put.items.first?["arn"]?.plainText)
            try await standIn.set("parameters", #"[{"name": "/far", "value": "off", "region": "eu-central-1"}]"#)
            let parameterARN = "arn:aws:ssm:eu-central-1:123456789012:parameter/far"
            let resolver = resolver()
            resolver.prefetch([secret(arn), secret("near"), parameter(parameterARN), parameter("/near")], again: false)
            #expect(text(try await resolver.resolve(secret(arn))) == "away")
            #expect(text(try await resolver.resolve(secret(String(arn.dropLast(7))))) == "away")
            #expect(text(try await resolver.resolve(parameter(parameterARN))) == "off")
            #expect(text(try await resolver.resolve(parameter(parameterARN, 1))) == "off")
        }

        @Test func `a secret's stages and versions are told apart`() async throws {
            let first = try await standIn.set("secrets", #"[{"name": "s", "value": "old"}]"#)
            try await put("secrets", [[("name", "s"), ("value", "new")]])
            let version = try #require(first.items.first?["versionId"]?.plainText)
            let resolver = resolver()
            let all = [
                secret("s"), secret("s", stage: "AWSCURRENT"), secret("s", stage: "AWSPREVIOUS"),
                secret("s", version: version),
            ]
            resolver.prefetch(all, again: false)
            var values: [String?] = []
            for reference in all { values.append(text(try await resolver.resolve(reference))) }
            #expect(values == ["new", "new", "old", "old"])
            // AWSCURRENT is what is current.
            #expect(try await standIn.requests("secretsmanager") == 3)
        }

        @Test func `a secret's bytes are handed on as they are`() async throws {
            try await put(
                "secrets", [[("name", "b"), ("binaryBase64", "AP8QgA==")], [("name", "c"), ("value", "text")]])
            let resolver = resolver()
            resolver.prefetch([secret("b"), secret("c")], again: false)
            #expect(try await resolver.resolve(secret("b")) == Secret([0, 255, 16, 128]))
            #expect(try await self.resolver().resolve(secret("b")) == Secret([0, 255, 16, 128]))
        }

        // MARK: JSON keys

        @Test func `keys of one secret cost one call; scalars keep their spelling`() async throws {
            try await put(
                "secrets",
                [
                    [
                        ("name", "j"),
                        ("value", #"{"user": "ann", "pass\u0077ord": "{{x}}\"ü", "port": 5.0, "tls": true}"#),
                    ]
                ])
            let resolver = resolver()
            let keys = ["user", "password", "port", "tls"]
            resolver.prefetch(keys.map { secret("j", key: $0) }, again: false)
            var values: [String?] = []
            for key in keys { values.append(text(try await resolver.resolve(secret("j", key: key)))) }
            #expect(values == ["ann", "{{x}}\"ü", "5.0", "true"])
            #expect(try await standIn.requests("secretsmanager") == 1)
            #expect(seen.holds("{{x}}\"ü"))
            #expect(seen.holds(#"{"user": "ann", "pass\u0077ord": "{{x}}\"ü", "port": 5.0, "tls": true}"#))
        }

        @Test(
            "A key that can't be had is refused, and nothing of the secret is told",
            arguments: [
                #"{"user": "topsecret"}"#, "topsecret", #"["topsecret"]"#, #"{"key": {"x": "topsecret"}}"#,
                #"{"key": null, "x": "topsecret"}"#, #"{"topsecret"#,
            ])
        func key(value: String) async throws {
            try await put("secrets", [[("name", "j"), ("value", value)]])
            let failure = await failure(resolver(), secret("j", key: "key"))
            #expect(failure?.kind == .refused)
            #expect(failure?.message.contains("\u{201C}key\u{201D}") == true)
            #expect(failure?.message.contains("topsecret") == false)
        }

        // MARK: Refusals

        @Test func `one that is missing doesn't fail the others of its batch`() async throws {
            try await put("parameters", [[("name", "/there"), ("value", "1")]])
            try await put("secrets", [[("name", "there"), ("value", "2")]])
            let resolver = resolver(region: "us-east-1")
            resolver.prefetch(
                [parameter("/there"), parameter("/gone"), parameter("/there", 7), secret("there"), secret("gone")],
                again: false)
            #expect(text(try await resolver.resolve(parameter("/there"))) == "1")
            #expect(text(try await resolver.resolve(secret("there"))) == "2")
            let gone = await failure(resolver, parameter("/gone"))
            #expect(gone?.kind == .network)
            #expect(gone?.message.contains("no such parameter in us-east-1") == true)
            #expect(await failure(resolver, parameter("/there", 7))?.message.contains("no version 7") == true)
            let secretGone = await failure(resolver, secret("gone"))
            #expect(secretGone?.message.contains("ResourceNotFoundException") == true)
            #expect(secretGone?.message.contains("us-east-1") == true)
        }

        @Test func `a failed prefetch is tried again when the value is wanted`() async throws {
            let resolver = resolver()
            resolver.prefetch([parameter("/late"), parameter("/other")], again: false)
            #expect(await failure(resolver, parameter("/other")) != nil)
            try await put("parameters", [[("name", "/late"), ("value", "here now")]])
            #expect(text(try await resolver.resolve(parameter("/late"))) == "here now")
        }

        @Test func `where batches of secrets aren't allowed, each is asked for alone`() async throws {
            let names = (1...12).map { "single/\($0)" }
            try await put("secrets", names.map { [("name", $0), ("value", "of \($0)")] })
            try await standIn.set("deny", #"[{"action": "secretsmanager:BatchGetSecretValue"}]"#)
            try await standIn.set("latency", #"{"secretsmanager.GetSecretValue": 0.1}"#)
            let resolver = resolver()
            resolver.prefetch(names.map { secret($0) }, again: false)
            for name in names { #expect(text(try await resolver.resolve(secret(name))) == "of \(name)") }
            #expect(try await standIn.requests("secretsmanager.BatchGetSecretValue") == 1)
            #expect(try await standIn.requests("secretsmanager.GetSecretValue") == 12)
            let most = try await standIn.mostAtOnce("secretsmanager.GetSecretValue")
            #expect(most > 1 && most <= 8)
        }

        @Test func `a denied parameter fails alone, and the permission is named`() async throws {
            try await put(
                "parameters",
                ["/open", "/closed", "/sealed"].map { [("name", $0), ("value", "v"), ("type", "SecureString")] })
            try await standIn.set(
                "deny",
                #"[{"action": "ssm:*", "resource": "/closed"}, {"action": "kms:Decrypt", "resource": "/sealed"}]"#)
            let resolver = resolver()
            resolver.prefetch([parameter("/open"), parameter("/closed"), parameter("/sealed")], again: false)
            #expect(text(try await resolver.resolve(parameter("/open"))) == "v")
            let closed = await failure(resolver, parameter("/closed"))
            #expect(
                closed?.message.contains("need ssm:GetParameters on arn:aws:ssm:us-east-1:*:parameter/closed") == true)
            #expect(await failure(resolver, parameter("/sealed"))?.message.contains("need kms:Decrypt") == true)
        }

        @Test func `a denied secret fails alone, and the permission is named`() async throws {
            try await put("secrets", ["open", "closed", "sealed"].map { [("name", $0), ("value", "v")] })
            try await standIn.set(
                "deny",
                #"[{"action": "secretsmanager:GetSecretValue", "resource": "closed"}, {"action": "kms:Decrypt", "resource": "sealed"}]"#
            )
            let resolver = resolver()
            resolver.prefetch(["open", "closed", "sealed"].map { secret($0) }, again: false)
            #expect(text(try await resolver.resolve(secret("open"))) == "v")
            let closed = await failure(resolver, secret("closed"))
            #expect(
                closed?.message.contains(
                    "need secretsmanager:GetSecretValue on arn:aws:secretsmanager:us-east-1:*:secret:closed-*")
                    == true)
            #expect(await failure(resolver, secret("sealed"))?.message.contains("need kms:Decrypt") == true)
        }

        @Test func `a role that has just been attached is waited for`() async throws {
            try await put("parameters", [[("name", "/a"), ("value", "1")], [("name", "/b"), ("value", "2")]])
            try await standIn.set("deny", #"[{"action": "ssm:*", "times": 5}]"#)
            let resolver = resolver(credentials: [.role(named: nil, standIn.metadata())], settling: 10)
            resolver.prefetch([parameter("/a"), parameter("/b")], again: false)
            #expect(text(try await resolver.resolve(parameter("/a"))) == "1")
            #expect(text(try await resolver.resolve(parameter("/b"))) == "2")
        }

        @Test func `throttling, resets, half answers and other people's pages are outlived`() async throws {
            try await put("parameters", (1...20).map { [("name", "/f\($0)"), ("value", "\($0)")] })
            try await put("secrets", (1...20).map { [("name", "f\($0)"), ("value", "\($0)")] })
            try await standIn.set("objects", #"[{"bucket": "faulty", "key": "k", "body": "object"}]"#)
            try await standIn.set("faults", #"{"share": 0.6, "seed": 7, "services": ["ssm", "secretsmanager", "s3"]}"#)
            let resolver = resolver()
            let all = (1...20).flatMap { [parameter("/f\($0)"), secret("f\($0)")] }
            let object = Reference.object(bucket: "faulty", key: "k", version: nil)
            resolver.prefetch(all + [object], again: false)
            for number in 1...20 {
                #expect(text(try await resolver.resolve(parameter("/f\(number)"))) == "\(number)")
                #expect(text(try await resolver.resolve(secret("f\(number)"))) == "\(number)")
            }
            #expect(text(try await resolver.resolve(object)) == "object")
            let faults = try await standIn.look("counters")["faults"]?.members ?? []
            #expect(!faults.isEmpty)
        }

        // MARK: Objects

        private func object(_ bucket: String, _ key: String, _ version: String? = nil) -> Reference {
            .object(bucket: bucket, key: key, version: version)
        }

        @Test(
            "Keys of any spelling",
            arguments: ["a/b", "with blank", "a+b", "ü/日本", "(x)'!*", "a//b", "100%", "~.-_", "#?&="])
        func key(_ key: String) async throws {
            try await put("objects", [[("bucket", "keys"), ("key", key), ("body", "of \(key)")]])
            #expect(text(try await resolver().resolve(object("keys", key))) == "of \(key)")
        }

        @Test func `a bucket elsewhere is found, and asked there from then on`() async throws {
            try await put(
                "objects",
                ["a", "b"].map { [("bucket", "elsewhere"), ("key", $0), ("body", $0), ("region", "eu-west-1")] })
            let resolver = resolver()
            #expect(text(try await resolver.resolve(object("elsewhere", "a"))) == "a")
            #expect(text(try await resolver.resolve(object("elsewhere", "b"))) == "b")
            #expect(try await standIn.requests("s3.GetObject") == 3)
        }

        @Test func `an older version of an object`() async throws {
            let first = try await standIn.set(
                "objects", #"[{"bucket": "old", "key": "k", "body": "1", "versioned": true}]"#)
            try await standIn.set("objects", #"[{"bucket": "old", "key": "k", "body": "2", "versioned": true}]"#)
            let version = try #require(first.items.first?["versionId"]?.plainText)
            let resolver = resolver()
            #expect(text(try await resolver.resolve(object("old", "k", version))) == "1")
            #expect(text(try await resolver.resolve(object("old", "k"))) == "2")
        }

        @Test func `an object that isn't there, is closed, or is too large for content`() async throws {
            try await standIn.set(
                "objects",
                #"[{"bucket": "objects", "key": "closed", "body": "topsecret"}, {"bucket": "objects", "key": "large", "size": 16777217}, {"bucket": "objects", "key": "most", "size": 16777216}]"#
            )
            try await standIn.set("deny", #"[{"action": "s3:GetObject", "resource": "objects/closed"}]"#)
            let resolver = resolver()
            #expect(await failure(resolver, object("objects", "none"))?.message.contains("NoSuchKey") == true)
            #expect(await failure(resolver, object("nobody-has-this", "k"))?.message.contains("NoSuchBucket") == true)
            #expect(
                await failure(resolver, object("objects", "closed"))?.message.contains(
                    "need s3:GetObject on arn:aws:s3:::objects/closed")
                    == true)
            #expect(await failure(resolver, object("objects", "large"))?.message.contains("16 MiB") == true)
            #expect(try await resolver.resolve(object("objects", "most"))?.reveal { $0.count } == 16 << 20)
        }
    }
}
