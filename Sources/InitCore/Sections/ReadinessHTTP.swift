// A check's http, and the keys beside it: socket, host, status, body.

extension Readiness {
    static func httpCheck(
        _ node: JSONNode, in check: JSONNode, _ diagnostics: inout Diagnostics
    ) -> HTTPCheck? {
        guard let url = node.text(&diagnostics, wanted: "a URL") else { return nil }
        if let mistake = mistake(in: url) {
            diagnostics.error(node.path, "\u{201C}\(url)\u{201D} \(mistake)")
            return nil
        }
        var result = HTTPCheck(url)
        if let node = check.given("socket"), let path = node.text(&diagnostics) {
            // sun_path, less its end.
            if path.hasPrefix("/"), path.utf8.count <= 107 {
                result.socket = path
            } else {
                diagnostics.error(
                    node.path, "\u{201C}\(path)\u{201D} is no path of a Unix socket; /run/app.sock is one")
            }
        }
        if let node = check.given("host"), let host = node.text(&diagnostics) {
            if HostAndPort(host) != nil {
                result.host = host
            } else {
                diagnostics.error(node.path, "\u{201C}\(host)\u{201D} is no host name; code.example.com is one")
            }
        }
        if let node = check.given("status") { result.statuses = statuses(node, &diagnostics) }
        if let node = check.given("body"), let body = node.text(&diagnostics), !body.isEmpty { result.body = body }
        return result
    }

    private static func statuses(_ node: JSONNode, _ diagnostics: inout Diagnostics) -> [Int] {
        guard node.isList else { return node.whole(&diagnostics, 100...599).map { [$0] } ?? [] }
        if node.items.isEmpty { diagnostics.error(node.path, "the list is empty; a status is wanted, as 200") }
        return node.items.compactMap { $0.whole(&diagnostics, 100...599) }
    }

    /// What is wrong with a URL, to be read behind it.
    private static func mistake(in url: String) -> String? {
        let example = "http://127.0.0.1:8080/healthz is one"
        if url.hasPrefix("http://unix:") || url.hasPrefix("unix:") || url.hasPrefix("http+unix:") {
            return "names a Unix socket; write http://localhost/PATH and the socket's path under \u{201C}socket\u{201D}"
        }
        guard let separator = url.firstRange(of: "://") else { return "is no URL; \(example)" }
        guard ["http", "https"].contains(url[..<separator.lowerBound]) else {
            return "is asked for neither by http nor by https; \(example)"
        }
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"\"<>\\^`{|}#".utf8.contains($0) }) else {
            return "holds a character that may stand in no request; write it as %XX"
        }
        let authority = url[separator.upperBound...].prefix { $0 != "/" && $0 != "?" }
        if authority.contains("@") { return "holds a user, and a check sends none; check for the status 401" }
        return HostAndPort(String(authority)) == nil ? "names no host; \(example)" : nil
    }
}
