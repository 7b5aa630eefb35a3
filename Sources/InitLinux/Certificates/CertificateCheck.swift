// A chain of certificates held against its key: do they parse, belong together, stand in order?

import FoundationEssentials
import Glibc
package import InitCore
import SwiftASN1
import X509

package enum CertificateCheck {
    /// - Throws: `Failure` saying what is wrong and what would be right; times aren't judged here.
    @Sendable package static func report(_ chain: Secret, _ privateKey: Secret) throws -> CertificateReport {
        let (blocks, keyBlock) = try chain.reveal { chain in try privateKey.reveal { try PEMBlock.pair(chain, $0) } }
        let certificates = try blocks.enumerated().map { index, block in
            let place = blocks.count == 1 ? "the certificate" : "certificate \(index + 1) of \(blocks.count)"
            return try parsed(block, place) { try Certificate(derEncoded: $0) }
        }
        let key = try parsed(keyBlock, "the private key") {
            try Certificate.PrivateKey(pemDocument: PEMDocument(type: keyBlock.label, derBytes: $0))
        }
        try checkOrder(certificates, key)
        guard let leaf = certificates.first else { throw Failure(.refused, "there is no certificate") }
        return CertificateReport(
            names: names(leaf), issuer: name(leaf.issuer),
            notBefore: UTCTime(seconds: leaf.notValidBefore.timeIntervalSince1970),
            notAfter: UTCTime(seconds: certificates.map(\.notValidAfter.timeIntervalSince1970).min() ?? 0),
            now: UTCTime(seconds: Date().timeIntervalSince1970))
    }

    private static func parsed<Value>(
        _ block: PEMBlock, _ what: String, _ parse: ([UInt8]) throws -> Value
    ) throws -> Value {
        guard let bytes = lenientBase64(block.body), !bytes.isEmpty else {
            throw Failure(.refused, "\(what) isn't base64 between its BEGIN and END lines")
        }
        do {
            return try parse(bytes)
        } catch {
            // The error may quote bytes of a key.
            throw Failure(
                .refused,
                "\(what) can't be read: what stands in \(block.label) is damaged, or of a kind that isn't known (RSA from 2048 bits, P-256, P-384, P-521 and Ed25519 are)"
            )
        }
    }

    // MARK: Order

    private static func checkOrder(_ chain: [Certificate], _ key: Certificate.PrivateKey) throws {
        guard let own = chain.firstIndex(where: { $0.publicKey == key.publicKey }) else {
            let whose = chain.first.map { name($0.subject) } ?? "none"
            throw Failure(
                .refused, "the private key isn't the certificate's (\(whose)): fetch both from the same place and time")
        }
        for (index, certificate) in chain.enumerated() {
            if let first = chain[..<index].firstIndex(of: certificate) {
                throw Failure(
                    .refused,
                    "\(describe(certificate)) stands twice, as certificate \(first + 1) and \(index + 1): leave the second one out"
                )
            }
        }
        let isInOrder = own == 0 && zip(chain, chain.dropFirst()).allSatisfy { isIssued($0, by: $1) }
        if isInOrder { return }
        let right = rightOrder(chain, from: own)
        let order = right.map { describe(chain[$0]) }.joined(separator: ", then ")
        if right.count == chain.count {
            throw Failure(.refused, "the chain is out of order; right is: \(order)")
        }
        let strays = chain.indices.filter { !right.contains($0) }.map { describe(chain[$0]) }
        throw Failure(
            .refused,
            "\(strays.joined(separator: " and ")) issued none of the others and so doesn't belong here; right is: \(order)"
        )
    }

    /// From the key's own certificate to its issuers, as far as they are there.
    private static func rightOrder(_ chain: [Certificate], from own: Int) -> [Int] {
        var order = [own]
        while let last = order.last,
            let next = chain.indices.first(where: { !order.contains($0) && isIssued(chain[last], by: chain[$0]) })
        {
            order.append(next)
        }
        return order
    }

    private static func isIssued(_ certificate: Certificate, by issuer: Certificate) -> Bool {
        certificate.issuer == issuer.subject
            && issuer.publicKey.isValidSignature(certificate.signature, for: certificate)
    }

    // MARK: Names

    private static func names(_ certificate: Certificate) -> [String] {
        let alternatives = (try? certificate.extensions.subjectAlternativeNames) ?? nil
        let names = (alternatives ?? SubjectAlternativeNames([])).compactMap { name -> String? in
            switch name {
            case .dnsName(let name): name
            case .ipAddress(let bytes): address(Array(bytes.bytes))
            default: nil
            }
        }
        return names.isEmpty ? [name(certificate.subject)] : names
    }

    private static func address(_ bytes: [UInt8]) -> String? {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard bytes.count == 4 || bytes.count == 16,
            inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil
        else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The common name, else the whole.
    private static func name(_ name: DistinguishedName) -> String {
        for part in name {
            for attribute in part where attribute.type == .RDNAttributeType.commonName {
                if let text = String(attribute.value) { return text }
            }
        }
        return name.isEmpty ? "no name" : "\(name)"
    }

    private static func describe(_ certificate: Certificate) -> String {
        name(certificate.subject) + (certificate.issuer == certificate.subject ? " (its own issuer)" : "")
    }
}
