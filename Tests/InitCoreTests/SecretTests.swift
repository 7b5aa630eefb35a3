import InitCore
import InitTesting
import Testing

@testable import InitCore

// A secret is seen nowhere: not by accident (its default rendering), and not in what others print (the scrubber).

@Suite struct SecretTests {
    static let value = "correct-horse-battery-staple"

    private struct Holder {
        let name = "holder"
        let secret = Secret(SecretTests.value)
        let nested: [String: [Secret?]] = ["a": [Secret(SecretTests.value), nil]]
    }

    @Test("No rendering of a secret, or of what holds one, shows it")
    func renderings() {
        let secret = Secret(Self.value)
        let command = Command("c", .shell("x"), environment: .only(["TOKEN": secret]))
        let write = FileWrite("/a", .secret(secret), mode: 0o600, keepsBackup: false)
        let things: [Any] = [
            secret, Optional(secret) as Any, [secret], ["k": secret], (1, secret), Holder(), command, write,
            Step.write(write), Change(.run, steps: [.run(command), .write(write)]),
        ]
        for thing in things {
            var dumped = ""
            dump(thing, to: &dumped)
            let texts = ["\(thing)", String(describing: thing), String(reflecting: thing), dumped]
            for text in texts { #expect(!text.contains(Self.value), "\(type(of: thing))") }
            #expect(texts.allSatisfy { !$0.contains("\(Array(Self.value.utf8))") })
        }
        #expect("\(secret)" == "(secret)")
        #expect(Mirror(reflecting: secret).children.isEmpty)
        #expect(!((secret as Any) is any Encodable))
        #expect(secret.reveal { String(decoding: $0, as: UTF8.self) } == Self.value)
    }

    @Test("Two secrets are equal by value, and a failed comparison shows neither")
    func equality() {
        #expect(Secret("a") == Secret([97]))
        #expect(Secret("a") != Secret("b"))
    }
}

@Suite struct ScrubberTests {
    private static let pem = """
        -----BEGIN EC PRIVATE KEY-----
        MHcCAQEEIIrYSSNQFaA2Hwf1duRSxKtLYX5CB04fSeQ6tF1aY/PuoAoGCCqGSM49
        AwEHoUQDQgAEPR3tU2Fta9ktY+6P9G0cWO+0kETA6SFs38GecTyudlHz6xvCdz8q
        -----END EC PRIVATE KEY-----

        """

    @Test("A secret goes wherever it stands, and all else stays")
    func scrubs() {
        let scrubber = Scrubber([Secret("hunter2hunter2"), Secret("hunter2")])
        #expect(scrubber.scrub("a hunter2hunter2hunter2 b hunter b") == "a (secret)(secret) b hunter b")
        #expect(scrubber.scrub("") == "")
        #expect(Scrubber().scrub("hunter2") == "hunter2")
        #expect(Scrubber([Secret("short")]).scrub("a short word") == "a short word")
        #expect(Scrubber([Secret("  padded value \n")]).scrub("x=padded value;") == "x=(secret);")
    }

    @Test("A PEM block is known line by line, and its frame isn't secret")
    func pemLines() {
        let scrubber = Scrubber([Secret(Self.pem)])
        for line in Self.pem.split(separator: "\n") where !line.hasPrefix("-----") {
            #expect(scrubber.scrub("debug: [\(line)]") == "debug: [(secret)]")
        }
        #expect(scrubber.scrub("-----BEGIN EC PRIVATE KEY-----") == "-----BEGIN EC PRIVATE KEY-----")
        #expect(scrubber.scrub("<\(Self.pem)>") == "<(secret)\n>")
        // As a Windows editor or a terminal hands it on.
        let carried = Self.pem.split(separator: "\n").joined(separator: "\r\n")
        #expect(!scrubber.scrub(carried).contains("MHcCAQEE"))
    }

    @Test("In base64 a secret is known wherever in a text it stands, and over the lines of what base64(1) prints")
    func base64Anywhere() {
        let value = "correct-horse-battery-staple"
        for before in ["", "a", "ab", "abc"] {
            for after in ["", "x", "xy"] {
                let shown = Scrubber([Secret(value)]).scrub(base64(Array("\(before)\(value)\(after)".utf8)))
                // What is left of it says nothing about more than the first and the last two of its characters.
                #expect(shown.contains("(secret)") && shown.count <= 20, "\(shown)")
            }
        }
        let long = String(repeating: "0123456789 abcdefghijk ", count: 8)
        let encoded = base64(Array(long.trimmingBlanks().utf8))
        for width in [76, 64] {
            let lines = stride(from: 0, to: encoded.count, by: width).map { encoded.dropFirst($0).prefix(width) }
            let shown = Scrubber([Secret(long)]).scrub(lines.joined(separator: "\n"))
            #expect(shown.split(separator: "\n").allSatisfy { $0.hasPrefix("(secret)") && $0.count <= 12 }, "\(shown)")
        }
    }

