// HTTP_PROXY, HTTPS_PROXY and NO_PROXY in either case, as curl and Python know them.

import AsyncHTTPClient
import InitCore

struct Proxies: Sendable {
    let environment: @Sendable (String) -> String?

    /// Of the proxy for a URL, as the environment spells it; nil: none.
    func proxy(for url: String) -> String? {
        let isSecure = url.lowercased().hasPrefix("https:")
        guard let proxy = value(isSecure ? "https_proxy" : "http_proxy") else { return nil }
        return isExempt(Self.host(of: url)) ? nil : proxy
    }

    private func value(_ name: String) -> String? {
        [name, name.uppercased()].lazy.compactMap(environment).first { !$0.isEmpty }
    }

    /// `NO_PROXY`: host names and their domains, or `*`.
    private func isExempt(_ host: String) -> Bool {
        (value("no_proxy") ?? "").split(separator: ",").contains { entry in
            let name = entry.trimmingBlanks().lowercased().drop { $0 == "." }
            return name == "*" || host == name || host.hasSuffix(".\(name)")
        }
    }

    static func configuration(_ text: String) -> HTTPClient.Configuration.Proxy {
        let url = Download(url: text.contains("://") ? text : "http://\(text)")
        let port = authority(of: url.plainURL).split(separator: ":").last.flatMap { Int($0) } ?? 80
        guard let credentials = url.userInfo else { return .server(host: host(of: url.plainURL), port: port) }
        return .server(
            host: host(of: url.plainURL), port: port,
            authorization: .basic(username: credentials.user, password: credentials.password))
    }

    private static func authority(of url: String) -> Substring {
        guard let start = url.firstRange(of: "://")?.upperBound else { return "" }
        return url[start...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    }

    /// Lower case, without the port.
    private static func host(of url: String) -> String {
        let authority = authority(of: url)
        if authority.hasPrefix("[") { return String(authority.prefix { $0 != "]" }) + "]" }
        return authority.prefix { $0 != ":" }.lowercased()
    }
}
