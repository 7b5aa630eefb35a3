// References in a dry run, which waits for nobody.

import Foundation
import InitCore
import TestSupport
import Testing

@testable import InitAWS

extension StandInTests.ReferenceResolverTests {
    @Test func `a dry run without credentials knows nothing and asks nobody`() async throws {
        let resolver = resolver(credentials: [CredentialSource("nobody") { nil }], credentialsWithin: 5)
        resolver.prefetch([parameter("/a"), secret("s")], again: false)
        #expect(try await resolver.resolve(parameter("/a")) == nil)
        #expect(try await standIn.requests("ssm") == 0)
    }

    @Test func `a dry run doesn't wait for credentials that are late`() async throws {
        try await put("parameters", [[("name", "/a"), ("value", "1")]])
        let late = CredentialSource("somebody slow") {
            try? await Task.sleep(for: .seconds(30))
            return nil
        }
        let resolver = resolver(credentials: [late], credentialsWithin: 0.05)
        #expect(try await resolver.resolve(parameter("/a")) == nil)
    }

    @Test func `a dry run with credentials resolves, and asks once for what is missing`() async throws {
        try await put("parameters", [[("name", "/a"), ("value", "1")]])
        let resolver = resolver(credentialsWithin: 20)
        resolver.prefetch([parameter("/a"), parameter("/gone")], again: false)
        #expect(text(try await resolver.resolve(parameter("/a"))) == "1")
        #expect(await failure(resolver, parameter("/gone")) != nil)
        #expect(await failure(resolver, parameter("/gone")) != nil)
        #expect(try await standIn.requests("ssm") == 1)
    }

    @Test func `in an apply, credentials that aren't there are a failure that names where they were looked for`()
        async throws
    {
        let resolver = resolver(credentials: [CredentialSource("the nearest drawer") { nil }])
        #expect(await failure(resolver, parameter("/a"))?.message.contains("the nearest drawer") == true)
    }
}