    @Test("The forms in which values travel are known: JSON, URL, base64")
    func forms() {
        let value = "p\u{e4}ss \"w\\ord\"/+&="
        let scrubber = Scrubber([Secret(value)])
        let forms = [
            value, "p\\u00e4ss \\\"w\\\\ord\\\"/+&=", "p%C3%A4ss%20%22w%5Cord%22%2F%2B%26%3D",
            // As jq and JavaScript write JSON: only what must be escaped is.
            "p\u{e4}ss \\\"w\\\\ord\\\"/+&=",
        ]
        for form in forms { #expect(scrubber.scrub("<\(form)>") == "<(secret)>", "\(form)") }
        let encoded = base64(Array(value.utf8))
        // The last group depends on what follows it.
        #expect(!scrubber.scrub(encoded).contains(encoded.prefix(8)))
        let longer = base64(Array("\(value)\n".utf8))
        #expect(!scrubber.scrub(longer).contains(encoded.prefix(8)))
    }

    @Test("A secret is found across the borders of reads, whatever these are")
    func borders() {
        var random = SeededGenerator(4)
        let secrets = ["hunter2hunter2", "hunter", "abababab", "bababa-end", Self.pem, "ä-secret-ü"]
        let scrubber = Scrubber(secrets.map { Secret($0) })
        let filler = ["hunt", "ab", "ba", "-", "\n", "text ", "ä", "hunter2hunte"]
        for _ in 0..<400 {
            let parts = (0..<12).map { _ in
                (Bool.random(using: &random) ? secrets : filler).randomElement(using: &random) ?? ""
            }
            let text = Array(parts.joined().utf8)
            var stream = scrubber.stream()
            var output: [UInt8] = []
            var rest = text[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 0...9, using: &random))
                output += stream.append(piece)
                rest = rest.dropFirst(piece.count)
                let soFar = String(decoding: output, as: UTF8.self)
                for secret in secrets where soFar.contains(secret) { Issue.record("\(secret) in \(soFar)") }
            }
            output += stream.finish()
            #expect(String(decoding: output, as: UTF8.self) == scrubber.scrub(String(decoding: text, as: UTF8.self)))
        }
    }

    @Test("No random value survives in any of its forms, in random text")
    func properties() {
        var random = SeededGenerator(5)
        for _ in 0..<400 {
            let value = random.text(6...30).trimmingBlanks()
            guard value.utf8.count >= 6 else { continue }
            let scrubber = Scrubber([Secret(value)])
            let json = String(JSONValue.string(value).pythonText.dropFirst().dropLast())
            for form in [value, json] {
                let scrubbed = scrubber.scrub("before\(form)after")
                #expect(!scrubbed.utf8.elementsEqual("before\(form)after".utf8), "\(form.debugDescription)")
                #expect(scrubbed.contains("(secret)"))
            }
        }
    }
}

@Suite struct RedactionTests {
    private func redact(_ json: String) throws -> (text: String, secrets: [String]) {
        let redaction = Redaction(try JSONParser.parse(Array(json.utf8), name: "test").value)
        let secrets = redaction.secrets.map { $0.reveal { String(decoding: $0, as: UTF8.self) } }
        return (redaction.metadata.pythonText, secrets)
    }

