// Where an object of S3 is asked for, and where S3 says that it is instead.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html and …/Redirects.html

import InitCore
import Synchronization

struct S3: Sendable {
    private let session: AWSSession
    private let regions: BucketRegions

    /// - Parameter regions: what is known, and learned here.
    init(_ session: AWSSession, regions: BucketRegions) {
        self.session = session
        self.regions = regions
    }

    /// A whole object.
    /// - Parameter limit: bytes that it may have.
    /// - Throws: `ServiceError`, `Failure`.
    func object(_ location: S3Location, upTo limit: Int) async throws -> [UInt8] {
        var region = regions[location.bucket] ?? session.region
        var attempt = 0
        while true {
            let address = S3Address(location, region: region, endpoints: session.endpoints)
            var call = ServiceCall(service: .s3, action: "GetObject", method: "GET", path: address.path)
            call.query = location.versionId.map { [("versionId", $0)] } ?? []
            call.region = region
            call.host = address.base
            call.largestAnswer = limit
            do {
                // S3 answers with an id for each request, and an ETag for each object.
                return try await session.answer(call) { answer in
                    answer.header("x-amz-request-id") == nil && answer.header("etag") == nil ? nil : answer.body
                }
            } catch let error as ServiceError {
                attempt += 1
                guard let named = error.region, named != region, attempt < 4 else { throw error }
                regions[location.bucket] = named
                region = named
            }
        }
    }

    /// The region that the bucket is in, by an answer that sends us away; nil: it doesn't.
    static func region(of answer: HTTPAnswer, _ body: XMLElement?) -> String? {
        let sendsAway = ["PermanentRedirect", "TemporaryRedirect", "Redirect", "AuthorizationHeaderMalformed"]
        guard answer.status == 301 || answer.status == 307 || sendsAway.contains(body?["Code"]?.text ?? "") else {
            return nil
        }
        if let region = answer.header("x-amz-bucket-region") ?? body?["Region"]?.text, !region.isEmpty {
            return region
        }
        let host = body?["Endpoint"]?.text ?? answer.header("location").flatMap(URLParts.init)?.authority
        return host.flatMap { S3Location(url: "https://\($0)/key/key")?.region }
    }
}

/// Which region a bucket is in, as far as a run has learned it.
final class BucketRegions: Sendable {
    private let known = Mutex<[String: String]>([:])

    subscript(bucket: String) -> String? {
        get { known.withLock { $0[bucket] } }
        set { known.withLock { $0[bucket] = newValue } }
    }
}

/// The URL of an object, in the exact characters that are signed.
struct S3Address: Sendable, Equatable {
    /// Scheme and host.
    let base: String
    let path: String
    let query: String?

    var url: String { base + path + (query.map { "?\($0)" } ?? "") }

    /// - Parameter region: the bucket's, or where to ask for it.
    init(_ location: S3Location, region: String, endpoints: Endpoints) {
        let service = endpoints.url(.s3, region: region)
        let key = percentEncoded(location.key, keeping: "/")
        query = location.versionId.map { "versionId=\(percentEncoded($0))" }
        if endpoints.isCustom(.s3) || !Self.fitsHost(location.bucket) {
            base = service
            path = "/\(percentEncoded(location.bucket))/\(key)"
        } else {
            base = service.replacing("://", with: "://\(location.bucket).", maxReplacements: 1)
            path = "/\(key)"
        }
    }

    /// The same object as in a URL that somebody wrote, its key in the one spelling that S3 signs.
    /// Nil for a URL of something else.
    init?(url: String) {
        guard let location = S3Location(url: url), let parts = URLParts(url), location.host != nil else { return nil }
        base = "\(parts.scheme)://\(parts.authority)"
        // Only with the bucket in the host is a path of one part an object.
        let holdsBucket = S3Location(url: "\(base)/key") != nil
        path =
            (holdsBucket ? "/" : "/\(percentEncoded(location.bucket))/")
            + percentEncoded(location.key, keeping: "/")
        query = parts.query
    }

    /// A certificate for `*.s3.…` holds for one label, so a bucket with dots goes into the path.
    private static func fitsHost(_ bucket: String) -> Bool {
        bucket.utf8.count >= 3
            && bucket.utf8.allSatisfy { byte in
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                    || byte == UInt8(ascii: "-")
            }
    }
}
