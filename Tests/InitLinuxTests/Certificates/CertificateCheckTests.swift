import Foundation
import InitCore
import InitLinux
import Testing

@Suite struct CertificateCheckTests {
    private func report(_ chain: String, _ key: String) throws -> CertificateReport {
        let made = try TestCertificates.shared.get()
        return try CertificateCheck.report(try made.secret(chain), try made.secret(key))
    }

    private func mistake(_ chain: String, _ key: String) throws -> String {
        try #require(throws: Failure.self) { try report(chain, key) }.message
    }

    @Test(
        "A chain and its key are told what they are for, in all forms that openssl writes",
        arguments: [
            ("leaf.pem between.pem", "leaf.key"), ("leaf.pem", "leaf.key"),
            ("leaf.pem between.pem root.pem", "leaf.key"),
            ("leaf.pem", "leaf.pkcs1.key"), ("leaf.crlf.pem", "leaf.key"), ("leaf.text.pem", "leaf.key"),
        ])
    func right(chain: String, key: String) throws {
        let report = try report(chain, key)
        #expect(report.names == ["code.example.com", "*.code.example.com", "10.0.0.1", "2001:db8::1"])
        #expect(report.issuer == "Between")
        #expect(report.secondsUntilValid <= 0)
        #expect((89.0...90).contains(report.secondsLeft / 86_400))
    }

    @Test(
        "Keys of every usual kind",
        arguments: [
            ("plain.pem", "plain.key"), ("plain.pem", "plain.sec1.key"), ("plain.pem", "plain.with-parameters.key"),
            ("edwards.pem", "edwards.key"), ("root.pem", "root.key"), ("between.pem root.pem", "between.key"),
        ])
    func keys(chain: String, key: String) throws { _ = try report(chain, key) }

    @Test("Without alternative names the common name counts")
    func commonName() throws { #expect(try report("plain.pem", "plain.key").names == ["plain.example.com"]) }

    @Test(
        "What is wrong is told with what would be right",
        arguments: [
            ("leaf.key", "leaf.pem", "swapped"),
            ("leaf.pem", "between.pem", "a certificate stands where the private key should"),
            ("leaf.pem leaf.key", "leaf.key", "a private key stands among the certificates"),
            ("leaf.pem", "plain.key", "isn't the certificate's (code.example.com)"),
            ("leaf.pem", "leaf.encrypted.key", "is encrypted"), ("leaf.pem", "leaf.old-encrypted.key", "is encrypted"),
            ("leaf.pem", "leaf.pub", "a PUBLIC KEY stands where the private key should"),
            ("leaf.pem", "leaf.key plain.key", "2 private keys"),
            ("between.pem leaf.pem", "leaf.key", "out of order; right is: code.example.com, then Between"),
            (
                "leaf.pem root.pem between.pem", "leaf.key",
                "right is: code.example.com, then Between, then Root (its own issuer)"
            ),
            ("leaf.pem leaf.pem between.pem", "leaf.key", "code.example.com stands twice, as certificate 1 and 2"),
            ("leaf.pem root.pem", "leaf.key", "Root (its own issuer) issued none of the others"),
            ("leaf.der", "leaf.key", "the certificate is in DER"), ("leaf.p7", "leaf.key", "a PKCS7 stands where"),
            ("leaf.one-line.pem", "leaf.key", "stands in one line"), ("leaf.escaped.pem", "leaf.key", "has \\n where"),
            ("leaf.cut.pem", "leaf.key", "is cut off: there is no -----END CERTIFICATE-----"),
            ("leaf.damaged.pem", "leaf.key", "can't be read"),
        ])
    func wrong(chain: String, key: String, message: String) throws {
        let found = try mistake(chain, key)
        #expect(found.contains(message), "\(found)")
    }

    @Test("A key is shown nowhere, whatever is wrong with it")
    func secrecy() throws {
        let made = try TestCertificates.shared.get()
        let lines = String(decoding: try made.bytes("leaf.key"), as: UTF8.self).split(separator: "\n").dropFirst()
        let damaged = Secret("-----BEGIN PRIVATE KEY-----\n" + lines.dropFirst().joined(separator: "\n"))
        let failure = try #require(throws: Failure.self) {
            try CertificateCheck.report(try made.secret("leaf.pem"), damaged)
        }
        #expect(failure.message.contains("the private key can't be read"))
        for line in lines.dropLast() { #expect(!failure.message.contains(line)) }
    }

    @Test(
        "What is no PEM at all is told by what it looks like",
        arguments: [
            ("", "is empty"), ("{\"certificate\": \"…\"}", "is JSON"), ("hello", "is no PEM"),
            ("-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n", "isn't base64"),
            (
                "-----BEGIN CERTIFICATE-----\nMIIB\n-----BEGIN CERTIFICATE-----\n", "another BEGIN inside CERTIFICATE"
            ),
            ("-----END CERTIFICATE-----\n", "an END CERTIFICATE that no BEGIN"),
        ])
    func noPEM(text: String, message: String) throws {
        let key = try TestCertificates.shared.get().secret("leaf.key")
        let failure = try #require(throws: Failure.self) { try CertificateCheck.report(Secret(text), key) }
        #expect(failure.message.contains(message), "\(failure.message)")
    }
}
