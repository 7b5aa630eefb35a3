import InitCore
import Testing

// `count` and ${n}: one item of a document that stands for several.

@Suite struct CountedItemsTests {
    @Test(
        "${n} is the number, with something added or taken away; $${ is a plain ${, all else stays",
        arguments: [
            ("dev-${n}", "dev-7"), ("${8000+n}", "8007"), ("${ 8000 + n }", "8007"), ("ide${n+1}", "ide8"),
            ("${n-1}", "6"), ("${n}${n}", "77"), ("$${n}", "${n}"), ("$$${n}", "$${n}"), ("a$b $ $n $$", "a$b $ $n $$"),
            ("}{n}", "}{n}"), ("", ""), ("ä${n}ö", "ä7ö"),
        ])
    func texts(text: String, filled: String) throws {
        #expect(try CountedText(text).filled(7) == filled)
    }

    @Test(
        "What isn't known is a mistake that says what is",
        arguments: [
            ("${m}", "${m} isn't known here; ${n} and ${8000+n} are"), ("${}", "${} isn't known"),
            ("${ami-id}", "one that is to stay is written $${ami-id}"), ("${8000-n}", "isn't known"),
            ("${n+m}", "isn't known"), ("${1234567890+n}", "isn't known"), ("${+n}", "isn't known"),
            ("a ${n", "a ${ isn't closed"), ("${n+٣}", "isn't known"),
        ])
    func mistakes(text: String, message: String) {
        let error = #expect(throws: CountedText.Mistake.self) { try CountedText(text) }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    private func counted(_ json: String, name: String = "dev") throws -> (items: [String], errors: [String]) {
        let node = JSONNode(try JSONParser.parse(Array(json.utf8), name: "item").value, at: DocumentPath("dev"))
        var diagnostics = Diagnostics()
        let items = node.counted(name, .unasked, &diagnostics)
        return (items.map { "\($0.name) \($0.node.value.pythonText)" }, diagnostics.errors.map(\.line))
    }

    @Test("An item with a count is that many, its texts filled in however deep they stand")
    func items() throws {
        let result = try counted(#"{"count": "2", "a": "x${n}", "b": ["${10+n}", 5, {"c": "$${n}"}]}"#)
        #expect(
            result.items == [
                #"dev-1 {"a": "x1", "b": ["11", 5, {"c": "${n}"}]}"#,
                #"dev-2 {"a": "x2", "b": ["12", 5, {"c": "${n}"}]}"#,
            ])
        #expect(result.errors == [])
    }

    @Test("A name with ${n} says where the number goes; without a count an item is itself")
    func names() throws {
        #expect(try counted(#"{"count": 2}"#, name: "dev${n}.x").items == ["dev1.x {}", "dev2.x {}"])
        #expect(try counted(#"{"a": "$${n}"}"#).items == [#"dev {"a": "${n}"}"#])
        #expect(try counted(#"{"count": 0}"#).items == [])
        #expect(
            try counted(#"{"count": 1, "m": {"/t-${n}": "x", "${HOME}": "y"}}"#).items == [
                #"dev-1 {"m": {"/t-1": "x", "${HOME}": "y"}}"#
            ])
        #expect(try counted(#""text""#).items == [#"dev "text""#])
    }

    @Test("Mistakes are told once, at their places, and nothing comes of the item")
    func diagnostics() throws {
        let wrong = try counted(#"{"count": 9, "a": "${x}", "b": ["${n"]}"#)
        #expect(wrong.items == [])
        #expect(wrong.errors.map { $0.prefix { $0 != ":" } } == ["dev.a", "dev.b[0]"])
        let uncounted = try counted(#"{"a": "${n}"}"#)
        #expect(uncounted.items == [])
        #expect(uncounted.errors.count == 1)
        #expect(uncounted.errors.first?.contains("without a \u{201C}count\u{201D}") == true)
        #expect(try counted(#"{"count": "many"}"#).errors.first?.contains("a whole number from 0 to 1000") == true)
        #expect(try counted(#"{"count": 1001}"#).errors.count == 1)
    }
}
