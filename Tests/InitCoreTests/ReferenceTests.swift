import Testing

@testable import InitCore

@Suite struct ReferenceTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let spelling: String
        let reference: Reference

        init(_ spelling: String, _ reference: Reference) {
            self.spelling = spelling
            self.reference = reference
        }

        var testDescription: String { spelling }
    }

    private static let parameterARN = "arn:aws:ssm:eu-west-1:123456789012:parameter/a/b"
    private static let secretARN = "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:app/db-AbCdEf"

    private static func parameter(_ name: String, _ version: Int? = nil) -> Reference {
        .parameter(name: name, version: version)
    }

    private static func secret(
        _ id: String, _ key: String? = nil, stage: String? = nil, version: String? = nil
    ) -> Reference { .secret(id: id, key: key, stage: stage, version: version) }

    @Test(
        "Every spelling of the contract's table",
        arguments: [
            Case("{{resolve:ssm:a}}", parameter("a")), Case("{{resolve:ssm:/a/b}}", parameter("/a/b")),
            Case("{{resolve:ssm:/a/b:3}}", parameter("/a/b", 3)),
            Case("{{resolve:ssm-secure:a.b_c-d:12}}", parameter("a.b_c-d", 12)),
            Case("{{resolve:ssm:\(parameterARN)}}", parameter(parameterARN)),
            Case("{{resolve:ssm:\(parameterARN):7}}", parameter(parameterARN, 7)),
            Case(
                "{{resolve:ssm:/aws/reference/secretsmanager/rds!db+x}}",
                parameter("/aws/reference/secretsmanager/rds!db+x")),
            Case("ssm:///a/b", parameter("/a/b")), Case("ssm:///a", parameter("a")),
            Case("ssm:///a/b?version=2", parameter("/a/b", 2)), Case("ssm:///a%2Fb", parameter("/a/b")),
            Case("ssm:///\(parameterARN)?version=2", parameter(parameterARN, 2)),
            Case("{{resolve:secretsmanager:a}}", secret("a")),
            Case("{{resolve:secretsmanager:a:SecretString}}", secret("a")),
            Case("{{resolve:secretsmanager:a/b:SecretString:key}}", secret("a/b", "key")),
            Case("{{resolve:secretsmanager:a::key}}", secret("a", "key")),
            Case("{{resolve:secretsmanager:a:SecretString:key:AWSPREVIOUS}}", secret("a", "key", stage: "AWSPREVIOUS")),
            Case("{{resolve:secretsmanager:a:SecretString::AWSPREVIOUS:}}", secret("a", stage: "AWSPREVIOUS")),
            Case("{{resolve:secretsmanager:a:SecretString:key::v-1}}", secret("a", "key", version: "v-1")),
            Case("{{resolve:secretsmanager:a::::v-1}}", secret("a", version: "v-1")),
            Case("{{resolve:secretsmanager:\(secretARN)}}", secret(secretARN)),
            Case(
                "{{resolve:secretsmanager:\(secretARN):SecretString:key::v-1}}",
                secret(secretARN, "key", version: "v-1")),
            Case("secretsmanager://a/b", secret("a/b")), Case("secretsmanager://rds!db@x+y=z", secret("rds!db@x+y=z")),
            Case("secretsmanager://a#key", secret("a", "key")),
            Case("secretsmanager://a#a%20key%3F%25", secret("a", "a key?%")),
            Case("secretsmanager://a?stage=AWSPENDING", secret("a", stage: "AWSPENDING")),
            Case("secretsmanager://\(secretARN)?version=v-1#key", secret(secretARN, "key", version: "v-1")),
            Case("s3://bucket/key", .object(bucket: "bucket", key: "key", version: nil)),
            Case(
                "s3://my.bucket-1/a/b%20c%3F+d#e?versionId=v%2F1",
                .object(bucket: "my.bucket-1", key: "a/b c?+d#e", version: "v/1")),
        ])
    func spellings(test: Case) throws {
        #expect(try Reference(test.spelling) == test.reference)
        // What a message shows can be typed.
        #expect(try Reference(test.reference.description) == test.reference)
    }

    @Test(
        "A malformed one is refused with what would be right",
        arguments: [
            ("", "is no reference"), ("a", "is no reference"), ("http://a", "is no reference"),
            ("SSM:///a", "is no reference"),
            ("{{resolve:ssm:a", "is no reference"),
            ("{{resolve:vault:a}}", "ssm, ssm-secure and secretsmanager are known"),
            ("{{resolve:}}", "knows no service"),
            ("{{resolve:ssm}}", "no name of a parameter"), ("{{resolve:ssm:}}", "no name of a parameter"),
            ("{{resolve:ssm:a:b}}", "no version of a parameter; a whole number from 1 is"),
            ("{{resolve:ssm:a:0}}", "no version"),
            ("{{resolve:ssm:a:+1}}", "no version"), ("{{resolve:ssm:a:}}", "no version"),
            ("{{resolve:ssm:a:1:2}}", "3 parts"),
            ("{{resolve:ssm:a b}}", "letters, digits, _ . - and /"), ("{{resolve:ssm:a\\}}", "letters, digits"),
            ("{{resolve:ssm:arn:aws:ssm:eu-west-1:123456789012:document/a}}", "no ARN of a parameter"),
            ("{{resolve:ssm:arn:aws:ssm}}", "3 parts between colons"),
            ("{{resolve:secretsmanager:}}", "no name of a secret"),
            ("{{resolve:secretsmanager:a:SecretBinary}}", "only SecretString may stand"),
            ("{{resolve:secretsmanager:a:SecretString:k:S:V}}", "exclude each other; leave one of S and V out"),
            ("{{resolve:secretsmanager:a:SecretString:k:S::}}", "6 parts"),
            ("{{resolve:secretsmanager:arn:aws:secretsmanager:r:1:secret}}", "6 parts"),
            ("{{resolve:secretsmanager:arn:aws:s3:r:1:secret:a}}", "no ARN of a secret"),
            ("{{resolve:secretsmanager:a b}}", "letters, digits"),
            ("ssm://a/b", "has two slashes; ssm:///NAME"), ("ssm:///", "no name of a parameter"),
            ("ssm:////a", "nothing between two slashes"),
            ("ssm:///a/", "nothing between two slashes"), ("ssm:///a#b", "a parameter has no keys"),
            ("ssm:///a?v=1", "?v=1 isn't known here"),
            ("ssm:///a?version=x", "no version"), ("ssm:///a?version=", "isn't known here"),
            ("ssm:///a\n", "a blank or a line end"),
            ("ssm:///a%2", "write %25 for the sign itself"), ("ssm:///a%00", "write %25"),
            ("secretsmanager://", "no name of a secret"), ("secretsmanager://a#", "nothing stands behind #"),
            ("secretsmanager://a?stage=S&version=V", "exclude each other"),
            ("secretsmanager://a#k?stage=S", "behind #"),
            ("secretsmanager://a?versionId=V", "?versionId=V isn't known here"),
            ("s3://", "no name of a bucket"), ("s3://ab/k", "no name of a bucket"), ("s3://buc ket/k", "a blank"),
            ("s3://buc:ket/k", "no name of a bucket"), ("s3://bucket", "no key stands behind the bucket"),
            ("s3://bucket/", "no key"),
            ("s3://bucket/k?version=1", "isn't known here"),
        ])
    func malformed(spelling: String, message: String) {
        let error = #expect(throws: ReferenceError.self) { try Reference(spelling) }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    // MARK: Inside texts

    private func pieces(_ text: String, objects: Bool = false) throws -> [String] {
        try ReferencedText(text, at: DocumentPath("x"), takesObjects: objects).pieces.map { piece in
            switch piece {
            case .literal(let text): text.reveal { "'" + String(decoding: $0, as: UTF8.self) + "'" }
            case .reference(let reference): reference.description
            }
        }
    }

    @Test("References inside a text are found between its literal pieces")
    func texts() throws {
        #expect(try pieces("") == ["''"])
        #expect(try pieces("plain {{x}} {") == ["'plain {{x}} {'"])
        #expect(try pieces("{{resolve:ssm:a}}") == ["ssm:///a"])
        #expect(
            try pieces("{{{resolve:ssm:a}}}{{resolve:ssm:b}}\u{e4}") == [
                "'{'", "ssm:///a", "'}'", "ssm:///b", "'\u{e4}'",
            ])
        #expect(throws: ReferenceError.self) { try pieces("a {{resolve:ssm:a} b") }
        #expect(throws: ReferenceError.self) { try pieces("{{resolve:ssm:a}} {{resolve:sms:b}}") }
    }

    @Test("Inside a longer text only {{resolve:…}} is one, and an address of S3 only where objects are wanted")
    func wholes() throws {
        #expect(try pieces("ssm:///a") == ["ssm:///a"])
        #expect(try pieces("secretsmanager://a#k") == ["secretsmanager://a#k"])
        for text in [
            "see ssm:///a", "ssm:///a is where it lies", "ssm:///a\nssm:///b\n", "s3://bucket/key", " ssm:///a",
        ] {
            #expect(try pieces(text) == ["'\(text)'"])
        }
        #expect(try pieces("s3://bucket/key", objects: true) == ["s3://bucket/key"])
        #expect(try pieces("s3://bucket/key and more", objects: true) == ["'s3://bucket/key and more'"])
        // As YAML's | hands it on: meant as one, and better told than written into a file.
        #expect(throws: ReferenceError.self) { try pieces("ssm:///a\n") }
    }

    @Test("Filled in, a value is never read again, and bytes that are no text go where bytes may go")
    func filling() throws {
        let text = try ReferencedText("a {{resolve:ssm:x}} b", at: DocumentPath("p"))
        let values = ReferenceValues([.parameter(name: "x", version: nil): Secret("{{resolve:ssm:y}}")])
        #expect(try text.filled(values) == Secret("a {{resolve:ssm:y}} b"))
        #expect(try text.filledText(values) == "a {{resolve:ssm:y}} b")
        let binary = ReferenceValues([.parameter(name: "x", version: nil): Secret([0xFF])])
        #expect(try text.filled(binary) == Secret(Array("a ".utf8) + [0xFF] + Array(" b".utf8)))
        let failure = #expect(throws: Failure.self) { try text.filledText(binary) }
        #expect(failure?.message == "ssm:///x, named in p: its value is no UTF-8 text, so it can't stand here")
        #expect(throws: Failure.self) { try text.filled(ReferenceValues()) }
        // Neither the text beside a reference nor a value shows.
        var dumped = ""
        dump((text, values), to: &dumped)
        #expect(!dumped.contains("resolve:ssm:y") && dumped.contains("(secret)"))
    }

    // MARK: Templates

    private func render(_ parts: [MustacheTemplate.Part], _ context: [(String, JSONValue)] = []) throws -> String {
        try MustacheTemplate(parts).render(.object(JSONObject(context)))
    }

    @Test("A value inside a template is no template, whatever it holds")
    func templates() throws {
        let hostile = "{{x}}\n{{#a}}\u{E000}0:0\u{E001}"
        #expect(
            try render([.template("<"), .value(hostile), .template(">{{x}}")], [("x", .string("&"))])
                == "<\(hostile)>&amp;")
        #expect(
            try render([.template("{{#a}}"), .value("v"), .template("{{/a}}{{^a}}"), .value("w"), .template("{{/a}}")])
                == "w")
        // A tag alone on its line takes the line with it; one beside a value doesn't.
        #expect(
            try render([.template("{{#a}}\n"), .value("\n"), .template("{{/a}}\nb")], [("a", .bool(true))]) == "\n\nb")
        #expect(try render([.template("\u{E000}0:0\u{E001} "), .value("v")]) == "\u{E000}0:0\u{E001} v")
        for parts in [
            [MustacheTemplate.Part.template("{{#"), .value("v"), .template("}}{{/x}}")],
            [.template("{{! "), .value("v"), .template("}}")],
        ] {
            #expect(throws: MustacheError.self) { try render(parts) }
        }
    }
}
