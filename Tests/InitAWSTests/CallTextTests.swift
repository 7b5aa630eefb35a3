// The small texts around a call: URLs, XML, moments, errors.

import AsyncHTTPClient
import InitCore
import NIOCore
import Testing

@testable import InitAWS

@Suite struct URLTextTests {
    @Test func `a URL's parts are kept as they are written`() {
        let parts = URLParts("HTTPS://u:p@Host.example:8443/a%2Fb//c?x=1&y#part")
        #expect(parts?.scheme == "https")
        #expect(parts?.authority == "Host.example:8443")
        #expect(parts?.host == "host.example")
        #expect(parts?.path == "/a%2Fb//c")
        #expect(parts?.query == "x=1&y")
        #expect(parts?.text == "https://Host.example:8443/a%2Fb//c?x=1&y")
    }

    @Test func `a host alone has the path of its root, and a query need not wait for a slash`() {
        #expect(URLParts("http://h")?.path == "/")
        #expect(URLParts("http://h")?.query == nil)
        #expect(URLParts("http://h?q")?.query == "q")
        #expect(URLParts("http://[fd00::1]:80/x")?.host == "[fd00::1]")
    }

    @Test("What is no URL", arguments: ["", "/a/b", "host/a", "http://", "://host/a", "http:///a"])
    func other(text: String) { #expect(URLParts(text) == nil) }

    @Test(
        "Where a Location leads",
        arguments: [
            ("http://else/y", "http://else/y"), ("//else/y", "https://else/y"), ("/y?q", "https://h:1/y?q"),
            ("y", "https://h:1/a/y"),
        ])
    func resolving(location: String, wanted: String) {
        #expect(URLParts("https://h:1/a/b?old")?.resolving(location) == wanted)
    }

    @Test func `what may stand in no URL is encoded, and what is encoded already isn't again`() {
        #expect(urlQuoted("https://h/a b/ü%20\"?x={y}&z=%7B#[f]") == "https://h/a%20b/%C3%BC%20%22?x=%7By%7D&z=%7B#[f]")
        #expect(urlQuoted("https://h/a+b(c)~!$'*,;:@=&") == "https://h/a+b(c)~!$'*,;:@=&")
    }

    @Test func `a form's fields are encoded by AWS's rules`() {
        #expect(formEncoded([("A b", "1+2=3&~"), ("ü", "")]) == "A%20b=1%2B2%3D3%26~&%C3%BC=")
    }
}

@Suite struct XMLElementTests {
    private func parse(_ text: String) -> XMLElement? { XMLElement(Array(text.utf8)) }

    @Test func `elements, text and entities are read, the rest is passed over`() {
        let root = parse(
            """
            <?xml version="1.0"?><!-- <a> --><!DOCTYPE x>
            <n:Error xmlns:n="u"><Code>A&amp;B &lt;&#65;&#x42;&gt;</Code><Empty/><List><i>1</i><i>2</i></List></n:Error>
            """)
        #expect(root?.name == "Error")
        #expect(root?["Code"]?.text == "A&B <AB>")
        #expect(root?["Empty"]?.text == "")
        #expect(root?["List"]?.children.map(\.text) == ["1", "2"])
        #expect(root?["None"] == nil)
    }

    @Test(
        "What is no XML",
        arguments: ["", "plain", "<a>", "<a><b></a></b>", "<a", "{\"a\": 1}", "</a>", "<!--", "<>x</>"])
    func other(text: String) { #expect(parse(text) == nil) }

    @Test func `nobody can nest elements until the stack is full`() {
        #expect(parse(String(repeating: "<a>", count: 100_000)) == nil)
    }
}

@Suite struct TimestampTests {
    @Test func `a moment in AWS's three spellings`() {
        #expect(Timestamp.compact(1_440_938_160) == "20150830T123600Z")
        #expect(Timestamp.iso("2015-08-30T12:36:00Z") == 1_440_938_160)
        #expect(Timestamp.http("Sun, 30 Aug 2015 12:36:00 GMT") == 1_440_938_160)
        #expect(Timestamp.http("Tue, 29 Feb 2028 00:00:00 GMT") == 1_835_395_200)
    }

