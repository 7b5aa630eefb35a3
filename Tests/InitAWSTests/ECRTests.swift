import InitCore
import TestSupport
import Testing

@testable import InitAWS

extension StandInTests {
    @Suite(.serialized) struct ECRTests {
        @Test func `a login is for the registry's own region`() async throws {
            let standIn = try await SharedStandIn.fresh()
            let name = try #require(ECRName("123456789012.dkr.ecr.eu-west-1.amazonaws.com"))
            let login = try await ECR(standIn.session()).login(name)
            #expect(login.user == "AWS")
            #expect(login.password.reveal { !$0.isEmpty })
            let call = try #require(try await standIn.log().last)
            #expect(call.value.pythonText.contains("eu-west-1"))
        }
    }
}
