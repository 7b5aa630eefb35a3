// An instance's config.yaml: read from the document, checked as code-server would, and written so that it reads it back.

struct CodeServerConfiguration: Sendable, Equatable {
    enum Value: Sendable, Equatable {
        /// As it is written: a number, `true`, a text or a list in quotes, which JSON and YAML have in common.
        case plain(String)
        case secret(ReferencedText)
    }

    /// By key.
    private(set) var values: [String: Value] = [:]
    /// Texts of keys that others look at.
    private var texts: [String: String] = [:]
    private(set) var address: HostAndPort?
    /// Whether `password` goes in as its hash.
    let hashesPassword: Bool

    static let defaultAddress = "127.0.0.1:8080"

    /// - Parameters:
    ///   - node: `config`, if it is given; `item`: what it stands in.
    ///   - version: of the code-server that is to read it, if that is known.
    init(_ node: JSONNode?, of item: JSONNode, version: CodeServerVersion?, _ diagnostics: inout Diagnostics) {
        hashesPassword = item.given("hashPassword")?.flag(&diagnostics) ?? false
        for (name, member) in node?.map(&diagnostics) ?? [] where member.value != .null {
            guard let key = CodeServerKey.byName[name] else {
                Self.complain(of: name, member.path, &diagnostics)
                continue
            }
            if let since = key.since, let version, version < since {
                diagnostics.error(
                    member.path, "code-server has this key since \(since), and \(version) doesn't start on it")
            }
            if let instead = key.deprecation {
                diagnostics.warning(member.path, "this key is deprecated; \u{201C}\(instead)\u{201D} is its successor")
            }
            read(key, member, version, &diagnostics)
        }
        let place = node?.path ?? item.path
        checkAddress(node, &diagnostics)
        checkPassword(node, item, place, &diagnostics)
        checkLiterals(&diagnostics)
        if texts["cert"] != nil, values["cert-key"] == nil {
            diagnostics.error(
                place, "\u{201C}cert\u{201D} names a certificate, and there is no \u{201C}cert-key\u{201D}")
        }
    }

    private static func complain(of name: String, _ path: DocumentPath, _ diagnostics: inout Diagnostics) {
        if let instead = CodeServerKey.commands[name] {
            diagnostics.error(
                path, "this isn't configuration: with it code-server does something else than serve; \(instead)")
        } else if let instead = CodeServerKey.gone[name] {
            diagnostics.error(path, "code-server has no such key any more; write \(instead)")
        } else {
            let known = CodeServerKey.all.map(\.name)
            diagnostics.error(
                path,
                "code-server has no such key\(suggestion(for: name, among: known)), and doesn't start on one that it doesn't know"
            )
        }
    }

    // MARK: Values

    private mutating func read(
        _ key: CodeServerKey, _ node: JSONNode, _ version: CodeServerVersion?, _ diagnostics: inout Diagnostics
    ) {
        switch key.kind {
        case .flag: if node.flag(&diagnostics) { values[key.name] = .plain("true") }
        case .number(let range):
            if let number = node.whole(&diagnostics, range) { set(key, "\(number)", isNumber: true) }
        case .list:
            let items = node.texts(&diagnostics)
            if items.contains("") { diagnostics.error(node.path, "there is an empty text in it") }
            if items.count > 1, let version, version < CodeServerKey.listsSince {
                diagnostics.error(
                    node.path, "code-server reads more than one in its file since \(CodeServerKey.listsSince)")
            }
            let list = JSONValue.array(items.map(JSONValue.string))
            if !items.isEmpty { values[key.name] = .plain(list.pythonText) }
        case .secret:
            guard let text = text(node, &diagnostics) else { return }
            guard let read = ReferencedText(reading: text, at: node.path, &diagnostics) else { return }
            values[key.name] = .secret(read)
        case .choice(let choices):
            guard let text = text(node, &diagnostics) else { return }
            texts[key.name] = text
            guard choices.contains(text) else {
                diagnostics.error(
                    node.path,
                    "\u{201C}\(text)\u{201D} isn't known here\(suggestion(for: text, among: choices)); \(choices.joined(separator: ", ")) are"
                )
                return
            }
            set(key, text)
        case .text: if let text = text(node, &diagnostics) { set(key, text) }
        case .path: if let text = path(node, &diagnostics) { set(key, text) }
        case .certificate:
            switch node.value {
            case .bool(false), .string("false"): break
            case .bool(true), .string("true"), .string(""): values[key.name] = .plain("true")
            default: if let text = path(node, &diagnostics) { set(key, text) }
            }
        }
    }

