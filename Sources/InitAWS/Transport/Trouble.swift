// What may go wrong between us and a server, in words.

import AsyncHTTPClient
import Glibc
import InitCore
import NIOCore

/// Why no answer came.
struct Trouble: Sendable {
    let message: String
    /// Whether trying again is of no use.
    let isFinal: Bool

    init(_ error: any Error) {
        switch error {
        case let failure as Failure: (message, isFinal) = (failure.message, true)
        case let error as HTTPClientError:
            let mistakes: [HTTPClientError] = [.invalidURL, .emptyScheme, .emptyHost]
            (message, isFinal) = (Self.words(error), mistakes.contains(error))
        case let error as NIOTooManyBytesError:
            (message, isFinal) = ("it is larger than the \((error.maxBytes ?? 0) >> 20) MiB that are taken here", true)
        default:
            let text = "\(error)"
            let bundles = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]
            let lacksBundle = text.contains("SSL") && !bundles.contains(where: isReadable)
            (message, isFinal) = (text + (lacksBundle ? " (no CA certificates are installed here)" : ""), false)
        }
    }

    private static func words(_ error: HTTPClientError) -> String {
        switch error {
        case .connectTimeout: "no connection within the time for it"
        case .deadlineExceeded, .readTimeout: "no answer within the time for it"
        case .remoteConnectionClosed: "the connection was closed before the answer was whole"
        case .proxyAuthenticationRequired: "the proxy asks for a user and a password"
        default: "\(error)"
        }
    }
}

func isReadable(_ path: String) -> Bool { access(path, R_OK) == 0 }
