import Foundation
import InitCore

/// Certificates made by openssl, once for all tests: root → between → leaf, and some that are wrong.
struct TestCertificates: Sendable {
    static let shared = Result { try TestCertificates() }

    private static let script = """
        set -e
        ca="basicConstraints=critical,CA:TRUE"
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.pem -subj "/CN=Root" -days 3650 -addext "$ca"
        issue() { # name issuer subject extensions days key-options…
            local name=$1 issuer=$2 subject=$3 extensions=$4 days=$5; shift 5
            openssl req -nodes -keyout $name.key -out $name.csr -subj "$subject" "$@"
            openssl x509 -req -in $name.csr -CA $issuer.pem -CAkey $issuer.key -CAcreateserial -out $name.pem -days $days -extfile <(echo "$extensions")
        }
        ec() { echo -newkey ec -pkeyopt ec_paramgen_curve:$1; }
        issue between root "/CN=Between" "$ca" 1000 $(ec P-384)
        issue leaf between "/CN=code.example.com" "subjectAltName=DNS:code.example.com,DNS:*.code.example.com,IP:10.0.0.1,IP:2001:db8::1" 90 -newkey rsa:2048
        issue plain between "/CN=plain.example.com/O=Someone" "keyUsage=digitalSignature" 30 $(ec P-256)
        issue edwards between "/CN=ed.example.com" "subjectAltName=DNS:ed.example.com" 90 -newkey ed25519
        issue small between "/CN=small.example.com" "subjectAltName=DNS:small.example.com" 90 -newkey rsa:1024
        openssl x509 -in leaf.pem -outform der -out leaf.der
        openssl rsa -in leaf.key -traditional -out leaf.pkcs1.key
        openssl rsa -in leaf.key -aes128 -passout pass:x -traditional -out leaf.old-encrypted.key
        openssl pkcs8 -topk8 -in leaf.key -passout pass:x -out leaf.encrypted.key
        openssl ec -in plain.key -out plain.sec1.key
        { openssl ecparam -name prime256v1; cat plain.sec1.key; } > plain.with-parameters.key
        openssl crl2pkcs7 -nocrl -certfile leaf.pem -out leaf.p7
        openssl x509 -in leaf.pem -text > leaf.text.pem
        openssl pkey -in leaf.key -pubout -out leaf.pub
        sed 's/$/\\r/' leaf.pem > leaf.crlf.pem
        tr '\\n' ' ' < leaf.pem > leaf.one-line.pem
        awk '{printf "%s\\\\n", $0}' leaf.pem > leaf.escaped.pem
        head -c 700 leaf.pem > leaf.cut.pem
        sed '3s/./!/g' leaf.pem > leaf.bad-base64.pem
        sed '3d' leaf.pem > leaf.damaged.pem
        """

    private let directory: String

    private init() throws {
        directory = NSTemporaryDirectory() + "ide-init-certificates-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", Self.script]
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let text = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(.host, String(decoding: text, as: UTF8.self)) }
    }

    /// The named files, one after the other.
    func bytes(_ names: String...) throws -> [UInt8] {
        try names.flatMap { Array(try Data(contentsOf: URL(filePath: "\(directory)/\($0)"))) }
    }

    func secret(_ names: String) throws -> Secret {
        Secret(try names.split(separator: " ").flatMap { try bytes(String($0)) })
    }
}
