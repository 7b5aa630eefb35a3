// Certificates that a fixture can be read by. Between BEGIN and END stand words instead of base64: a certificate's
// `names=a.example.com,b.example.com key=K days=90 until=2027-01-31`, a private key's `private K`.

package import InitCore

package enum FakeCertificates {
    @Sendable package static func report(_ chain: Secret, _ privateKey: Secret) throws -> CertificateReport {
        let (chain, key) = try chain.reveal { chain in try privateKey.reveal { try PEMBlock.pair(chain, $0) } }
        let words = chain[0].body.split(whereSeparator: { $0 == " " || $0 == "\n" })
        func word(_ name: String) -> String? {
            words.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
        }
        guard word("key").map({ "private \($0)" }) == key.body else {
            throw Failure(.refused, "the private key isn't the certificate's (\(word("names") ?? ""))")
        }
        let end = UTCTime("\(word("until") ?? "2027-01-31")T00:00:00Z") ?? UTCTime(seconds: 0)
        let days = word("days").flatMap(Double.init) ?? 90
        return CertificateReport(
            names: (word("names") ?? "").split(separator: ",").map(String.init), issuer: word("issuer") ?? "Test CA",
            notBefore: UTCTime(seconds: end.secondsSince1970 - 90 * 86_400), notAfter: end,
            now: UTCTime(seconds: end.secondsSince1970 - days * 86_400))
    }
}
