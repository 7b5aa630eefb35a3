// AWS Signature Version 4. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

import Crypto
import InitCore

/// What is signed of a request, in the form in which it is sent.
struct SignatureV4: Sendable {
    var method: String
    /// As it stands in the request line.
    var path: String
    /// As it stands in the request line, without the question mark.
    var query = ""
    /// All that are to be signed; `host` must be among them.
    var headers: [(name: String, value: String)]
    /// Of the body, in hexadecimal, or what stands for it.
    var payloadHash: String
    var region: String
    var service: String
    /// `20150830T123600Z`
    var time: String
    /// S3 signs the path as it is sent; all others encode it once more, with `.` and `..` taken out.
    var isS3: Bool { service == "s3" }
    /// Whether `.`, `..` and empty segments are taken out first.
    var normalizesPath = true

    static let emptyHash = sha256([])
    static func sha256(_ bytes: [UInt8]) -> String { hexadecimal(SHA256.hash(data: bytes)) }

    private var scope: String { "\(time.prefix(8))/\(region)/\(service)/aws4_request" }

    /// Lower-case names with their trimmed values, in order.
    private var canonicalHeaders: [(name: String, value: String)] {
        var values: [String: [String]] = [:]
        for (name, value) in headers {
            let words = value.split { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r" || $0 == "\r\n" }
            values[name.lowercased(), default: []].append(words.joined(separator: " "))
        }
        return values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map {
            ($0, $1.joined(separator: ","))
        }
    }

    private var signedHeaders: String { canonicalHeaders.map(\.name).joined(separator: ";") }

    private var canonicalPath: String {
        if isS3 { return path.isEmpty ? "/" : path }
        return percentEncoded(normalizesPath ? normalized(path) : path, keeping: "/")
    }

    private func normalized(_ path: String) -> String {
        var segments: [Substring] = []
        for segment in path.split(separator: "/") where segment != "." {
            if segment == ".." { _ = segments.popLast() } else { segments.append(segment) }
        }
        let end = path.hasSuffix("/") && !segments.isEmpty ? "/" : ""
        return "/" + segments.joined(separator: "/") + end
    }

    private var canonicalQuery: String {
        let fields = query.split(separator: "&").map { field in
            let halves = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (
                percentEncoded(percentDecoded(halves[0])),
                percentEncoded(percentDecoded(halves.dropFirst().first ?? ""))
            )
        }
        return fields.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map { "\($0)=\($1)" }.joined(separator: "&")
    }

    var canonicalRequest: String {
        let headers = canonicalHeaders.map { "\($0.name):\($0.value)\n" }.joined()
        return [method, canonicalPath, canonicalQuery, headers, signedHeaders, payloadHash].joined(separator: "\n")
    }

    var stringToSign: String {
        "AWS4-HMAC-SHA256\n\(time)\n\(scope)\n\(Self.sha256(Array(canonicalRequest.utf8)))"
    }

    func signature(_ secretKey: Secret) -> String {
        let start = secretKey.reveal { Array("AWS4".utf8) + $0 }
        let key = [String(time.prefix(8)), region, service, "aws4_request"].reduce(start) { key, text in
            Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: key)))
        }
        return hexadecimal(
            HMAC<SHA256>.authenticationCode(for: Array(stringToSign.utf8), using: SymmetricKey(data: key)))
    }

    /// The `Authorization` header.
    func authorization(_ accessKeyID: String, _ secretKey: Secret) -> String {
        "AWS4-HMAC-SHA256 Credential=\(accessKeyID)/\(scope), SignedHeaders=\(signedHeaders), "
            + "Signature=\(signature(secretKey))"
    }
}
