// The endpoint that ECS and EKS give their containers.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html

import Glibc
import InitCore

struct ContainerCredentials: Sendable {
    let environment: @Sendable (String) -> String?
    let transport: HTTPTransport

    func load() async throws -> Credentials? {
        let url: String
        if let path = value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            url = "http://169.254.170.2\(path)"
        } else if let full = value("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            url = full
            try check(full)
        } else {
            return nil
        }
        var headers: [(name: String, value: String)] = []
        if let token = try token() { headers.append((name: "Authorization", value: token)) }
        do {
            let answer = try await transport.send(
                HTTPCall("GET", url, headers: headers), within: 5, connectingWithin: 1, goesDirectly: true)
            guard answer.status == 200, let credentials = Credentials(json: answer.body) else {
                throw Failure(.network, "the container's credentials endpoint answers \(answer.status) and no keys")
            }
            return credentials
        } catch let error where !(error is Failure) {
            throw Failure(.network, "the container's credentials endpoint can't be reached: \(Trouble(error).message)")
        }
    }

    private func value(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }

    private func token() throws -> String? {
        guard let path = value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") else {
            return value("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw Failure(
                .usage, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        return readText(descriptor).trimmingBlanks()
    }

    /// Plain http goes only to hosts that are this machine or its own network's.
    private func check(_ url: String) throws {
        let trusted = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "localhost", "127.0.0.1", "[::1]"]
        guard let parts = URLParts(url),
            parts.scheme == "https" || parts.scheme == "http" && trusted.contains(parts.host)
        else {
            throw Failure(.usage, "AWS_CONTAINER_CREDENTIALS_FULL_URI names neither https nor a host of this machine")
        }
    }
}
