// ide-init signal.

import Foundation
import TestSupport
import Testing

extension StandInTests {
    @Suite struct SignalCommandTests {
        @Test func `this host's last stack is told, unless another is named`() async throws {
            let instance = try await Instance(signals: 9)
            let other = try await Instance()
            try await instance.cfnInit()
            let result = try await instance.ideInit("signal")
            #expect(result.code == 0)
            #expect(result.errors == "SUCCESS signalled to Host of the stack \(instance.stack)\n")
            #expect(
                try await instance.ideInit("signal", "--stack", other.stack, "--resource", "Host", "--failure").code
                    == 0)
            #expect(try await instance.signals().map(\.status) == ["SUCCESS"])
            #expect(try await other.signals().map(\.status) == ["FAILURE"])
        }

        @Test(arguments: [
            (["--exit-code", "0"], "SUCCESS", "Configuration Complete"), (["--failure"], "FAILURE", "failed"),
            (["--exit-code", "9"], "FAILURE", "ended with code 9"),
            (["--failure", "--exit-code", "0"], "FAILURE", "failed"),
            (["--failure", "--reason", "no disk"], "FAILURE", "no disk"), (["--reason", "late"], "SUCCESS", "late"),
        ]) func `a wait condition is told why`(_ options: [String], _ status: String, _ reason: String) async throws {
            let instance = try await Instance()
            let file = "@" + (try instance.program.document(try await instance.waitCondition(), name: "url"))
            let result = try await instance.program.run(["signal", file, "--data", "d"] + options, as: Program.path)
            #expect(result.code == 0)
            #expect(result.errors == "\(status) signalled to the wait condition\n")
            let bodies = try await instance.waitConditionBodies()
            #expect(bodies.texts("Status") == [status])
            #expect(bodies.texts("Reason") == [reason])
            #expect(bodies.texts("Data") == ["d"])
        }

        @Test(arguments: [
            (["abc"], "this is no wait condition's URL"), (["--stack", "s"], "--stack takes --resource beside it"),
            (
                ["http://127.0.0.1:9/", "--stack", "s", "--resource", "r"],
                "a wait condition's URL and a stack are both named"
            ),
            (["--exit-code", "x"], "'x' is invalid for '--exit-code"),
        ]) func `wrong use exits with 64`(_ arguments: [String], _ words: String) async throws {
            let instance = try await Instance()
            let result = try await instance.program.run(["signal"] + arguments, as: Program.path)
            #expect(result.code == 64)
            #expect(result.errors.contains(words), "\(result.errors)")
        }

        @Test func `a stack that isn't there is told with the place where it was looked for`() async throws {
            let instance = try await Instance()
            let result = try await instance.ideInit("signal", "--stack", "no-such", "--resource", "Host")
            #expect(result.code == 1)
            #expect(
                result.errors.contains(
                    "Host of the stack no-such can't be signalled: ValidationError: Stack 'no-such' does not exist"))
            #expect(result.errors.contains("looked for in us-east-1"))
        }

        @Test func `help needs nobody`() async throws {
            let silence = try SilentServer()
            let instance = try await Instance()
            let setting = ["AWS_EC2_METADATA_SERVICE_ENDPOINT": silence.url, "AWS_ENDPOINT_URL": silence.url]
            #expect(try await instance.ideInit("signal", "--help", setting: setting).code == 0)
            #expect(try await instance.ideInit("apply", "--help", setting: setting).code == 0)
            #expect(try await instance.cfn("init", "-h", setting: setting).code == 0)
            #expect(try await instance.cfn("get-metadata", "-h", setting: setting).code == 0)
            #expect(silence.connections == 0)
        }
    }
}
