import InitCore
import Testing

@testable import InitAWS

@Suite struct ProxiesTests {
    private func proxy(
        _ url: String, _ environment: [String: String], http: String? = nil, https: String? = nil
    ) -> String? {
        Proxies(environment: { environment[$0] }, http: http, https: https).proxy(for: url)
    }

    @Test func `each scheme has its own, small letters first`() {
        let environment = ["HTTPS_PROXY": "http://large", "https_proxy": "http://small", "HTTP_PROXY": "plain:80"]
        #expect(proxy("https://a/", environment) == "http://small")
        #expect(proxy("http://a/", environment) == "plain:80")
        #expect(proxy("https://a/", [:]) == nil)
    }

    @Test func `the command line goes before the environment`() {
        #expect(proxy("https://a/", ["https_proxy": "http://e"], https: "http://c") == "http://c")
    }

    @Test(
        "NO_PROXY names hosts and their domains",
        arguments: [
            ("http://example.com/", true), ("http://a.example.com/", true), ("http://notexample.com/", false),
            ("http://EXAMPLE.com:8080/", true), ("http://x.dotted.org/", true), ("http://dotted.org/", true),
            ("http://other/", false), ("http://169.254.169.254/", true),
        ])
    func exempt(url: String, isExempt: Bool) {
        let environment = ["http_proxy": "p", "NO_PROXY": "example.com, .dotted.org ,169.254.169.254"]
        #expect((proxy(url, environment) == nil) == isExempt)
    }

    @Test func `a star exempts all`() { #expect(proxy("http://a/", ["http_proxy": "p", "no_proxy": "*"]) == nil) }

    @Test func `a proxy that names no host is wrong use, and its password isn't repeated`() {
        let failure = #expect(throws: Failure.self) { try Proxies.configuration("http://u:s3cret@") }
        #expect(failure?.kind == .usage)
        #expect(failure?.message.contains("s3cret") == false)
    }
}
