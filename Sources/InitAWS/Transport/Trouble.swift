// What may go wrong between us and a server, in words.

import AsyncHTTPClient
import Glibc
import InitCore
import NIOCore
import NIOPosix

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
        case is NIOTooManyBytesError: (message, isFinal) = ("the answer is larger than is wanted here", true)
        case let error as IOError:
            (message, isFinal) = (String(cString: strerror(error.errnoCode)).lowercased(), false)
        case let error as NIOConnectionError where error.dnsAError != nil || error.dnsAAAAError != nil:
            (message, isFinal) = ("the name \(error.host) can't be resolved", false)
        case let error as NIOConnectionError where !error.connectionErrors.isEmpty:
            (message, isFinal) = (Trouble(error.connectionErrors[0].error).message, false)
        case let error where "\(error)".contains("CERTIFICATE_VERIFY_FAILED"):
            (message, isFinal) = (
                "its certificate isn't trusted here; name the file with the right CA in AWS_CA_BUNDLE or CA_OVERRIDE, "
                    + "and see that the clock is right" + Self.missingBundle, false
            )
        default:
            let text = "\(error)"
            (message, isFinal) = (text + (text.contains("SSL") ? Self.missingBundle : ""), false)
        }
    }

    private static var missingBundle: String {
        let bundles = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]
        return bundles.contains(where: isReadable) ? "" : " (no CA certificates are installed here)"
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
