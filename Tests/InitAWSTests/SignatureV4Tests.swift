// Signatures against those that AWS has published, and against those of botocore.

import Foundation
import InitCore
import Synchronization
import TestSupport
import Testing

@testable import InitAWS

/// One request with everything that its signature comes from (Vectors/README.md).
private struct Vector: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let method: String
    let target: String
    let headers: [[String]]
    let body: String
    let normalize: Bool
    let signBody: Bool
    let region: String
    let service: String
    let timestamp: String
    let accessKeyId: String
    let secretAccessKey: String
    let token: String?
    let omitSessionToken: Bool?
    let signedBodyValue: String?
    let canonicalRequest: String
    let stringToSign: String
    let signature: String
    let authorization: String?

    var testDescription: String { name }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors")

    static let published: [Vector] = {
        let file = folder.appending(path: "sigv4.json")
        return (try? JSONDecoder().decode([Vector].self, from: Data(contentsOf: file))) ?? []
    }()

    /// As many that botocore has signed.
    static func random(_ count: Int) throws -> [Vector] {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            try StandIn.interpreter.get(), folder.appending(path: "oracle.py").path(), "\(count)", "20261121",
        ]
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return try JSONDecoder().decode([Vector].self, from: data)
    }

    /// As the session builds it for a request.
    var signed: SignatureV4 {
        let time = timestamp.filter { $0 != "-" && $0 != ":" }
        let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let hash = signedBodyValue ?? SignatureV4.sha256(Array(body.utf8))
        var headers = headers.map { (name: $0[0], value: $0[1]) } + [(name: "X-Amz-Date", value: time)]
        if signBody { headers.append((name: "x-amz-content-sha256", value: hash)) }
        if let token, omitSessionToken != true { headers.append((name: "X-Amz-Security-Token", value: token)) }
        var signed = SignatureV4(
            method: method, path: halves[0], query: halves.count > 1 ? halves[1] : "", headers: headers,
            payloadHash: hash, region: region, service: service, time: time)
        signed.normalizesPath = normalize
        return signed
    }
}

@Suite struct SignatureV4Tests {
    @Test func `all published vectors are there`() { #expect(Vector.published.count == 38) }

    @Test("A published vector", arguments: Vector.published)
    fileprivate func published(vector: Vector) {
        #expect(vector.signed.canonicalRequest == vector.canonicalRequest)
        #expect(vector.signed.stringToSign == vector.stringToSign)
        #expect(vector.signed.signature(Secret(vector.secretAccessKey)) == vector.signature)
    }

    @Test func `random requests are signed as botocore signs them`() throws {
        let vectors = try Vector.random(300)
        #expect(vectors.count == 300)
        for vector in vectors {
            #expect(vector.signed.canonicalRequest == vector.canonicalRequest, "\(vector.target) \(vector.headers)")
            #expect(
                vector.signed.authorization(vector.accessKeyId, Secret(vector.secretAccessKey))
                    == vector.authorization)
        }
    }
}
