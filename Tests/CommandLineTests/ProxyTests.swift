// The way out: proxies by option and environment, what goes past them, and whose certificates are trusted.

import Foundation
import InitCore
import TestSupport
import Testing

extension StandInTests {
    @Suite struct ProxyTests {
        private let configs = #""config": {"files": {"/run/s": {"content": "{{resolve:ssm:/p}}"}}}"#

        /// AWS's names lead to the stand-in through the proxy, and nowhere without it.
        private struct World {
            let standIn: StandIn
            let instance: Instance
            let proxy: PythonProgram
            var url: String { proxy.ready["url"]?.plainText ?? "" }

            init(_ configs: String) async throws {
                standIn = try Instance.shared.get()
                try await standIn.set("parameters", #"[{"name": "/p", "value": "value"}]"#)
                instance = try await Instance(configs: configs)
                instance.program.environment["AWS_ENDPOINT_URL"] = nil
                instance.program.environment["CA_OVERRIDE"] = standIn["ca"]
                proxy = try StandIn.proxy(["*.amazonaws.com:443=127.0.0.1:\(standIn["tlsPort"])"])
            }

            /// Where it was asked to lead.
            func targets() async throws -> [String] {
                try await StandIn.proxyLog(proxy).texts("target")
            }
        }

        private let service = "cloudformation.us-east-1.amazonaws.com:443"
        private let parameters = "ssm.us-east-1.amazonaws.com:443"

        @Test
        func
            `cfn-init's --https-proxy leads to CloudFormation and to what is referred to, instance metadata goes past it`()
            async throws
        {
            let world = try await World(configs)
            let result = try await world.instance.cfnInit(
                "--https-proxy", world.url, "--http-proxy", world.url, setting: ["http_proxy": world.url])
            #expect(result.code == 0, "\(result.errors)")
            #expect(world.instance.read("run/s") == "value")
            #expect(try await world.targets() == [service, parameters])
        }

        @Test func `the environment's proxies are taken in either case, options go before them`() async throws {
            let world = try await World(configs)
            let nowhere = "http://127.0.0.1:9"
            for setting in [["https_proxy": world.url], ["HTTPS_PROXY": world.url, "HTTP_PROXY": nowhere]] {
                let result = try await world.instance.ideInit(
                    "plan", "--stack", world.instance.stack, "--resource", "Host", setting: setting)
                #expect(result.code == 0, "\(result.errors)")
            }
            let result = try await world.instance.ideInit(
                "plan", "--stack", world.instance.stack, "--resource", "Host", "--https-proxy", world.url,
                setting: ["https_proxy": nowhere])
            #expect(result.code == 0, "\(result.errors)")
            #expect(try await world.targets().count == 6)
        }

        @Test func `an http service goes through the http proxy unless NO_PROXY names it`() async throws {
            let world = try await World(configs)
            var setting = [
                "AWS_ENDPOINT_URL": world.standIn.url, "http_proxy": world.url, "NO_PROXY": "localhost, 127.0.0.1",
            ]
            #expect(try await world.instance.cfnInit(setting: setting).code == 0)
            #expect(try await world.targets().isEmpty)
            setting["NO_PROXY"] = "localhost,.example.com"
            #expect(try await world.instance.cfnInit(setting: setting).code == 0)
            let address = try #require(world.standIn.url.split(separator: "//").last)
            let targets = try await world.targets()
            #expect(!targets.isEmpty)
            #expect(targets.allSatisfy { $0 == address || $0.hasPrefix("http://\(address)/") }, "\(targets)")
            // Instance metadata is a service of its own port.
            let imds = try #require(world.standIn.imdsURL.split(separator: "//").last)
            #expect(!targets.contains { $0.contains(imds) })
        }

        @Test func `cfn-signal and cfn-get-metadata take the proxies, too`() async throws {
            let world = try await World(configs)
            let words = [world.instance.stack, "Host", world.url]
            let signal = try await world.instance.cfn(
                "signal", "--stack", words[0], "--resource", words[1], "--https-proxy", words[2])
            #expect(signal.code == 0, "\(signal.errors)")
            let key = try await world.instance.cfn(
                "get-metadata", "-s", words[0], "-r", words[1], "--https-proxy", words[2])
            #expect(key.code == 0, "\(key.errors)")
            #expect(try await world.targets() == [service, service])
            #expect(try await world.instance.signals().map(\.status) == ["SUCCESS"])
        }

        @Test func `a proxy's name that is none is told without its password`() async throws {
            let world = try await World(configs)
            let result = try await world.instance.cfnInit("--https-proxy", "http://user:hunter2@")
            #expect(result.code == 1)
            #expect(result.errors.contains("is no [scheme://][user:password@]host:port"))
            #expect(!result.errors.contains("hunter2"))
        }

        @Test(arguments: ["CA_OVERRIDE", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
        func `the certificates that a variable names are trusted`(_ variable: String) async throws {
            let world = try await World(configs)
            world.instance.program.environment["CA_OVERRIDE"] = "/nonexistent"
            let result = try await world.instance.cfnInit(
                "--https-proxy", world.url, setting: [variable: world.standIn["ca"]])
            #expect(result.code == 0, "\(result.errors)")
        }

        @Test func `a server that nobody here trusts is told so, while it is tried again`() async throws {
            let world = try await World(configs)
            world.instance.program.environment["CA_OVERRIDE"] = nil
            let errors = Pipe()
            let process = try world.instance.program.start(
                ["-s", world.instance.stack, "-r", "Host", "--https-proxy", world.url],
                as: world.instance.program.link("cfn-init"), errors: errors)
            let told = String(decoding: errors.fileHandleForReading.availableData, as: UTF8.self)
            process.terminate()
            process.waitUntilExit()
            #expect(process.terminationStatus == 1)
            #expect(
                told.hasPrefix("waiting: cloudformation.us-east-1.amazonaws.com: its certificate isn't trusted here"))
            #expect(told.contains("AWS_CA_BUNDLE or CA_OVERRIDE"))
            #expect(try await world.instance.askers().isEmpty)
        }

        @Test func `a bundle that can't be read is told by its path`() async throws {
            let world = try await World(configs)
            let result = try await world.instance.cfnInit(setting: ["AWS_CA_BUNDLE": "/no/such/bundle"])
            #expect(result.code == 1)
            #expect(result.errors == "the CA certificates are to be in /no/such/bundle, which can't be read\n")
        }
    }
}
