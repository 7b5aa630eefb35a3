// What the document says about a download: where it lies, what it must be, who asks for it.

struct WishedDownload: Sendable, Equatable {
    let url: String
    let sha256: String?
    /// Nil: whatever the URL itself says.
    let credentials: Authentication.Credentials?

    var references: [NamedReference] { credentials?.references ?? [] }

    /// For facts and comparisons, with nobody's credentials.
    var bare: Download { Download(url: url, sha256: sha256) }

    /// - Parameters:
    ///   - item: the map with `sha256`, if it is one.
    ///   - name: the entry of Authentication that a file names.
    /// - Returns: nil after a complaint: anything that isn't http, https or s3.
    init?(
        _ source: JSONNode, _ text: String, of item: JSONNode, _ authentication: Authentication, named name: JSONNode?,
        _ diagnostics: inout Diagnostics
    ) {
        if Reference.Scheme(of: text) == .s3 {
            do throws(ReferenceError) {
                _ = try Reference(text)
            } catch {
                diagnostics.error(source.path, error.message)
                return nil
            }
        } else if httpURL(text) == nil {
            diagnostics.error(
                source.path, text.contains("://") ? unknownScheme(text) : "\u{201C}\(text)\u{201D} is no URL")
            return nil
        } else if Reference.isIn(text) {
            diagnostics.ignored(
                source.path,
                "a reference stands in the URL, which is no place for a secret; name the credentials in \(Authentication.key)"
            )
        }
        url = text
        sha256 = item.sha256(&diagnostics)
        credentials = authentication.credentials(for: text, named: name, &diagnostics)
    }

    func download(_ values: ReferenceValues) throws -> Download {
        var download = bare
        switch credentials {
        case nil: break
        case .basic(let user, let password)?:
            download.access = .basic(user: try user.filledText(values), password: try password.filled(values))
        case .keys(let id, let secret)?:
            download.access = .keys(id: try id.filledText(values), secret: try secret.filled(values))
        case .role(let name)?: download.access = .role(name)
        }
        return download
    }
}

extension JSONNode {
    /// A SHA-256 sum in its lower-case spelling.
    func sha256(_ diagnostics: inout Diagnostics) -> String? {
        guard let node = given("sha256"), let text = node.text(&diagnostics) else { return nil }
        guard text.utf8.count == 64, text.allSatisfy(\.isHexDigit) else {
            diagnostics.error(node.path, "a SHA-256 sum has 64 hexadecimal digits; this has \(text.count) characters")
            return nil
        }
        return text.lowercased()
    }
}

/// The text if it is an http or https URL; the scheme's case doesn't matter.
package func httpURL(_ text: String) -> String? {
    let lower = text.lowercased()
    return lower.hasPrefix("http://") || lower.hasPrefix("https://") ? text : nil
}

private func unknownScheme(_ source: String) -> String {
    let scheme = source.prefix { $0 != ":" }
    return "\(scheme):// is not known here; http://, https:// and s3:// are"
}