    @Test("What is none", arguments: ["", "2015-08-30", "2015-08-30T12:36:00+02:00", "soon"])
    func notISO(text: String) { #expect(Timestamp.iso(text) == nil) }

    @Test(
        "What is none of HTTP's",
        arguments: ["", "Sun, 30 Foo 2015 12:36:00 GMT", "Sunday, 30-Aug-15 12:36:00 GMT", "Sun, 30 Aug 2015 12:36:00"])
    func notHTTP(text: String) { #expect(Timestamp.http(text) == nil) }
}

@Suite struct ServiceErrorTests {
    private func error(_ status: Int, _ body: String, _ headers: [(name: String, value: String)] = []) -> ServiceError {
        ServiceError(HTTPAnswer(status: status, headers: headers, body: Array(body.utf8)))
    }

    @Test(
        "Each protocol's shape tells code and message",
        arguments: [
            #"{"__type": "com.amazonaws.x#ThrottlingException:http://x", "message": "slow"}"#,
            #"{"Error": {"Code": "ThrottlingException", "Message": "slow", "Type": "Sender"}}"#,
            "<Error><Code>ThrottlingException</Code><Message>slow</Message></Error>",
            "<ErrorResponse><Error><Code>ThrottlingException</Code><Message>slow</Message></Error></ErrorResponse>",
            "<Response><Errors><Error><Code>ThrottlingException</Code><Message>slow</Message></Error></Errors></Response>",
        ])
    func shape(body: String) {
        let error = error(400, body)
        #expect(error.code == "ThrottlingException")
        #expect(error.message == "slow")
        #expect(error.isThrottling)
    }

    @Test func `an answer of somebody in between is none of the service's, and may pass`() {
        let error = error(502, "<html><body>Bad gateway</body></html>")
        #expect(error.code == "")
        #expect(error.isTransient)
        #expect(error.text == "the server answers 502")
    }

    @Test func `a no isn't asked for again`() {
        #expect(!error(400, #"{"__type": "ResourceNotFoundException"}"#).isTransient)
        #expect(!error(403, "").isTransient)
    }

    @Test func `S3 tells a bucket's region by header, element or host`() {
        let body = "<Error><Code>PermanentRedirect</Code><Endpoint>b.s3-eu-west-1.amazonaws.com</Endpoint></Error>"
        #expect(error(301, body, [(name: "X-Amz-Bucket-Region", value: "eu-central-1")]).region == "eu-central-1")
        #expect(error(301, body).region == "eu-west-1")
        let malformed = "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-2</Region></Error>"
        #expect(error(400, malformed).region == "eu-west-2")
        #expect(
            error(307, "", [(name: "Location", value: "https://b.s3.us-west-2.amazonaws.com/k")]).region == "us-west-2")
    }

    @Test func `the region of a bucket that is simply closed is no news`() {
        let denied = "<Error><Code>AccessDenied</Code></Error>"
        #expect(error(403, denied, [(name: "x-amz-bucket-region", value: "eu-west-1")]).region == nil)
    }
}

@Suite struct TroubleTests {
    @Test func `a URL that is none is final, a closed connection isn't`() {
        #expect(Trouble(HTTPClientError.invalidURL).isFinal)
        #expect(Trouble(NIOTooManyBytesError(maxBytes: 16 << 20)).isFinal)
        #expect(!Trouble(HTTPClientError.remoteConnectionClosed).isFinal)
        #expect(Trouble(HTTPClientError.connectTimeout).message == "no connection within the time for it")
    }

    @Test func `our own failures keep their words`() {
        let trouble = Trouble(Failure(.usage, "as it is"))
        #expect(trouble.message == "as it is")
        #expect(trouble.isFinal)
    }
}
