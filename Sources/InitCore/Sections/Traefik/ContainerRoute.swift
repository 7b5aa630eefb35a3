// `route` of a container: under which name Traefik serves it, and who may come in.

package struct ContainerRoute: Sendable, Equatable {
    package struct Login: Sendable, Equatable {
        package let user: String
        package let password: ReferencedText
    }

    /// By which it is reached in its network.
    package let container: String
    /// Lower case.
    package let hosts: [String]
    /// That the container listens on.
    package let port: Int
    package let login: Login?

    /// code-server's, in its image.
    static let port = 8080

    /// - Parameter domain: what a container without a `host` is served below.
    package init?(_ node: JSONNode, container: String, domain: String?, _ diagnostics: inout Diagnostics) {
        guard node.isMap else {
            node.complain("a map with host, port and auth", &diagnostics)
            return nil
        }
        node.checkKeys(["host", "port", "auth"], &diagnostics)
        self.container = container
        if let given = node.given("host") {
            hosts = given.texts(&diagnostics).compactMap { Self.host($0, at: given.path, &diagnostics) }
            guard !hosts.isEmpty else { return nil }
        } else if let domain {
            hosts = ["\(container).\(domain)".lowercased()]
        } else {
            diagnostics.error(
                node.path,
                "it has no \u{201C}host\u{201D}, and no \u{201C}traefik\u{201D} section names a \u{201C}domain\u{201D} to serve it below"
            )
            return nil
        }
        if let given = node.given("port") {
            guard let number = given.whole(&diagnostics, 1...65535) else { return nil }
            port = number
        } else {
            port = Self.port
        }
        if let given = node.given("auth") {
            guard let login = Login(given, &diagnostics) else { return nil }
            self.login = login
        } else {
            login = nil
        }
    }

    /// Nil after a complaint.
    static func host(_ text: String, at path: DocumentPath, _ diagnostics: inout Diagnostics) -> String? {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        let isLabel = { (label: Substring) in
            !label.isEmpty && label.utf8.count <= 63 && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.utf8.allSatisfy { byte in
                    byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z")
                        || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") || "-_".utf8.contains(byte)
                }
        }
        guard labels.allSatisfy(isLabel), text.utf8.count <= 253 else {
            diagnostics.error(path, "\u{201C}\(text)\u{201D} is no name of a host; dev-1.code.example.com is one")
            return nil
        }
        return text.lowercased()
    }

    /// Of all containers in the document, by config and item.
    package static func all(in document: JSONNode, _ facts: HostFacts, domain: String?) -> [ContainerRoute] {
        var ignored = Diagnostics()
        return containers(in: document, facts).compactMap { name, node in
            node.given("route").flatMap { ContainerRoute($0, container: name, domain: domain, &ignored) }
        }
    }

    /// Names as docker shows them, by config and item.
    static func containers(in document: JSONNode, _ facts: HostFacts) -> [(name: String, node: JSONNode)] {
        let others = ["networks", "registries"]
        var ignored = Diagnostics()
        return document.members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.flatMap { _, config in
            (config.given("containers")?.members ?? []).filter { !others.contains($0.key) && $0.node.value != .null }
                .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
                .flatMap { $0.node.countedContainers($0.key, facts, &ignored) }
        }
    }
}

extension ContainerRoute.Login {
    /// Nil after a complaint.
    init?(_ node: JSONNode, also others: [String] = [], _ diagnostics: inout Diagnostics) {
        guard node.isMap else {
            node.complain("a map with user and password", &diagnostics)
            return nil
        }
        node.checkKeys(["user", "password"] + others, &diagnostics)
        guard let userNode = node.given("user"), let passwordNode = node.given("password") else {
            let missing = node.given("user") == nil ? "user" : "password"
            diagnostics.error(node.path, "it has no \u{201C}\(missing)\u{201D}")
            return nil
        }
        guard let user = userNode.text(&diagnostics), let text = passwordNode.text(&diagnostics) else { return nil }
        // RFC 7617: the first colon ends the name. A comma ends it in Traefik 1.7's labels.
        guard !user.isEmpty,
            !user.unicodeScalars.contains(where: { $0.value < 0x21 || ":,\"\\\u{7f}".unicodeScalars.contains($0) })
        else {
            diagnostics.error(
                userNode.path,
                "\u{201C}\(user)\u{201D} can't be a user's name here: no blank, colon, comma, quote or backslash, and not empty"
            )
            return nil
        }
        guard !text.isEmpty else {
            diagnostics.error(passwordNode.path, "the password is empty; a reference (ssm:///…) is wanted")
            return nil
        }
        guard let password = ReferencedText(reading: text, at: passwordNode.path, &diagnostics) else { return nil }
        self.init(user: user, password: password)
    }
}
