// The option groups that the originals share (behaviour spec, section 1), and what they mean here.

import InitAWS
import InitCore

extension CfnOption {
    static let help = CfnOption("h", "help", "show this help message and exit")

    static let credentials = [
        CfnOption("f", "credential-file", value: "CREDENTIAL_FILE", "A credential file with mode 0400 or 0600"),
        CfnOption(nil, "role", value: "IAM_ROLE", "An IAM role of this instance"),
        CfnOption(nil, "access-key", value: "ACCESS_KEY", "An AWS access key"),
        CfnOption(nil, "secret-key", value: "SECRET_KEY", "An AWS secret key"),
    ]

    static let proxies = [
        CfnOption(nil, "http-proxy", value: "HTTP_PROXY", "A proxy for http: [scheme://][user:password@]host:port"),
        CfnOption(nil, "https-proxy", value: "HTTPS_PROXY", "A proxy for https, as above"),
    ]

    static let region = CfnOption(nil, "region", value: "REGION", "The region of the stack (default: us-east-1)")
    static let url = CfnOption("u", "url", value: "SERVICE_URL", "The CloudFormation service URL")
}

extension ParsedOptions {
    /// Nil where it isn't given, or given empty.
    func value(_ name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }

    var cloudSettings: CloudSettings {
        var credentials = CredentialOptions(file: value("credential-file"), role: value("role"))
        if let id = value("access-key"), let secret = value("secret-key") {
            credentials.keys = (id: id, secret: Secret(secret))
        }
        return CloudSettings(
            manner: .original, region: value("region"), url: value("url"), credentials: credentials,
            httpProxy: value("http-proxy"), httpsProxy: value("https-proxy"))
    }

    /// - Throws: `Failure` for credentials that can't be used, before anything else is looked at.
    func checkCredentials() throws {
        if let file = value("credential-file") { _ = try readCredentialFile(file) }
        if value("access-key") != nil, value("secret-key") == nil {
            throw Failure(.usage, "--access-key takes --secret-key beside it")
        }
    }
}
