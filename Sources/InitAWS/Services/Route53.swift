// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html

import InitCore

struct Route53: Sendable {
    private static let version = "2013-04-01"

    let session: AWSSession

    /// Where a page begins.
    struct Position: Sendable, Equatable {
        let name: DNSName
        var type: String?
        /// Of several of one name and type.
        var identifier: String?
    }

    struct Page: Sendable {
        let sets: [DNSRecordSet]
        /// Nil: this was the last one.
        let next: Position?
    }

    /// - Throws: `ServiceError`, `Failure`.
    func list(_ zone: String, from start: Position?) async throws -> Page {
        var call = call("ListResourceRecordSets", "hostedzone/\(zone)/rrset")
        if let start {
            call.query = [("name", start.name.description)]
            if let type = start.type { call.query.append(("type", type)) }
            if let identifier = start.identifier { call.query.append(("identifier", identifier)) }
        }
        return try await session.answer(call) { answer in
            guard let root = XMLElement(answer.body), let sets = root["ResourceRecordSets"],
                let isTruncated = root["IsTruncated"]?.text
            else { return nil }
            let next = root["NextRecordName"].map {
                Position(
                    name: DNSName(told: $0.text), type: root["NextRecordType"]?.text,
                    identifier: root["NextRecordIdentifier"]?.text)
            }
            return Page(sets: sets.children.compactMap(DNSRecordSet.init), next: isTruncated == "true" ? next : nil)
        }
    }

    /// - Returns: the change's id.
    /// - Throws: `ServiceError`; with code `InvalidChangeBatch` nothing of it was done.
    func change(_ zone: String, _ edits: [(action: String, set: DNSRecordSet)]) async throws -> String {
        var call = call("ChangeResourceRecordSets", "hostedzone/\(zone)/rrset")
        call.method = "POST"
        call.headers = [(name: "Content-Type", value: "text/xml")]
        call.body = Array(Self.body(edits).utf8)
        return try await session.answer(call) { answer in
            guard let id = XMLElement(answer.body)?["ChangeInfo"]?["Id"]?.text else { return nil }
            return id.split(separator: "/").last.map(String.init)
        }
    }

    /// Whether it is on all of Route 53's servers.
    func isInSync(_ change: String) async throws -> Bool {
        try await session.answer(call("GetChange", "change/\(change)")) { answer in
            XMLElement(answer.body)?["ChangeInfo"]?["Status"].map { $0.text == "INSYNC" }
        }
    }

    private func call(_ action: String, _ path: String) -> ServiceCall {
        ServiceCall(service: .route53, action: action, method: "GET", path: "/\(Self.version)/\(path)")
    }

    /// The order of its elements is part of the schema.
    static func body(_ edits: [(action: String, set: DNSRecordSet)]) -> String {
        let changes = edits.map { action, set in
            let values = set.values.map { element("ResourceRecord", element("Value", escaped($0))) }.joined()
            return element(
                "Change",
                element("Action", action)
                    + element(
                        "ResourceRecordSet",
                        element("Name", escaped(set.name.description)) + element("Type", set.type)
                            + element("TTL", "\(set.ttl)") + element("ResourceRecords", values)))
        }
        let batch = element("ChangeBatch", element("Changes", changes.joined()))
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            + "<ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/\(version)/\">\(batch)</ChangeResourceRecordSetsRequest>"
    }

    private static func element(_ name: String, _ inside: String) -> String { "<\(name)>\(inside)</\(name)>" }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}

extension DNSRecordSet {
    /// Nil for anything else.
    fileprivate init?(_ element: XMLElement) {
        guard let name = element["Name"]?.text, let type = element["Type"]?.text else { return nil }
        var peculiarity: String?
        if let alias = element["AliasTarget"] {
            peculiarity = "an alias for \(DNSName(told: alias["DNSName"]?.text ?? "something"))"
        } else if element["SetIdentifier"] != nil || element["TrafficPolicyInstanceId"] != nil {
            peculiarity = "part of a routing policy"
        }
        self.init(
            DNSName(told: name), type, ttl: element["TTL"].flatMap { Int($0.text) } ?? 0,
            values: (element["ResourceRecords"]?.children ?? []).compactMap { $0["Value"]?.text },
            peculiarity: peculiarity)
    }
}
