// A wait condition's handle: a presigned S3 URL to which one JSON object is put.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-waitcondition.html

package import InitCore

package struct WaitCondition: Sendable, Equatable {
    /// The URL is a credential: who has it can signal.
    private let url: Secret

    /// - Parameter text: the URL, or base64 of it; nil for anything else.
    package init?(_ text: String) {
        let text = text.trimmingBlanks()
        let decoded = lenientBase64(text).map { String(decoding: $0, as: UTF8.self).trimmingBlanks() }
        guard let url = [text, decoded].compactMap({ $0 }).first(where: { httpURL($0) != nil }) else { return nil }
        self.url = Secret(url)
    }

    package var secret: Secret { url }

    /// - Throws: `Failure` when the server says no, or nothing until the deadline.
    package func signal(
        success: Bool, reason: String, data: String, uniqueID: String, through session: WaitConditionTransport
    ) async throws {
        let body = JSONValue.object(
            JSONObject([
                ("Status", .string(success ? "SUCCESS" : "FAILURE")), ("Reason", .string(reason)),
                ("Data", .string(data)), ("UniqueId", .string(uniqueID)),
            ]))
        let url = url.reveal { String(decoding: $0, as: UTF8.self) }
        // The signature in the URL covers an empty type and no other.
        let call = HTTPCall(
            "PUT", url, headers: [(name: "Content-Type", value: "")], body: Array(body.pythonText.utf8))
        try await session.put(call)
    }
}

/// Puts until it is heard: a boot has nobody to press the button again.
package struct WaitConditionTransport: Sendable {
    private let transport: HTTPTransport
    private let patience: Patience
    private let clocks: AWSSession.Clocks

    package init(_ transport: HTTPTransport, patience: Patience, clocks: AWSSession.Clocks) {
        self.transport = transport
        self.patience = patience
        self.clocks = clocks
    }

    func put(_ call: HTTPCall) async throws {
        let deadline = clocks.steady() + patience.total
        var attempt = 0
        while true {
            attempt += 1
            var reason: String
            do {
                let answer = try await transport.send(call, within: min(60, max(1, deadline - clocks.steady())))
                if (200..<300).contains(answer.status) { return }
                let error = ServiceError(answer)
                reason = error.text
                guard error.isThrottling || error.isTransient else {
                    throw Failure(
                        .network,
                        "the wait condition refuses the signal: \(reason); its URL may have run out, or be cut off")
                }
            } catch let failure as Failure {
                throw failure
            } catch {
                let trouble = Trouble(error)
                reason = trouble.message
                guard !trouble.isFinal else {
                    throw Failure(.network, "the wait condition can't be reached: \(reason)")
                }
            }
            let pause = AWSSession.pause(attempt, unit: 0.05)
            guard clocks.steady() + pause < deadline else {
                throw Failure(.network, "the wait condition can't be reached (tried \(attempt) times): \(reason)")
            }
            await clocks.sleep(pause)
        }
    }
}
