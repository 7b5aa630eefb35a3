import InitCore
import Testing

/// What two configs can't both make, or each run would do it twice.
@Suite struct ClaimTests {
    private static let both: [(section: String, first: String, second: String, claim: String)] = [
        (
            "nginx", #"{"code.example.com": {"ides": {"1": {"upstream": "h:1"}}}}"#,
            #"{"other": {"serverName": "code.example.com", "ides": {"2": {"upstream": "h:2"}}}}"#,
            "the server code.example.com at 80"
        ),
        (
            "dns", #"{"owner": "me", "Z1": {"a.example.com": {"value": "192.0.2.1"}}}"#,
            #"{"owner": "me", "Z1": {"A.example.com.": {"value": "192.0.2.2"}}}"#,
            "the record a.example.com A in Z1"
        ),
        (
            "containers", #"{"dev": {"image": "ide:1", "count": 2}}"#, #"{"dev-2": {"image": "ide:2"}}"#,
            "the container dev-2"
        ),
        (
            "codeServer", #"{"instances": {"a": {"user": "dev", "config": {"auth": "none"}}}}"#,
            #"{"instances": {"b": {"user": "dev", "config": {"auth": "none", "bind-addr": "127.0.0.1:9"}}}}"#,
            "an instance of the user dev"
        ),
        (
            "traefik", #"{"entryPoints": {"http": ":80"}}"#, #"{"entryPoints": {"http": ":81"}}"#,
            "the Traefik in /etc/traefik"
        ),
    ]

    private func errors(_ section: String, _ first: String, _ second: String, sets: String) throws -> [String] {
        try document(
            init: """
                {"configSets": \(sets), "one": {"\(section)": \(first)}, "two": {"\(section)": \(second)}}
                """
        ).errors
    }

    @Test("Of two configs in one run, the second is told", arguments: both)
    func together(_ section: String, _ first: String, _ second: String, _ claim: String) throws {
        let found = try errors(section, first, second, sets: #"{"default": ["one", "two", "one"]}"#)
        #expect(
            found == [
                "two.\(section): \(claim) stands in one, too, which the same run takes: each would undo what the other does; keep one of them"
            ])
    }

    @Test("Of two that never run together, each may make it", arguments: both)
    func apart(_ section: String, _ first: String, _ second: String, _ claim: String) throws {
        #expect(try errors(section, first, second, sets: #"{"default": ["one"], "other": ["two"]}"#) == [])
    }
}
