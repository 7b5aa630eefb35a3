// Which object of S3 a URL names, in any of the spellings that S3 has had.

package struct S3Location: Sendable, Equatable {
    package let bucket: String
    /// Percent-decoded.
    package let key: String
    /// Nil where the URL doesn't tell: `s3://`, the global and the accelerated hosts.
    package let region: String?
    package let versionId: String?
    /// As written, with its port; nil for `s3://`.
    package let host: String?

    package init(bucket: String, key: String, region: String? = nil, versionId: String? = nil, host: String? = nil) {
        self.bucket = bucket
        self.key = key
        self.region = region
        self.versionId = versionId
        self.host = host
    }

    /// - Parameter url: `s3://BUCKET/KEY`, or http(s) with the bucket in front of the host or of the path; `?versionId=V`.
    /// - Returns: nil for all else: another host, a website endpoint, an access point, no key.
    package init?(url: String) {
        guard let colon = url.firstRange(of: "://") else { return nil }
        let scheme = url[..<colon.lowerBound].lowercased()
        var rest = url[colon.upperBound...].prefix { $0 != "#" || scheme == "s3" }
        var version: String?
        if let mark = rest.firstIndex(of: "?") {
            for item in rest[rest.index(after: mark)...].split(separator: "&") where item.hasPrefix("versionId=") {
                let value = percentDecoded(item.dropFirst("versionId=".count))
                version = value.isEmpty ? nil : value
            }
            rest = rest[..<mark]
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        let path = rest[slash...].dropFirst()
        if scheme == "s3" {
            guard !authority.isEmpty, !path.isEmpty else { return nil }
            self.init(bucket: String(authority), key: percentDecoded(path), versionId: version)
            return
        }
        guard scheme == "http" || scheme == "https" else { return nil }
        let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        guard let endpoint = S3Endpoint(host: host) else { return nil }
        let bucket: Substring
        let key: Substring
        if let name = endpoint.bucket {
            (bucket, key) = (name, path)
        } else {
            bucket = path.prefix { $0 != "/" }
            key = path.dropFirst(bucket.count + 1)
        }
        guard !bucket.isEmpty, !key.isEmpty else { return nil }
        self.init(
            bucket: percentDecoded(bucket), key: percentDecoded(key), region: endpoint.region, versionId: version,
            host: String(host))
    }
}

/// `[BUCKET.]s3[-fips][.dualstack][.-]REGION.SUFFIX` and its kin.
private struct S3Endpoint {
    var bucket: Substring?
    var region: String?

    /// Of the partitions.
    private static let suffixes = [
        ".amazonaws.com", ".amazonaws.com.cn", ".c2s.ic.gov", ".sc2s.sgov.gov", ".cloud.adc-e.uk", ".csp.hci.ic.gov",
        ".amazonaws.eu",
    ]

    init?(host: Substring) {
        let name = host.prefix { $0 != ":" }.lowercased()
        guard let suffix = Self.suffixes.first(where: name.hasSuffix) else { return nil }
        var labels = name.dropLast(suffix.count).split(separator: ".", omittingEmptySubsequences: false)
        guard let last = labels.popLast() else { return nil }
        if last == "s3" {
            region = nil
        } else if last == "s3-external-1" {
            region = "us-east-1"
        } else if last == "s3-accelerate" || last == "dualstack" && labels.last == "s3-accelerate" {
            if last == "dualstack" { labels.removeLast() }
            // The accelerated hosts know the bucket in front of them only.
            guard !labels.isEmpty else { return nil }
        } else if Self.isRegion(last) {
            if labels.last == "dualstack" { labels.removeLast() }
            guard let service = labels.popLast(), service == "s3" || service == "s3-fips" else { return nil }
            region = String(last)
        } else if let old = ["s3-fips-", "s3-"].first(where: last.hasPrefix), Self.isRegion(last.dropFirst(old.count)) {
            region = String(last.dropFirst(old.count))
        } else {
            return nil
        }
        // In the spelling that was written, which S3 compares.
        if !labels.isEmpty { bucket = host.prefix(labels.joined(separator: ".").count) }
    }

    /// `eu-west-1`, `us-gov-west-1`, `eusc-de-east-1`; not the `website-…` of a website endpoint.
    private static func isRegion(_ label: Substring) -> Bool {
        let parts = label.split(separator: "-", omittingEmptySubsequences: false)
        guard (3...4).contains(parts.count), let number = parts.last, (1...2).contains(number.count) else {
            return false
        }
        return number.allSatisfy { $0.isASCII && $0.isNumber } && (2...4).contains(parts[0].count)
            && parts.dropLast().allSatisfy { !$0.isEmpty && $0.allSatisfy { $0.isASCII && $0.isLetter } }
    }
}
