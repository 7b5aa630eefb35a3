// Where a download is asked for, by whom, and where its redirects lead. What was meant for one host is none of another's
// business: a user and a password stay with theirs, and only S3 is shown a signature.

import InitCore
import NIOHTTP1

struct DownloadRoute: Sendable {
    private(set) var url: String
    /// Nil: the request isn't signed.
    private(set) var signer: Signer?
    private let download: Download
    private let endpoints: Endpoints?
    /// For the host that the document names.
    private var authorization: String?

    struct Signer: Sendable {
        let session: AWSSession
        var region: String
    }

    /// - Parameters:
    ///   - session: the one whose credentials sign; nil where nothing is to be signed.
    ///   - regions: of buckets, as far as they are known.
    init(_ download: Download, session: AWSSession?, regions: BucketRegions) throws {
        self.download = download
        endpoints = session?.endpoints
        let plain = urlQuoted(download.plainURL)
        url = plain
        switch download.access {
        case .basic(let user, let password):
            authorization = password.reveal { Self.basic(user, $0) }
        case .ofURL:
            if let (user, password) = download.userInfo { authorization = Self.basic(user, Array(password.utf8)) }
        case .keys, .role: break
        }
        guard let session, !Self.isPresigned(plain) else { return }
        guard let location = S3Location(url: download.plainURL) else {
            throw Failure(
                .refused,
                "\(download.shownURL) is no address of S3, for which keys are given; s3://BUCKET/KEY and https://BUCKET.s3.REGION.amazonaws.com/KEY are"
            )
        }
        if location.host == nil {
            signer = Signer(session: session, region: regions[location.bucket] ?? session.region)
            url = S3Address(location, region: signer?.region ?? session.region, endpoints: session.endpoints).url
        } else if let address = S3Address(url: plain) {
            // The global host stands in us-east-1, and tells if the bucket doesn't.
            let region = location.region ?? regions[location.bucket] ?? "us-east-1"
            signer = Signer(session: session, region: region)
            url = address.url
        }
    }

    /// The request at this point of the route.
    /// - Returns: the credentials that signed it, too.
    func call(_ headers: [(name: String, value: String)]) async throws -> (HTTPCall, Credentials?) {
        var call = HTTPCall("GET", url, headers: headers)
        if let authorization { call.headers.append((name: "Authorization", value: authorization)) }
        guard let signer else { return (call, nil) }
        let credentials = try await signer.session.currentCredentials()
        signer.session.sign(&call, .s3, region: signer.region, credentials)
        return (call, credentials)
    }

    /// Goes where an answer leads.
    /// - Returns: false: it leads nowhere.
    /// - Throws: `Failure` for a way that isn't taken.
    mutating func follow(_ answer: HTTPAnswer, _ error: ServiceError, regions: BucketRegions) throws -> Bool {
        guard let here = URLParts(url) else { return false }
        if (300..<400).contains(answer.status), let location = answer.header("location") {
            let next = urlQuoted(here.resolving(location))
            try go(to: next, from: here, region: error.region)
            return true
        }
        guard let region = error.region, let object = S3Location(url: url) ?? S3Location(url: download.plainURL) else {
            return false
        }
        let isNews = signer.map { $0.region != region } ?? (object.region != region)
        guard isNews else { return false }
        regions[object.bucket] = region
        signer?.region = region
        // A wrong region in the signature alone leaves the host as it is.
        let moves = answer.status == 301 || S3Location(url: download.plainURL)?.host == nil
        if moves {
            let query = URLParts(url)?.query
            let address = S3Address(object, region: region, endpoints: endpoints ?? Self.standard)
            url = address.base + address.path + (query.map { "?\($0)" } ?? "")
        }
        return true
    }

    private mutating func go(to next: String, from here: URLParts, region: String?) throws {
        guard let there = URLParts(next), ["http", "https"].contains(there.scheme) else {
            throw Failure(.refused, "\(download.shownURL) leads to an address that is neither http nor https")
        }
        guard here.scheme == "http" || there.scheme == "https" else {
            throw Failure(
                .refused, "\(download.shownURL) leads from https to http (\(there.host)), which isn't followed")
        }
        url = next
        if there.authority != here.authority { authorization = nil }
        guard signer != nil else { return }
        if Self.isPresigned(next) {
            signer = nil
        } else if let address = S3Address(url: next), let location = S3Location(url: next) {
            url = address.url
            if let named = location.region ?? region { signer?.region = named }
        } else if there.authority == here.authority {
            if let region { signer?.region = region }
        } else {
            signer = nil
        }
    }

    /// Whether S3 is asked.
    var isS3: Bool { signer != nil || S3Location(url: url) != nil }

    /// Why an answer isn't the body, and what to do about it. Only S3's own words are passed on.
    func explain(_ answer: HTTPAnswer, _ error: ServiceError) -> String {
        let reason = HTTPResponseStatus(statusCode: answer.status).reasonPhrase
        guard isS3, !error.code.isEmpty, let object = S3Location(url: url) ?? S3Location(url: download.plainURL) else {
            return "the server answers \(answer.status) \(reason)"
        }
        guard let signer else {
            return error.text
                + (error.isDenied
                    ? "; it was asked for without credentials, which s3:// or an entry of Authentication give" : "")
        }
        let item = ReferencedItem.object(bucket: object.bucket, key: object.key, version: object.versionId)
        return error.text + Refusal.advice(error, item, region: signer.region)
    }

    /// Whether the URL itself is the permission; S3 refuses two.
    private static func isPresigned(_ url: String) -> Bool {
        guard let query = URLParts(url)?.query else { return false }
        return query.split(separator: "&").contains { field in
            let name = field.prefix { $0 != "=" }.lowercased()
            return name == "x-amz-signature" || name == "signature"
        }
    }

    private static let standard = Endpoints(environment: { _ in nil })

    private static func basic(_ user: String, _ password: [UInt8]) -> String {
        "Basic \(base64(Array("\(user):".utf8) + password))"
    }
}