    private func text(_ node: JSONNode, _ diagnostics: inout Diagnostics) -> String? {
        guard let text = node.text(&diagnostics) else { return nil }
        guard !text.isEmpty else {
            diagnostics.error(node.path, "nothing stands here, and code-server wants a value; leave the key out")
            return nil
        }
        return text
    }

    private func path(_ node: JSONNode, _ diagnostics: inout Diagnostics) -> String? {
        text(node, &diagnostics).flatMap { plainPath($0, node, &diagnostics) }
    }

    private mutating func set(_ key: CodeServerKey, _ text: String, isNumber: Bool = false) {
        texts[key.name] = text
        values[key.name] = .plain(isNumber ? text : JSONValue.string(text).pythonText)
    }

    private mutating func checkAddress(_ node: JSONNode?, _ diagnostics: inout Diagnostics) {
        if values["socket"] != nil || values["socket-fd"] != nil { return }
        if let text = texts["bind-addr"], let path = node?["bind-addr"]?.path {
            guard let found = HostAndPort(text), found.port != nil else {
                diagnostics.error(path, "\u{201C}\(text)\u{201D} is no address; HOST:PORT is one, as 127.0.0.1:8008")
                return
            }
            address = found
        } else {
            address = HostAndPort(Self.defaultAddress)
            if texts["host"] == nil, texts["port"] == nil {
                set(CodeServerKey("bind-addr", .text), Self.defaultAddress)
            }
        }
        if let host = texts["host"] ?? address?.host, let port = texts["port"] ?? address?.port.map(String.init) {
            address = HostAndPort(host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)")
        }
    }

    private mutating func checkPassword(
        _ node: JSONNode?, _ item: JSONNode, _ place: DocumentPath, _ diagnostics: inout Diagnostics
    ) {
        let auth = texts["auth"] ?? "password"
        if texts["auth"] == nil { set(CodeServerKey("auth", .text), auth) }
        let given = ["password", "hashed-password"].filter { node?.given($0) != nil }
        if auth == "none" {
            if let name = given.first, let path = node?[name]?.path {
                diagnostics.warning(path, "with \u{201C}auth\u{201D}: \u{201C}none\u{201D} nobody is asked for it")
            }
            if let address, !address.isLoopback {
                diagnostics.warning(
                    place,
                    "whoever reaches \(address.host) has a terminal here, without a password: \u{201C}auth\u{201D} is none"
                )
            }
            return
        }
        guard auth == "password" else { return }
        if given.isEmpty, values["password"] == nil, values["hashed-password"] == nil {
            diagnostics.error(
                place,
                "there is no \u{201C}password\u{201D}, a reference (secretsmanager://ide) or the text, and without one code-server doesn't start; \u{201C}auth\u{201D}: \u{201C}none\u{201D} does without"
            )
        }
        if hashesPassword {
            if given == ["hashed-password"], let path = item["hashPassword"]?.path {
                diagnostics.error(path, "there is no \u{201C}password\u{201D} to hash")
            } else if given.count == 2, let path = node?["hashed-password"]?.path {
                diagnostics.error(
                    path,
                    "\u{201C}hashPassword\u{201D} makes this one from \u{201C}password\u{201D}; give one of the two")
            }
        }
    }

    // MARK: For others

    subscript(_ key: String) -> String? { texts[key] }

    /// Unless the document has it.
    mutating func fill(_ name: String, _ text: String) {
        if values[name] == nil { set(CodeServerKey(name, .text), text) }
    }

    var asksForPassword: Bool { texts["auth"] != "none" }

    var references: [NamedReference] {
        CodeServerKey.all.flatMap { key in
            if case .secret(let text)? = values[key.name] { text.references } else { [NamedReference]() }
        }
    }

    /// What the document has in clear.
    var secrets: [Secret] {
        values.values.compactMap { value in
            guard case .secret(let text) = value, text.references.isEmpty else { return nil }
            return try? text.filled(ReferenceValues())
        }
    }
}

extension HostAndPort {
    var text: String { (host.contains(":") ? "[\(host)]" : host) + (port.map { ":\($0)" } ?? "") }

    var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
}