    @Test("Values whose key says password, secret or token are secret, references to them aren't")
    func keys() throws {
        let (text, secrets) = try redact(
            #"{"dbPassword": "one", "API_TOKEN": "two", "mySecret": ["three", 4], "user": "ada", "password": "", "#
                + #""tokenRef": "ssm:///a/b", "passwordRef": "{{resolve:ssm:a}}"}"#)
        #expect(secrets.contains("one") && secrets.contains("two") && secrets.contains("three"))
        #expect(!text.contains("one") && !text.contains("two") && !text.contains("three"))
        #expect(text.contains("ada") && text.contains("ssm:///a/b") && text.contains("{{resolve:ssm:a}}"))
    }

    @Test("What a container gets as a secret is one, whatever it is called; a yes or no isn't")
    func containers() throws {
        let (text, secrets) = try redact(
            #"{"containers": {"dev": {"secrets": {"/run/db": "one", "/run/ref": "ssm:///a"}, "secretEnvironment": {"DB_URL": "two"}}}, "#
                + #""codeServer": {"instances": {"a": {"config": {"github-auth": "three"}, "hashPassword": "true"}}}}"#)
        #expect(secrets.sorted() == ["one", "three", "two"])
        #expect(!text.contains("one") && !text.contains("two") && !text.contains("three"))
        #expect(text.contains("ssm:///a") && text.contains(#""hashPassword": "true""#))
    }

    @Test("Keys of Authentication and content of private files are secret, in base64 in both forms")
    func places() throws {
        let (text, secrets) = try redact(
            #"{"AWS::CloudFormation::Authentication": {"a": {"accessKeyId": "AKIA1", "secretKey": "sk", "buckets": ["b"]}}, "#
                + #""files": {"/a": {"content": "private", "mode": "000600"}, "/b": {"content": {"x": "inner"}, "mode": "0400"}, "#
                + #""/c": {"content": "aGlkZGVu", "encoding": "base64", "mode": "000600"}, "/d": {"content": "open", "mode": "000644"}, "#
                + #""/e": {"content": "target", "mode": "120000"}}}"#)
        for secret in ["AKIA1", "sk", "private", "{\"x\": \"inner\"}", "aGlkZGVu", "hidden"] {
            #expect(secrets.contains(secret), "\(secret)")
            #expect(!text.contains(secret), "\(secret)")
        }
        for open in ["open", "target", "\"b\""] { #expect(text.contains(open)) }
    }

    @Test("The password of a URL is secret, as it is written and as it is meant; the rest stays readable")
    func passwordsOfURLs() throws {
        let (text, secrets) = try redact(
            #"{"sources": {"/a": "https://ann:s3%2Fcret@h/x.zip"}, "files": {"/b": {"source": "http://ben@h/x"}}}"#)
        #expect(secrets == ["s3%2Fcret", "s3/cret"])
        #expect(text.contains("https://ann:(secret)@h/x.zip") && text.contains("http://ben@h/x"))
    }

    /// A PEM key in base64 was stored as it stood: only its decoded form says what it is.
    @Test("A private key is secret wherever it stands, base64 included")
    func privateKeys() throws {
        let pem = "-----BEGIN PRIVATE KEY-----\\nMIIEvQ\\n-----END PRIVATE KEY-----\\n"
        #expect(!(try redact(#"{"anything": ["\#(pem)"]}"#).text.contains("MIIEvQ")))
        let encoded = base64(Array(pem.replacing("\\n", with: "\n").utf8))
        let (text, secrets) = try redact(#"{"content": "\#(encoded)", "encoding": "base64", "mode": "000644"}"#)
        #expect(!text.contains(encoded))
        #expect(secrets.contains { $0.contains("MIIEvQ") })
    }

    @Test("A reference stays readable, and the literal text beside it in a private file doesn't")
    func references() throws {
        let (text, secrets) = try redact(
            #"{"files": {"/a": {"content": "user=ada-lovelace-1815\n{{resolve:ssm:a}}\nx=y", "mode": "000600"}, "#
                + #""/b": {"content": {"p": "ssm:///b", "q": "quite-private", "n": 271828}, "mode": "000600"}, "#
                + #""/c": {"content": "open {{resolve:ssm:c}}", "mode": "000644"}, "#
                + #""/d": {"content": "{{resolve:ssm:d}}", "mode": "000600", "references": "false"}, "#
                + #""/e": {"content": "{{resolve:vault:e}}", "mode": "000600"}}, "password": "pre{{resolve:ssm:f}}post", "#
                + #""token": "{{resolve:ssm:g}} middle {{resolve:ssm:h}}"}"#)
        for reference in ["ssm:a", "ssm:///b", "open {{resolve:ssm:c}}", "ssm:f", "ssm:g", "ssm:h"] {
            #expect(text.contains(reference), "\(reference)")
        }
        for hidden in ["ada-lovelace", "x=y", "quite-private", "271828", "ssm:d", "vault", "pre", "post", "middle"] {
            #expect(!text.contains(hidden), "\(hidden)")
        }
        for secret in ["user=ada-lovelace-1815\n", "quite-private", "271828", "pre", "post", " middle "] {
            #expect(secrets.contains(secret), "\(secret)")
        }
        // A mere name beside a reference would be taken for a secret wherever it stands.
        #expect(!secrets.contains("\nx=y"))
    }
}
