// The AWS of the tests (Tests/StandIn), and sessions that call it.

import Foundation
package import InitAWS
package import InitCore

package final class StandIn: Sendable {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("StandIn")

    private let program: PythonProgram
    private let control = StandIn.transport()
    package let url: String
    package let imdsURL: String

    /// - Parameter arguments: of aws.py.
    package init(_ arguments: [String] = []) throws {
        program = try PythonProgram(
            [Self.folder.appendingPathComponent("aws.py").path] + arguments, interpreter: try Self.interpreter.get())
        url = program.ready["url"]?.plainText ?? ""
        imdsURL = program.ready["imdsURL"]?.plainText ?? ""
    }

    /// What it said of itself: `tlsPort`, `ca`, `instanceId` …
    package subscript(name: String) -> String {
        let value = program.ready[name]
        return value?.number.map { "\(Int($0))" } ?? value?.plainText ?? ""
    }

    /// The machine's own Python where it has moto and cfn-lint, else one that Tests/StandIn/install makes.
    package static let interpreter = Result<String, any Error> {
        let asks =
            "import importlib.util, sys; sys.exit(None in [importlib.util.find_spec(m) for m in ('moto', 'cfnlint')])"
        if try PythonProgram.run(["python3", "-c", asks]) == 0 { return "python3" }
        let place = FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".cache/ide-init/standin")
            .path
        guard try PythonProgram.run([folder.appendingPathComponent("install").path, place]) == 0 else {
            throw Failure(.host, "Tests/StandIn/install \(place) failed")
        }
        return "\(place)/bin/python3"
    }

    /// A folder for `--tls`, gone when the tests are over.
    package static let certificates: String = {
        atexit { try? FileManager.default.removeItem(atPath: StandIn.certificates) }
        return FileManager.default.temporaryDirectory.appending(path: "ide-init-\(UUID().uuidString)").path()
    }()

    /// A forward proxy.
    /// - Parameter routes: where names lead: `*:443=127.0.0.1:8443`.
    package static func proxy(_ routes: [String]) throws -> PythonProgram {
        try PythonProgram(
            [folder.appendingPathComponent("proxy.py").path] + routes.flatMap { ["--route", $0] })
    }

    /// Seconds. Tests that wait for processes hold up those beside them, so that an answer may lie about for a while.
    private static let patience = 600.0

    /// What went through it, in its order: `method`, `target`, `to` …
    package static func proxyLog(_ proxy: PythonProgram) async throws -> [JSONNode] {
        let url = "\(proxy.ready["url"]?.plainText ?? "")/_test/log"
        let answer = try await transport().send(HTTPCall("GET", url), within: patience, goesDirectly: true)
        return JSONNode(try JSONParser.parse(answer.body, name: url).value).items
    }

    // MARK: Its own door

    /// What a GET of the control API tells.
    package func look(_ name: String) async throws -> JSONNode {
        try await ask(HTTPCall("GET", "\(url)/_test/\(name)"))
    }

    /// A POST of the control API.
    @discardableResult
    package func set(_ name: String, _ body: JSONValue) async throws -> JSONNode {
        try await ask(HTTPCall("POST", "\(url)/_test/\(name)", body: Array(body.pythonText.utf8)))
    }

    /// The same, with the body as JSON text.
    @discardableResult
    package func set(_ name: String, _ body: String) async throws -> JSONNode {
        try await set(name, try JSONParser.parse(Array(body.utf8), name: name).value)
    }

    private func ask(_ call: HTTPCall) async throws -> JSONNode {
        let answer = try await control.send(call, within: Self.patience, goesDirectly: true)
        guard answer.status == 200 else { throw Failure(.network, "\(call.url): \(answer.status) \(answer.text)") }
        return JSONNode(try JSONParser.parse(answer.body, name: call.url).value)
    }

    /// How many requests of that name there were: `ssm.GetParameters`.
    package func requests(_ name: String) async throws -> Int {
        Int(try await counters()["requests"]?[name]?.number ?? 0)
    }

    /// How many requests of that name there were at once.
    package func mostAtOnce(_ name: String) async throws -> Int {
        Int(try await counters()["max_concurrent"]?[name]?.number ?? 0)
    }

    /// Every request so far.
    package func log() async throws -> [JSONNode] {
        _ = try await counters()
        return try await look("log").items
    }

    /// A request counts when it is over, which may be after its answer has arrived.
    private func counters() async throws -> JSONNode {
        while true {
            let counters = try await look("counters")
            if counters["in_progress"]?.members.isEmpty ?? true { return counters }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    // MARK: Calling it

    package static func transport(_ environment: [String: String] = [:]) -> HTTPTransport {
        HTTPTransport(
            proxies: Proxies(environment: { environment[$0] }), environment: { environment[$0] }, stopReason: { nil })
    }

    package func metadata() -> InstanceMetadata {
        let imdsURL = imdsURL
        return InstanceMetadata(
            transport: Self.transport(),
            environment: { $0 == "AWS_EC2_METADATA_SERVICE_ENDPOINT" ? imdsURL : nil }, sleep: Self.shortly,
            clock: Self.steady)
    }

    /// By its fixed keys, unless others are given.
    /// - Parameters:
    ///   - environment: of the endpoints and the proxies; nil: every service is at its address.
    ///   - settling: seconds that a denied call is tried again.
    package func session(
        region: String = "us-east-1", credentials: [CredentialSource]? = nil, environment: [String: String]? = nil,
        settling: Double = 0
    ) -> AWSSession {
        let environment = environment ?? ["AWS_ENDPOINT_URL": url]
        let keys = Credentials(
            accessKeyID: self["accessKeyId"], secretKey: Secret(self["secretAccessKey"]))
        let store = CredentialStore(
            credentials ?? [CredentialSource("the test") { keys }], now: Self.now, learned: { _ in })
        return AWSSession(
            region: region, credentials: store, metadata: metadata(),
            endpoints: Endpoints(environment: { environment[$0] }), transport: Self.transport(environment),
            patience: Patience(total: 20, settling: settling),
            clocks: AWSSession.Clocks(now: Self.now, steady: Self.steady, sleep: Self.shortly), waiting: { _ in })
    }

    /// No test waits as long as a host would.
    package static let shortly: @Sendable (Double) async -> Void = {
        try? await Task.sleep(for: .seconds(min($0, 0.02)))
    }
    private static let now: @Sendable () -> Double = { Date().timeIntervalSince1970 }
    private static let steady: @Sendable () -> Double = { ProcessInfo.processInfo.systemUptime }
}
