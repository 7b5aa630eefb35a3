// Passwords as their readers keep them: bcrypt by libxcrypt, Argon2 by its authors' library. Nothing is logged, nothing is
// an argument.

import CArgon2
import CCrypt
package import InitCore

package enum PasswordHash {
    /// bcrypt takes so many bytes, and would silently leave out the rest.
    package static let longestForBcrypt = 72
    /// OWASP's Password Storage Cheat Sheet, first choice: 19 MiB, two passes, one lane; 20 to 30 ms.
    private static let argonMemory: UInt32 = 19456
    private static let argonPasses: UInt32 = 2
    private static let saltLength = 16
    private static let argonLength = 32

    /// A hash with a new salt.
    /// - Throws: `Failure` for a password that the scheme can't take.
    @Sendable package static func make(_ password: Secret, _ scheme: PasswordScheme) throws -> Secret {
        switch scheme {
        case .bcrypt(let cost): try bcrypt(password, cost: cost)
        case .argon2id: try argon2id(password)
        }
    }

    /// Whether the hash is this password's. What isn't a hash of a kind we make, or would take minutes to check, is nobody's.
    @Sendable package static func matches(_ password: Secret, _ hash: String) -> Bool {
        if hash.hasPrefix("$argon2") { return argon2Matches(password, hash) }
        guard ["$2a$", "$2b$", "$2y$"].contains(where: hash.hasPrefix), hash.utf8.count == 60,
            let cost = Int(hash.dropFirst(4).prefix(2)), cost <= mostCostToCheck,
            let again = try? crypted(password, setting: hash)
        else { return false }
        return isSame(Array(again.utf8), Array(hash.utf8))
    }

    // MARK: bcrypt

    /// 2^16 rounds: four seconds.
    private static let mostCostToCheck = 16

    private static func bcrypt(_ password: Secret, cost: Int) throws -> Secret {
        guard (4...31).contains(cost) else {
            throw Failure(.invalidDocument, "bcrypt's cost goes from 4 to 31, and \(cost) was asked for")
        }
        var random = randomBytes(saltLength).map { CChar(bitPattern: $0) }
        var setting = [CChar](repeating: 0, count: Int(CRYPT_GENSALT_OUTPUT_SIZE))
        // 2y and 2b are the same algorithm; 2y is what htpasswd writes and what every Traefik takes.
        guard
            crypt_gensalt_rn("$2y$", UInt(cost), &random, Int32(random.count), &setting, Int32(setting.count)) != nil
        else { throw Failure(.host, "libcrypt makes no salt for bcrypt") }
        return Secret(try crypted(password, setting: text(setting)))
    }

    private static func crypted(_ password: Secret, setting: String) throws -> String {
        try password.reveal { bytes in
            guard !bytes.contains(0) else {
                throw Failure(.refused, "the password holds a NUL character, at which bcrypt would cut it off")
            }
            guard bytes.count <= longestForBcrypt else {
                throw Failure(
                    .refused,
                    "the password has \(bytes.count) bytes; bcrypt takes \(longestForBcrypt) and would leave out the rest: choose a shorter one"
                )
            }
            let phrase = bytes.map { CChar(bitPattern: $0) } + [0]
            // struct crypt_data, which libxcrypt promises to be of this size.
            let size = 32768
            return try withUnsafeTemporaryAllocation(byteCount: size, alignment: 16) { data in
                data.initializeMemory(as: UInt8.self, repeating: 0)
                defer { data.initializeMemory(as: UInt8.self, repeating: 0) }
                guard let result = crypt_rn(phrase, setting, data.baseAddress, Int32(size)) else {
                    throw Failure(.host, "libcrypt knows no bcrypt")
                }
                return String(cString: result)
            }
        }
    }

    // MARK: Argon2

    private static func argon2id(_ password: Secret) throws -> Secret {
        let salt = randomBytes(saltLength)
        let length = argon2_encodedlen(
            argonPasses, argonMemory, 1, UInt32(saltLength), UInt32(argonLength), Argon2_id)
        var encoded = [CChar](repeating: 0, count: length)
        let result = password.reveal { bytes in
            argon2id_hash_encoded(
                argonPasses, argonMemory, 1, bytes, bytes.count, salt, salt.count, argonLength, &encoded, length)
        }
        guard result == ARGON2_OK.rawValue else {
            throw Failure(.host, "the password can't be hashed: \(String(cString: argon2_error_message(result)))")
        }
        return Secret(text(encoded))
    }

    /// Kibibytes, passes and lanes: what we and code-server's own advice make is within, and with more, whoever wrote the hash
    /// would have us work for them. A standing one may be a user's.
    private static let mostOfArgon = ["m=": 1 << 16, "t=": 4, "p=": 4]

    private static func argon2Matches(_ password: Secret, _ hash: String) -> Bool {
        let kinds = ["argon2i": Argon2_i, "argon2d": Argon2_d, "argon2id": Argon2_id]
        // $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH; the first version of Argon2 tells no version.
        let fields = hash.split(separator: "$")
        guard let kind = fields.first.flatMap({ kinds[String($0)] }),
            let cost = fields.first(where: { $0.hasPrefix("m=") })
        else { return false }
        for parameter in cost.split(separator: ",") {
            guard let value = Int(parameter.dropFirst(2)), let most = mostOfArgon[String(parameter.prefix(2))],
                value <= most
            else { return false }
        }
        return password.reveal { argon2_verify(hash, $0, $0.count, kind) } == ARGON2_OK.rawValue
    }

    // MARK: Bytes

    private static func randomBytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// In a time that says nothing about where they differ.
    private static func isSame(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        one.count == other.count && zip(one, other).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
