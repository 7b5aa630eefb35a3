// The spellings of a reference: the contract's table, read strictly, since a slip of the pen would go into a file as it stands.

/// What is wrong with a reference, and what would be right.
package struct ReferenceError: Error, Sendable, Equatable {
    package let message: String

    init(_ message: String) { self.message = message }
}

extension Reference {
    /// The dynamic reference of CloudFormation, in the middle of a text too: `{{resolve:SERVICE:…}}`.
    static let opening = "{{resolve:"
    static let closing = "}}"

    enum Scheme: String, CaseIterable {
        case ssm = "ssm://"
        case secretsManager = "secretsmanager://"
        case s3 = "s3://"

        init?(of text: some StringProtocol) {
            guard let scheme = Self.allCases.first(where: { text.hasPrefix($0.rawValue) }) else { return nil }
            self = scheme
        }
    }

    /// - Parameter spelling: the whole of one, of either kind.
    package init(_ spelling: String) throws(ReferenceError) {
        if let scheme = Scheme(of: spelling) {
            try self.init(scheme, spelling)
        } else if spelling.hasPrefix(Self.opening), spelling.hasSuffix(Self.closing) {
            try self.init(inside: spelling.dropFirst(Self.opening.utf8.count).dropLast(Self.closing.utf8.count))
        } else {
            throw ReferenceError(
                "\(quoted(spelling)) is no reference; {{resolve:ssm:NAME}} or ssm:///NAME would be one")
        }
    }

    // MARK: {{resolve:SERVICE:…}}

    /// - Parameter body: what stands between `{{resolve:` and `}}`.
    init(inside body: Substring) throws(ReferenceError) {
        let service = body.prefix { $0 != ":" }
        let rest = body.dropFirst(service.count + 1)
        switch service {
        case "ssm", "ssm-secure": self = try Self.parameter(rest, of: String(service))
        case "secretsmanager": self = try Self.secret(rest)
        default:
            throw ReferenceError(
                "{{resolve:…}} knows no service \(quoted(service)); ssm, ssm-secure and secretsmanager are known")
        }
    }

    private static func parameter(_ text: Substring, of service: String) throws(ReferenceError) -> Reference {
        let wanted = "{{resolve:\(service):NAME}} or {{resolve:\(service):NAME:VERSION}} is wanted"
        let fields = fields(text)
        // arn:aws:ssm:REGION:ACCOUNT:parameter/NAME
        let count = fields[0] == "arn" ? 6 : 1
        guard fields.count == count || fields.count == count + 1 else {
            throw ReferenceError("\(quoted(text)) has \(fields.count) parts between colons; \(wanted)")
        }
        let name = fields[..<count].joined(separator: ":")
        try check(parameter: name, wanted)
        guard fields.count > count else { return .parameter(name: name, version: nil) }
        return .parameter(name: name, version: try version(fields[count]))
    }

    private static func secret(_ text: Substring) throws(ReferenceError) -> Reference {
        let wanted = "{{resolve:secretsmanager:ID[:SecretString[:JSONKEY[:STAGE[:VERSIONID]]]]}} is wanted"
        let fields = fields(text)
        // arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME
        let count = fields[0] == "arn" ? 7 : 1
        guard fields.count >= count, fields.count <= count + 4 else {
            throw ReferenceError("\(quoted(text)) has \(fields.count) parts between colons; \(wanted)")
        }
        let id = fields[..<count].joined(separator: ":")
        try check(secret: id, wanted)
        let rest = fields[count...].map { $0.isEmpty ? nil : String($0) } + [nil, nil, nil, nil]
        if let kind = rest[0], kind != "SecretString" {
            throw ReferenceError(
                "\(quoted(kind)) stands where only SecretString may stand (or nothing, between two colons); \(wanted)")
        }
        guard rest[2] == nil || rest[3] == nil else {
            throw ReferenceError(
                "stage and version id exclude each other; leave one of \(rest[2] ?? "") and \(rest[3] ?? "") out")
        }
        return .secret(id: id, key: rest[1], stage: rest[2], version: rest[3])
    }

