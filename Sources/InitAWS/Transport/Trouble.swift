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
        case let error as IOError: (message, isFinal) = (Self.words(error.errnoCode), false)
        case let error as NIOConnectionError:
            // Of several addresses the last one's; a name without any has none.
            let attempt = error.connectionErrors.last.map { Trouble($0.error).message }
            (message, isFinal) = (attempt ?? "there is no address of \(error.host)", false)
        case let error as NIOTooManyBytesError:
            (message, isFinal) = ("it is larger than the \((error.maxBytes ?? 0) >> 20) MiB that are taken here", true)
        default:
            let text = "\(error)"
            let bundles = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]
            let lacksBundle = text.contains("SSL") && !bundles.contains(where: isReadable)
            let words =
                text.contains("CERTIFICATE_VERIFY_FAILED")
                ? "its certificate isn't trusted here (is the clock right? An own CA is named in AWS_CA_BUNDLE or CA_OVERRIDE)"
                : text.contains("WRONG_VERSION_NUMBER") ? "it speaks no TLS" : text
            (message, isFinal) = (words + (lacksBundle ? " (no CA certificates are installed here)" : ""), false)
        }
    }

    /// As in the middle of a sentence.
    private static func words(_ code: Int32) -> String {
        let text = String(cString: strerror(code))
        return text.prefix(1).lowercased() + text.dropFirst()
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
