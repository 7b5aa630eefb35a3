// HTTP_PROXY, HTTPS_PROXY and NO_PROXY in either case, as curl and Python know them.

import AsyncHTTPClient
import InitCore

package struct Proxies: Sendable {
    private let environment: @Sendable (String) -> String?
    /// From the command line; they go before the environment.
    private let http: String?
    private let https: String?

    package init(environment: @escaping @Sendable (String) -> String?, http: String? = nil, https: String? = nil) {
        self.environment = environment
        self.http = http
        self.https = https
    }

    /// Of the proxy for a URL, as it was spelled; nil: none.
    func proxy(for url: String) -> String? {
        guard let parts = URLParts(url) else { return nil }
        let isSecure = parts.scheme == "https"
        guard let proxy = (isSecure ? https : http) ?? value(isSecure ? "https_proxy" : "http_proxy") else {
            return nil
        }
        return isExempt(parts.host) ? nil : proxy
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

    /// - Throws: `Failure(.usage)` for a spelling that names no host.
    static func configuration(_ text: String) throws -> HTTPClient.Configuration.Proxy {
        let url = Download(url: text.contains("://") ? text : "http://\(text)")
        guard let parts = URLParts(url.plainURL) else {
            throw Failure(.usage, "the proxy \(url.shownURL) is no [scheme://][user:password@]host:port")
        }
        let port = parts.authority.dropFirst(parts.host.count).dropFirst()
        guard let credentials = url.userInfo else { return .server(host: parts.host, port: Int(port) ?? 80) }
        return .server(
            host: parts.host, port: Int(port) ?? 80,
            authorization: .basic(username: credentials.user, password: credentials.password))
    }
}