    private static func fields(_ text: Substring) -> [Substring] {
        text.split(separator: ":", omittingEmptySubsequences: false)
    }

    // MARK: Schemes

    private init(_ scheme: Scheme, _ spelling: String) throws(ReferenceError) {
        guard !spelling.utf8.contains(where: { $0 <= 0x20 }) else {
            throw ReferenceError(
                "a blank or a line end stands in the reference; write %20 for a blank, and in YAML no | in front of it")
        }
        switch scheme {
        case .ssm:
            let wanted = "ssm:///NAME or ssm:///A/B is wanted, with ?version=N behind it for an old one"
            guard spelling.hasPrefix("ssm:///") else {
                throw ReferenceError("\(quoted(spelling)) has two slashes; \(wanted)")
            }
            let parts = try URLParts(spelling.dropFirst("ssm:///".count), knownQueries: ["version"], wanted)
            guard parts.fragment == nil else {
                throw ReferenceError("a parameter has no keys, so # and what follows has no meaning; \(wanted)")
            }
            let name = parts.path.contains("/") && !parts.path.hasPrefix("arn:") ? "/" + parts.path : parts.path
            try Self.check(parameter: name, wanted)
            self = .parameter(
                name: name,
                version: try parts.query.map { item throws(ReferenceError) in try Self.version(item.value[...]) })
        case .secretsManager:
            let wanted = "secretsmanager://ID[?stage=STAGE or ?version=VERSIONID][#JSONKEY] is wanted"
            let parts = try URLParts(
                spelling.dropFirst(scheme.rawValue.count), knownQueries: ["stage", "version"], wanted)
            try Self.check(secret: parts.path, wanted)
            self = .secret(
                id: parts.path, key: parts.fragment, stage: parts.query?.name == "stage" ? parts.query?.value : nil,
                version: parts.query?.name == "version" ? parts.query?.value : nil)
        case .s3:
            let wanted = "s3://BUCKET/KEY[?versionId=V] is wanted"
            // In a key # is a character like any other.
            let parts = try URLParts(
                spelling.dropFirst(scheme.rawValue.count), knownQueries: ["versionId"], hasFragment: false, wanted)
            let bucket = parts.path.prefix { $0 != "/" }
            let key = parts.path.dropFirst(bucket.count + 1)
            guard (3...255).contains(bucket.utf8.count), isMadeOf(bucket, lettersDigitsAnd: ".-_") else {
                throw ReferenceError(
                    "\(quoted(bucket)) is no name of a bucket: at least three of a-z, 0-9, . and -; \(wanted)")
            }
            guard !key.isEmpty else { throw ReferenceError("no key stands behind the bucket \(bucket); \(wanted)") }
            self = .object(bucket: String(bucket), key: String(key), version: parts.query?.value)
        }
    }

    /// `PATH[?NAME=VALUE][#FRAGMENT]`, all percent-decoded.
    private struct URLParts {
        var path: String
        var query: (name: String, value: String)?
        var fragment: String?

        init(
            _ text: Substring, knownQueries: [String], hasFragment: Bool = true, _ wanted: String
        ) throws(ReferenceError) {
            var rest = text
            if hasFragment, let mark = rest.firstIndex(of: "#") {
                let found = rest[rest.index(after: mark)...]
                guard !found.isEmpty else { throw ReferenceError("nothing stands behind #; \(wanted)") }
                guard !found.contains("?"), !found.contains("#") else {
                    throw ReferenceError("a ? or another # stands behind #; in a key write %3F and %23, else \(wanted)")
                }
                fragment = try Self.decoded(found)
                rest = rest[..<mark]
            }
            if let mark = rest.firstIndex(of: "?") {
                let items = rest[rest.index(after: mark)...].split(separator: "&", omittingEmptySubsequences: false)
                for item in items {
                    let name = item.prefix { $0 != "=" }
                    let value = item.dropFirst(name.count + 1)
                    guard knownQueries.contains(String(name)), !value.isEmpty else {
                        throw ReferenceError("?\(item) isn't known here; \(wanted)")
                    }
                }
                guard items.count == 1, let item = items.first else {
                    throw ReferenceError("stage and version exclude each other, and each stands once; \(wanted)")
                }
                let name = item.prefix { $0 != "=" }
                query = (String(name), try Self.decoded(item.dropFirst(name.count + 1)))
                rest = rest[..<mark]
            }
            path = try Self.decoded(rest)
        }

