// One call of an AWS service, and how it may fail.

import InitCore

package struct ServiceCall: Sendable {
    var service: Service
    /// For messages: `DescribeStackResource`.
    var action: String
    var method = "POST"
    var path = "/"
    var query: [(String, String)] = []
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []
    /// Another than the session's (an S3 bucket's).
    var region: String?
    /// Instead of the service's own: scheme, host and port.
    var host: String?
    /// Whether an instance without a role may make it, by its identity document.
    var allowsIdentity = false
    /// Whether a no may be one of a role that isn't known everywhere yet, and is worth waiting for.
    var settles = true
    /// Bytes that an answer may have.
    var largestAnswer = HTTPTransport.largestAnswer

    /// A call of the query protocol (CloudFormation, EC2), whose parameters stand in the URL.
    static func query(_ service: Service, _ action: String, version: String, _ parameters: [(String, String)]) -> Self {
        ServiceCall(
            service: service, action: action, method: "GET",
            query: [("Action", action)] + parameters + [("Version", version)])
    }

    /// A call of the JSON 1.1 protocol.
    static func json(_ service: Service, _ action: String, target: String, _ body: JSONValue) -> Self {
        ServiceCall(
            service: service, action: action,
            headers: [
                (name: "Content-Type", value: "application/x-amz-json-1.1"),
                (name: "X-Amz-Target", value: "\(target).\(action)"),
            ], body: Array(body.pythonText.utf8))
    }
}

/// What a service said instead of an answer.
package struct ServiceError: Error, Sendable, Equatable {
    package let status: Int
    /// `AccessDenied`, `ThrottlingException` …; empty where the answer holds none.
    package let code: String
    package let message: String
    /// Where S3 says that the bucket is elsewhere: its region.
    let region: String?

    package var text: String {
        if code.isEmpty { return "the server answers \(status)" + (message.isEmpty ? "" : ": \(message)") }
        return message.isEmpty ? code : "\(code): \(message)"
    }

    package init(status: Int, code: String, message: String) {
        self.status = status
        self.code = code
        self.message = message
        region = nil
    }

    /// Reads the three shapes in which AWS tells errors: JSON with `__type`, JSON with `Error`, XML.
    init(_ answer: HTTPAnswer) {
        status = answer.status
        var element: XMLElement?
        if let value = try? JSONParser.parse(answer.body, name: "answer").value {
            let node = JSONNode(value)
            let error = node["Error"] ?? node
            let named = error["Code"] ?? error["__type"] ?? error["code"]
            code = Self.text(named).split(separator: "#").last?.split(separator: ":").first.map(String.init) ?? ""
            message = Self.told(Self.text(error["Message"] ?? error["message"]))
        } else if let root = XMLElement(answer.body) {
            // S3: Error; query: ErrorResponse > Error; EC2: Response > Errors > Error.
            let error = root["Error"] ?? root["Errors"]?["Error"] ?? root
            if root.name == Self.invalidBatch {
                // Route 53's own form for this one: Messages > Message.
                code = root.name
                let messages = root["Messages"]?.children ?? []
                message = Self.told(messages.map(\.text).joined(separator: ", "))
            } else {
                code = error["Code"]?.text ?? ""
                message = Self.told(error["Message"]?.text ?? "")
            }
            element = error
        } else {
            code = ""
            message = ""
        }
        region = S3.region(of: answer, element)
    }

    /// Nothing of a change of records was done.
    static let invalidBatch = "InvalidChangeBatch"

    /// A success that isn't in the service's language.
    init(garbled answer: HTTPAnswer) {
        self.init(
            status: answer.status, code: "",
            message: "the answer isn't AWS's; is there something in between that wants a login first?")
    }

    /// The reason alone: a refused signature is followed by all that should have been signed, the session's token too.
    private static func told(_ message: String) -> String {
        String(message.prefix { !$0.isNewline }.prefix(600))
    }

    private static func text(_ node: JSONNode?) -> String {
        if case .string(let text)? = node?.value { text } else { "" }
    }

    // MARK: What to do about it

    /// botocore's retries/standard.py.
    private static let throttling: Set<String> = [
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException", "RequestThrottled",
        "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
        "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "SlowDown", "EC2ThrottledException",
        "PriorRequestNotComplete",
    ]
    private static let transient: Set<String> = [
        "RequestTimeout", "RequestTimeoutException", "InternalError", "InternalServerError", "InternalFailure",
        "ServiceUnavailable", "ServiceUnavailableException", "InternalServiceError",
    ]
    private static let expired: Set<String> = [
        "ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired",
    ]
    private static let wrongClock: Set<String> = [
        "RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure",
        "RequestInTheFuture",
    ]
    /// Right after a role was attached, or made, its keys aren't known everywhere.
    private static let unsettled: Set<String> = [
        "InvalidClientTokenId", "InvalidAccessKeyId", "UnrecognizedClientException", "InvalidToken",
    ]

    var isThrottling: Bool { Self.throttling.contains(code) || status == 429 || status == 503 && code == "SlowDown" }
    var isTransient: Bool {
        Self.transient.contains(code) || status >= 500 || status == 408
            || (code.isEmpty && region == nil && status != 403 && status != 404)
    }
    var isExpired: Bool { Self.expired.contains(code) }
    var mayBeClock: Bool { Self.wrongClock.contains(code) || isExpired }
    /// Whether the signature came too late or too early. A request may have lain somewhere (a machine that slept).
    var isUntimely: Bool {
        ["RequestTimeTooSkewed", "RequestInTheFuture"].contains(code)
            || ["Signature expired", "Signature not yet current"].contains(where: message.hasPrefix)
    }
    package var isDenied: Bool {
        ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"].contains(code)
    }
    var isUnsettled: Bool { Self.unsettled.contains(code) || isDenied }
}
