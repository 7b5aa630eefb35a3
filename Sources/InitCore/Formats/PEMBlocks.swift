// PEM (RFC 7468) as far as it can be told without reading what is inside: its blocks, and what is usually wrong with it.

/// `-----BEGIN LABEL-----` … `-----END LABEL-----`
package struct PEMBlock: Sendable, Equatable {
    package let label: String
    /// The lines between, without header lines (`Proc-Type: …`).
    package let body: String
    /// RFC 1421's encryption, as openssl writes keys with a passphrase.
    package let isEncrypted: Bool
}

package struct PEMBlocks: Sendable {
    package private(set) var blocks: [PEMBlock] = []

    /// - Parameter what: `the certificate`, for messages.
    /// - Throws: `Failure` that says what stands there instead; it quotes nothing but labels.
    package init(_ bytes: [UInt8], of what: String) throws {
        guard bytes.first != 0x30 || bytes.count < 2 || bytes[1] & 0x80 == 0 else {
            throw Failure(
                .refused, "\(what) is in DER, and PEM is wanted: convert it (openssl x509 or openssl pkey, -inform der)"
            )
        }
        let text = String(decoding: bytes.filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
        let trimmed = text.trimmingBlanks()
        if trimmed.isEmpty { throw Failure(.refused, "\(what) is empty; PEM is wanted: -----BEGIN … -----") }
        if trimmed.hasPrefix("{") {
            throw Failure(
                .refused,
                "\(what) is JSON, and PEM is wanted: name the key that holds it, as in secretsmanager://ID#KEY")
        }
        if trimmed.contains("-----\\n") {
            throw Failure(
                .refused, "\(what) has \\n where its lines should end: store it with real line ends")
        }
        var label: Substring?
        var body: [Substring] = []
        var isEncrypted = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let line = line[...].trimmingBlanks()
            if let opening = Self.label(line, "BEGIN") {
                if let label {
                    throw Failure(
                        .refused, "\(what) has another BEGIN inside \(label): one of its END lines is missing")
                }
                (label, body, isEncrypted) = (opening, [], false)
            } else if let closing = Self.label(line, "END") {
                guard closing == label else {
                    throw Failure(.refused, "\(what) has an END \(closing) that no BEGIN \(closing) precedes")
                }
                blocks.append(
                    PEMBlock(label: String(closing), body: body.joined(separator: "\n"), isEncrypted: isEncrypted))
                label = nil
            } else if label != nil {
                if line.hasPrefix("Proc-Type:"), line.contains("ENCRYPTED") { isEncrypted = true }
                if !line.contains(":") { body.append(line[...]) }
            }
        }
        if let label { throw Failure(.refused, "\(what) is cut off: there is no -----END \(label)-----") }
        guard blocks.isEmpty else { return }
        if trimmed.contains("-----BEGIN ") {
            throw Failure(
                .refused,
                "\(what) stands in one line: blanks have taken the place of its line ends (a CloudFormation parameter does that); refer to where it is stored instead"
            )
        }
        throw Failure(.refused, "\(what) is no PEM: no line says -----BEGIN … -----")
    }

    private static func label(_ line: String, _ word: String) -> Substring? {
        let opening = "-----\(word) "
        guard line.hasPrefix(opening), line.hasSuffix("-----"), line.utf8.count > opening.utf8.count + 5 else {
            return nil
        }
        let label = line.dropFirst(opening.count).dropLast(5)
        return label.contains("-----") ? nil : label[...]
    }
}

extension PEMBlock {
    package var isCertificate: Bool { ["CERTIFICATE", "X509 CERTIFICATE"].contains(label) }
    package var isPrivateKey: Bool { label.hasSuffix("PRIVATE KEY") }

    /// The blocks of a chain and the one of its key, with what can be told wrong by their labels alone.
    package static func pair(
        _ chain: [UInt8], _ privateKey: [UInt8]
    ) throws -> (chain: [PEMBlock], privateKey: PEMBlock) {
        let chain = try PEMBlocks(chain, of: "the certificate").blocks
        let other = try PEMBlocks(privateKey, of: "the private key").blocks
        let keys = other.filter(\.isPrivateKey)
        if keys.isEmpty, other.contains(where: \.isCertificate) {
            throw Failure(
                .refused,
                chain.contains(where: \.isPrivateKey)
                    ? "certificate and private key are swapped: each stands where the other should"
                    : "a certificate stands where the private key should")
        }
        if chain.contains(where: \.isPrivateKey) {
            throw Failure(
                .refused,
                "a private key stands among the certificates, which everybody may read: only certificates belong there")
        }
        if let strange = chain.first(where: { !$0.isCertificate }) {
            let hint = strange.label == "PKCS7" ? ": convert it (openssl pkcs7 -print_certs)" : ""
            throw Failure(
                .refused, "a \(strange.label) stands where only CERTIFICATE may stand\(hint)")
        }
        guard let key = keys.first else {
            throw Failure(
                .refused, "a \(other.first?.label ?? "text") stands where the private key should")
        }
        guard keys.count == 1 else {
            throw Failure(.refused, "\(keys.count) private keys stand where one is wanted")
        }
        if key.label == "ENCRYPTED PRIVATE KEY" || key.isEncrypted {
            throw Failure(
                .refused,
                "the private key is encrypted, and nobody is there to type its passphrase: store it decrypted (openssl pkey -in KEY -out PLAIN), as a SecureString or a secret"
            )
        }
        if key.label == "OPENSSH PRIVATE KEY" {
            throw Failure(
                .refused,
                "the private key is in OpenSSH's own form: convert it (ssh-keygen -p -m PKCS8), if it belongs to the certificate at all"
            )
        }
        return (chain, key)
    }
}