        private static func decoded(_ text: Substring) throws(ReferenceError) -> String {
            let (decoded, isClean) = percentDecoding(text)
            guard isClean, !decoded.utf8.contains(0) else {
                throw ReferenceError(
                    "\(quoted(text)) holds a % that no two hexadecimal digits follow; write %25 for the sign itself")
            }
            return decoded
        }
    }

    // MARK: Names

    private static func version(_ text: Substring) throws(ReferenceError) -> Int {
        guard let number = Int(text), number > 0, text.first != "+" else {
            throw ReferenceError("\(quoted(text)) is no version of a parameter; a whole number from 1 is")
        }
        return number
    }

    private static func check(parameter name: String, _ wanted: String) throws(ReferenceError) {
        guard !name.isEmpty else { throw ReferenceError("no name of a parameter stands in it; \(wanted)") }
        if name.hasPrefix("arn:") {
            let fields = fields(name[...])
            guard fields.count == 6, fields[2] == "ssm", fields[5].hasPrefix("parameter/"),
                fields.allSatisfy({ !$0.isEmpty })
            else {
                throw ReferenceError(
                    "\(quoted(name)) is no ARN of a parameter; arn:aws:ssm:REGION:ACCOUNT:parameter/NAME is one")
            }
            return
        }
        // Secrets that are read through Parameter Store bring their own characters along.
        let isSecret = name.hasPrefix("/aws/reference/secretsmanager/")
        guard isMadeOf(name, lettersDigitsAnd: isSecret ? "_.-/+=@!" : "_.-/"), name.utf8.count <= 2048 else {
            throw ReferenceError(
                "\(quoted(name)) is no name of a parameter: letters, digits, _ . - and / are; \(wanted)")
        }
        guard !name.hasSuffix("/"), !name.dropFirst().contains("//"), !name.hasPrefix("//") else {
            throw ReferenceError("\(quoted(name)) has nothing between two slashes, or behind the last; \(wanted)")
        }
    }

    private static func check(secret id: String, _ wanted: String) throws(ReferenceError) {
        guard !id.isEmpty else { throw ReferenceError("no name of a secret stands in it; \(wanted)") }
        if id.hasPrefix("arn:") {
            let fields = fields(id[...])
            guard fields.count == 7, fields[2] == "secretsmanager", fields[5] == "secret",
                fields.allSatisfy({ !$0.isEmpty })
            else {
                throw ReferenceError(
                    "\(quoted(id)) is no ARN of a secret; arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX is one"
                )
            }
            return
        }
        guard isMadeOf(id, lettersDigitsAnd: "/_+=.@!-"), id.utf8.count <= 2048 else {
            throw ReferenceError(
                "\(quoted(id)) is no name of a secret: letters, digits and / _ + = . @ ! - are; \(wanted)")
        }
    }
}

private func quoted(_ text: some StringProtocol) -> String {
    let longest = 100
    return text.count > longest ? "\u{201C}\(text.prefix(longest))…\u{201D}" : "\u{201C}\(text)\u{201D}"
}

/// ASCII letters and digits, and these.
private func isMadeOf(_ text: some StringProtocol, lettersDigitsAnd others: String) -> Bool {
    text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: others.utf8.contains(byte)
        }
    }
}
