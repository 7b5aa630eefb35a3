// Hashes without salts: the same password always has the same one, so that a fixture can hold it.

import Crypto
package import InitCore

package enum FakePasswords {
    @Sendable package static func hash(_ password: Secret, _ scheme: PasswordScheme) throws -> Secret {
        Secret(prefix(scheme) + digest(password))
    }

    @Sendable package static func matches(_ password: Secret, _ hash: String) throws -> Bool {
        hash.hasSuffix("fake" + digest(password))
    }

    private static func prefix(_ scheme: PasswordScheme) -> String {
        switch scheme {
        case .bcrypt(let cost): "$2y$\(cost < 10 ? "0" : "")\(cost)$fake"
        case .argon2id: "$argon2id$fake"
        }
    }

    private static func digest(_ password: Secret) -> String {
        String(hexadecimal(password.reveal { SHA256.hash(data: $0) }).prefix(16))
    }
}
