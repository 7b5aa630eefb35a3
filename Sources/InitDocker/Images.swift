// Images: looked at, held against their registry, pulled.

import InitCore
import Synchronization

extension DockerEngine {
    func image(_ name: String) async throws -> ImageState? {
        guard let found = try await look("/images/\(Self.path(name))/json", "image \(name) can't be looked at"),
            let id = found["Id"]?.string
        else { return nil }
        let digests = found["RepoDigests"]?.items.compactMap { $0.string?.split(separator: "@").last.map(String.init) }
        return ImageState(id: id, digests: digests ?? [], user: found["Config"]?["User"]?.string ?? "")
    }

    private static func path(_ name: String) -> String { percentEncoded(name, keeping: "/:@") }

    /// The daemon asks the registry.
    func publishedDigest(_ name: String, _ login: RegistryLogin) async throws -> String? {
        let answer = try await socket.call(
            "GET", "/distribution/\(Self.path(name))/json", headers: try await headers(login, for: name))
        guard answer.status == 200 else {
            throw Failure(.unreadable, "the registry can't be asked for \(name): Docker says: \(answer.message)")
        }
        guard let digest = try answer.json()["Descriptor"]?["digest"]?.string else {
            throw Failure(.unreadable, "the registry tells no digest of \(name)")
        }
        return digest
    }

    /// - Returns: whether another image has the name now.
    func pull(_ name: String, _ login: RegistryLogin) async throws -> Bool {
        let before = try await image(name)?.id
        guard let parsed = ImageName(name) else { throw Failure(.host, "\(name) is no image's name") }
        let path =
            "/images/create?fromImage=\(percentEncoded(parsed.repository))&tag=\(percentEncoded(parsed.wanted))"
        let headers = try await headers(login, for: name)
        // A registry that is busy, or a line that breaks, is worth some more tries; a no is a no.
        for attempt in 1... {
            let log = PullLog(image: name, progress: progress)
            let answer = try await socket.lines("POST", path, headers: headers) { try log.take($0) }
            let trouble = answer.status == 200 ? log.error : answer.message
            guard let trouble else { break }
            guard attempt < 4, Self.mayPass(trouble) else { throw refusal(of: name, trouble, login) }
            await sleep(Double(1 << attempt))
            if let reason = stopReason() { throw reason }
        }
        guard let after = try await image(name) else {
            throw Failure(.host, "image \(name) was pulled, and yet Docker doesn't have it")
        }
        return after.id != before
    }

    private static func mayPass(_ trouble: String) -> Bool {
        let final = [
            "not found", "denied", "unauthorized", "no basic auth", "manifest unknown", "invalid", "no matching",
        ]
        return !final.contains { trouble.lowercased().contains($0) }
    }

    private func refusal(of name: String, _ trouble: String, _ login: RegistryLogin) -> Failure {
        let registry = ImageName(name)?.registry ?? ""
        let advice =
            switch login {
            case .none
            where trouble.contains("denied") || trouble.contains("unauthorized") || trouble.contains("no basic auth"):
                "; is its name right? If it needs a login, name one for \(registry) in \u{201C}registries\u{201D}"
            case .password where trouble.contains("denied") || trouble.contains("unauthorized"):
                "; are user and password for \(registry) right, and may they pull it?"
            case .ecr where trouble.contains("denied") || trouble.contains("not found"):
                "; does it exist, and may the role ecr:BatchGetImage and ecr:GetDownloadUrlForLayer?"
            default: trouble.contains("not found") || trouble.contains("manifest unknown") ? "; is its name right?" : ""
            }
        return Failure(.network, "image \(name) can't be pulled: Docker says: \(trouble)\(advice)")
    }

    // MARK: Logins

    /// https://docs.docker.com/reference/api/engine/#section/Authentication
    private func headers(_ login: RegistryLogin, for image: String) async throws -> [(String, String)] {
        let user: String
        let password: Secret
        let registry = ImageName(image)?.registry ?? ImageName.hub
        switch login {
        case .none: return []
        case .password(let name, let secret):
            user = name.reveal { String(decoding: $0, as: UTF8.self) }
            password = secret
        case .ecr(let registry):
            guard let name = ECRName(registry) else { throw Failure(.host, "\(registry) is no registry of Amazon ECR") }
            (user, password) = try await logins.login(registry) { [ecrLogin] in try await ecrLogin(name) }
        }
        let body = JSONValue.object(
            JSONObject([
                ("username", .string(user)),
                ("password", .string(password.reveal { String(decoding: $0, as: UTF8.self) })),
                ("serveraddress", .string(registry == ImageName.hub ? "https://index.docker.io/v1/" : registry)),
            ]))
        return [("X-Registry-Auth", base64URL(Array(body.pythonText.utf8)))]
    }
}

/// Tokens hold for hours, and one is for all of a registry's images.
final class RegistryTokens: Sendable {
    private let byRegistry = Mutex<[String: Once<(user: String, password: Secret)>]>([:])

    func login(
        _ registry: String, _ fetch: @escaping @Sendable () async throws -> (user: String, password: Secret)
    ) async throws -> (user: String, password: Secret) {
        let token = byRegistry.withLock { byRegistry in
            let token = byRegistry[registry] ?? Once()
            byRegistry[registry] = token
            return token
        }
        return try await token.value(fetch)
    }
}

/// What a pull says on its way: one JSON object a line, the error of a pull that failed among them.
final class PullLog: Sendable {
    private struct Inside {
        var layers: [String: (done: Int, total: Int)] = [:]
        var error: String?
        var told = ""
    }

    private let image: String
    private let progress: @Sendable (String) -> Void
    private let inside = Mutex(Inside())

    init(image: String, progress: @escaping @Sendable (String) -> Void) {
        self.image = image
        self.progress = progress
    }

    var error: String? { inside.withLock(\.error) }

    func take(_ line: [UInt8]) throws {
        guard line.contains(where: { $0 > 0x20 }) else { return }
        let node = JSONNode(try JSONParser.parse(line, name: "Docker's progress").value)
        let text: String? = inside.withLock { inside in
            if let error = node["errorDetail"]?["message"]?.string ?? node["error"]?.string {
                inside.error = error.trimmingBlanks()
                return nil
            }
            guard node["status"]?.string == "Downloading", let id = node["id"]?.string,
                let detail = node["progressDetail"], let done = detail["current"]?.integer
            else { return nil }
            inside.layers[id] = (done, detail["total"]?.integer ?? done)
            let (sum, total) = inside.layers.values.reduce((0, 0)) { ($0.0 + $1.done, $0.1 + $1.total) }
            // Tenths: more would be noise.
            let tenth = total > 0 ? sum * 10 / total : 0
            let text = "pulling \(image): \(tenth)0 % of \(max(total >> 20, 1)) MB"
            guard text != inside.told, total >= 10 << 20 else { return nil }
            inside.told = text
            return text
        }
        if let text { progress(text) }
    }
}

/// With - and _, and with its = signs, as the Engine reads it.
func base64URL(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    var result: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        let value = group.reduce(0) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
        for place in 0..<4 {
            result.append(
                place <= group.count ? digits[Int(value >> UInt32(18 - 6 * place) & 63)] : UInt8(ascii: "="))
        }
    }
    return String(decoding: result, as: UTF8.self)
}
