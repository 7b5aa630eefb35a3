import InitCore
import InitLinux
import Testing

@Suite struct PasswordHashTests {
    private func hash(_ password: String, _ scheme: PasswordScheme) throws -> String {
        try PasswordHash.make(Secret(password), scheme).reveal { String(decoding: $0, as: UTF8.self) }
    }

    @Test(
        "What is made matches its password and no other, and is another each time",
        arguments: [
            PasswordScheme.bcrypt(cost: 4), .bcrypt(cost: 5), .argon2id,
        ])
    func roundTrip(scheme: PasswordScheme) throws {
        for password in ["correct horse", "", "p\u{e4}ssw\u{f6}rd \u{1f511}", "a:b$c#d\"e\\f"] {
            let one = try hash(password, scheme)
            #expect(PasswordHash.matches(Secret(password), one))
            #expect(!PasswordHash.matches(Secret(password + "x"), one))
            #expect(try hash(password, scheme) != one)
        }
    }

    @Test("The prefix and the cost are what Traefik and code-server read")
    func form() throws {
        #expect(try hash("x", .bcrypt(cost: 5)).hasPrefix("$2y$05$"))
        #expect(try hash("x", .bcrypt(cost: 5)).utf8.count == 60)
        #expect(try hash("x", .argon2id).hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$"))
    }

    /// From Openwall's crypt_blowfish (wrapper.c), and the reference implementation of Argon2 (test.c).
    @Test(
        "Published hashes match",
        arguments: [
            ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
            ("U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
            ("password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"),
            ("password", "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"),
            ("password", "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ"),
        ])
    func published(password: String, hash: String) {
        #expect(PasswordHash.matches(Secret(password), hash))
        #expect(!PasswordHash.matches(Secret(password + "!"), hash))
    }

    @Test(
        "What is no hash of these kinds, or would take minutes, matches nothing",
        arguments: [
            "", "x", "$", "$2y$", "$2y$05$short", "$apr1$salt$hash", "$argon2id$", "$argon2id$v=19$m=,t=,p=$a$b",
            "$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$argon2id$v=19$m=64,t=99999999,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$2y$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "password", "$2y$05$zzz\u{e9}CCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        ])
    func noHash(text: String) { #expect(!PasswordHash.matches(Secret("password"), text)) }

    /// Each is of "password", and right: made by argon2(1).
    @Test(
        "A hash over which we would sit, or for which we would give away memory, is nobody's",
        arguments: [
            "$argon2id$v=19$m=65537,t=2,p=1$c29tZXNhbHQ$Vc+MP/KdFRq4K8Y2fSpW4dfeKxK2Pwf47fUAJpTyR5k",
            "$argon2id$v=19$m=64,t=5,p=1$c29tZXNhbHQ$U3ewLrhmlq//wgywMWh+/932mSVWA/SaiK7GDyQYsiU",
            "$argon2id$v=19$m=64,t=1,p=5$c29tZXNhbHQ$uiLozeJ/500GJZ9ZofEkIA76BBz6qdRFFZRmOG/D06I",
        ])
    func excessive(text: String) { #expect(!PasswordHash.matches(Secret("password"), text)) }

    @Test("bcrypt's limits are errors: 72 bytes, no NUL, cost 4 to 31")
    func limits() throws {
        let longest = String(repeating: "x", count: 72)
        #expect(PasswordHash.matches(Secret(longest), try hash(longest, .bcrypt(cost: 4))))
        let tooLong = #expect(throws: Failure.self) { try hash(longest + "x", .bcrypt(cost: 4)) }
        #expect(tooLong?.message.contains("73 bytes") == true)
        let nul = #expect(throws: Failure.self) { try hash("a\0b", .bcrypt(cost: 4)) }
        #expect(nul?.message.contains("NUL") == true)
        #expect(throws: Failure.self) { try hash("x", .bcrypt(cost: 3)) }
        #expect(PasswordHash.matches(Secret(longest + "x"), try hash(longest + "x", .argon2id)))
    }
}
