// What nginx looks like on this host: Debian's layout, Amazon Linux's, nginx.org's.

struct NginxHost {
    private let probe: Probe

    init(_ probe: Probe) { self.probe = probe }

    var isInstalled: Bool {
        get throws {
            try ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"].contains {
                try probe.status($0 + "/nginx") != nil
            }
        }
    }

    /// A kernel without it refuses to listen to [::]. In another root nobody knows the kernel.
    var hasIPv6: Bool {
        get throws { try probe.status("/proc/net/if_inet6") != nil || probe.status("/proc/net/route") == nil }
    }

    /// The link to Debian's stock site, if it is in force.
    var stockSite: NginxStockSite? {
        get throws {
            guard try probe.status(Nginx.stockSite)?.kind == .link else { return nil }
            return NginxStockSite(path: Nginx.stockSite, target: try probe.linkTarget(Nginx.stockSite))
        }
    }

    /// A main file of somebody's own may leave out conf.d: nginx would start, and know nothing of our server.
    func checkIncludes(_ now: Planning) throws {
        guard try probe.status(Nginx.main) != nil else {
            throw Failure(.host, "there is no \(Nginx.main) on this host; install nginx anew, or write it in files")
        }
        let text = String(decoding: try probe.read(Nginx.main), as: UTF8.self)
        let isIncluded = text.split(whereSeparator: \.isNewline).contains { line in
            let words = line.prefix { $0 != "#" }.split(whereSeparator: { " \t;\"'{".contains($0) })
            guard let keyword = words.firstIndex(of: "include") else { return false }
            return words[keyword...].contains { $0.hasSuffix("conf.d/*.conf") || $0.hasSuffix("conf.d/*") }
        }
        guard !isIncluded, now.ledger.awaits("files", "commands") == nil else { return }
        throw Failure(
            .host,
            "\(Nginx.main) doesn't include \(Nginx.directory)/*.conf, so nginx would never read this server; write \u{201C}include \(Nginx.directory)/*.conf;\u{201D} in its http block"
        )
    }
}

/// Debian's stock site, a link in sites-enabled: taken out while a server of ours answers by default, and noted in that one's file.
struct NginxStockSite: Equatable {
    let path: String
    let target: String

    private static let beginning = "Stands in for "
    private static let arrow = " -> "

    init(path: String, target: String) {
        self.path = path
        self.target = target
    }

    init?(notedIn file: [UInt8]) {
        let lines = String(decoding: file.prefix(4096), as: UTF8.self).split(separator: "\n").prefix(5)
        guard let note = lines.first(where: { $0.hasPrefix("# " + Self.beginning) }),
            let arrow = note.firstRange(of: Self.arrow)
        else { return nil }
        path = String(note[..<arrow.lowerBound].dropFirst(2 + Self.beginning.count))
        target = String(note[arrow.upperBound...])
        guard path == Nginx.stockSite, !target.isEmpty else { return nil }
    }

    /// A line for our file's header.
    var note: String { Self.beginning + path + Self.arrow + target }

    var link: LinkWrite { LinkWrite(path, target: target, keepsBackup: false) }
}
