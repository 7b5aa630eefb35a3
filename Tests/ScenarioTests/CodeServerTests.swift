import InitCore
import InitTesting
import Testing

// code-server in runs that don't go through at once: installed by one config for another, refused, tried again.

@Suite struct CodeServerTests {
    private static let url = "https://example.com/code-server-4.145.0.tar.gz"

    /// - Parameters:
    ///   - releases: that are there and ours; the last one is in use.
    ///   - answer: of the new release's check.
    ///   - more: members of the host.
    private func fake(
        releases: [String], files more: String? = nil, answer: String = #"{"output": "4.145.0"}"#,
        more others: String = #""groups": {}"#
    ) throws -> FakeHost {
        var files = [#""/usr/lib/systemd/system/ide-init-code-server@.service": "[Service]\n""#]
        for release in releases {
            files.append("\"/opt/code-server/\(release)/bin/code-server\": {\"content\": \"\", \"mode\": \"0755\"}")
            files.append(
                "\"/opt/code-server/.ide-init-\(release)\": \"# Made by ide-init for -: Install|codeServer|install; changes are overwritten\\n\""
            )
        }
        if let last = releases.last { files.append("\"/opt/code-server/current\": {\"target\": \"\(last)\"}") }
        let removals = releases.map { release in
            let paths = ["/opt/code-server/\(release)", "/opt/code-server/.ide-init-\(release)"]
            return
                "\"/bin/rm -rf --one-file-system -- \(paths.joined(separator: " "))\": {\"remove\": [\"\(paths[0])\", \"\(paths[1])\"]}"
        }
        let commands =
            removals + ["\"/opt/code-server/4.145.0/bin/code-server --config /dev/null --version\": \(answer)"]
        let unit = #"{"enabled": true, "active": true, "reads": ["/opt/code-server/current"]}"#
        let text = """
            {"users": {"dev": {"id": 1000}, "dev2": {"id": 1001}, "nobody": {"id": 65534}},
             "units": {"ide-init-code-server@dev.service": \(unit), "ide-init-code-server@dev2.service": \(unit)},
             "files": {\((files + [more].compactMap { $0 }).joined(separator: ", "))},
             "archives": {"\(Self.url)": {"top/bin/code-server": {"content": "new", "mode": "0755"}}},
             "commands": {\(commands.joined(separator: ", "))}, \(others)}
            """
        return FakeHost(try FakeWorld(Array(text.utf8), name: "host")) { Issue.record("\($0)") }
    }

    private func document(
        version: String = "4.145.0", keep: Int = 1, instances: String = #"{"dev": {"config": {"auth": "none"}}}"#,
        configSets: [String] = []
    ) throws -> Document {
        let text = """
            {"AWS::CloudFormation::Init": {"configSets": {"default": ["Install", "Setup"], "first": ["Install"]},
              "Install": {"codeServer": {"install": {"version": "\(version)", "source": "\(Self.url)", "keep": "\(keep)"}}},
              "Setup": {"codeServer": {"instances": \(instances)}}}}
            """
        return Document(try JSONParser.parse(Array(text.utf8), name: "doc").value, configSets: configSets)
    }

    private func apply(_ document: Document, _ fake: FakeHost) async -> Report {
        fake.begin(nil)
        return await Engine(host: fake.host(), mode: .apply).run(document)
    }

    @Test("On a fresh host a plan knows that another config brings the program")
    func fresh() async throws {
        let fake = try fake(releases: [])
        let report = await Engine(host: fake.host(performing: false), mode: .plan).run(try document())
        #expect(report.firstFailure == nil, "\(report.firstFailure?.failure.message ?? "")")
        let item = report.items.first { $0.id.name == "dev" }
        #expect(item?.change?.certainty == .knownAfter("codeServer[install]"))
    }

    @Test("A release stays while an instance runs from it, and goes with the run after its restart")
    func oldReleases() async throws {
        let fake = try fake(releases: ["4.143.0", "4.144.0"])
        _ = await apply(try document(version: "4.144.0", keep: 2), fake)
        #expect(fake.state.tree["/opt/code-server/4.143.0/bin/code-server"] != nil)

        let first = await apply(try document(configSets: ["first"]), fake)
        #expect(first.firstFailure == nil, "\(first.firstFailure?.failure.message ?? "")")
        #expect(fake.state.tree["/opt/code-server/4.143.0/bin/code-server"] == nil)
        #expect(fake.state.tree["/opt/code-server/4.144.0/bin/code-server"] != nil)

        let second = await apply(try document(), fake)
        #expect(second.items.filter { $0.outcome == .changed }.map(\.id.name) == ["dev", "dev/unit"])
        let third = await apply(try document(), fake)
        #expect(third.items.filter { $0.outcome == .changed }.map(\.id.name) == ["old releases"])
        #expect(fake.state.tree["/opt/code-server/4.144.0/bin/code-server"] == nil)
    }

    @Test("A process holds its release, whatever its drop-in says")
    func processes() async throws {
        let fake = try fake(
            releases: ["4.143.0", "4.144.0"],
            files:
                #""/proc/77/exe": {"target": "/opt/code-server/4.144.0/lib/node"}, "/proc/78/exe": {"target": "/usr/bin/x"}"#
        )
        let report = await apply(try document(), fake)
        #expect(report.firstFailure == nil, "\(report.firstFailure?.failure.message ?? "")")
        #expect(fake.state.tree["/opt/code-server/4.143.0/bin/code-server"] == nil)
        #expect(fake.state.tree["/opt/code-server/4.144.0/bin/code-server"] != nil)
    }

    @Test("A release that doesn't run here leaves nobody to be restarted, once the document has the old one again")
    func refused() async throws {
        let fake = try fake(releases: ["4.144.0"], answer: #"{"code": 1, "errors": "GLIBC_2.99 not found"}"#)
        #expect(await apply(try document(version: "4.144.0", keep: 2), fake).firstFailure == nil)
        let failed = await apply(try document(keep: 2), fake)
        #expect(failed.firstFailure?.subject == "codeServer[install]")
        #expect(fake.state.pending == [])
        let back = await apply(try document(version: "4.144.0", keep: 2), fake)
        #expect(back.items.filter { $0.outcome != .unchanged }.map(\.id.description) == [])
    }

    @Test("Beside an instance that can't be planned nothing is done, and so nobody reacts to it later")
    func neighbours() async throws {
        let fake = try fake(
            releases: ["4.145.0"],
            files:
                #""/home/dev2/.config/code-server/config.yaml": {"content": "auth: none\n", "owner": 1001, "group": 1001}"#
        )
        let report = await apply(
            try document(
                instances:
                    #"{"dev": {"config": {"auth": "none"}}, "dev2": {"config": {"auth": "none", "bind-addr": "127.0.0.1:8081"}}}"#
            ), fake)
        #expect(report.firstFailure?.subject == "codeServer[dev2]")
        #expect(fake.state.pending == [])
    }

    @Test("A password from elsewhere that nobody could type is refused before anything is written")
    func typed() async throws {
        for (value, told) in [("a\\n", "a line end"), ("a ", "a blank"), (#"{\"password\": \"x\"}"#, "name the key")] {
            let fake = try fake(
                releases: ["4.145.0"], more: "\"references\": {\"ssm:///ide\": \"\(value)\"}")
            let report = await apply(
                try document(instances: #"{"dev": {"config": {"password": "ssm:///ide"}, "hashPassword": "true"}}"#),
                fake)
            let message = report.firstFailure?.failure.message ?? ""
            #expect(message.hasPrefix("Setup.codeServer.instances.dev.config.password: the password"), "\(message)")
            #expect(message.contains(told), "\(message)")
            #expect(fake.state.tree["/home/dev/.config/code-server/config.yaml"] == nil)
        }
    }

    @Test("A hash that code-server wouldn't read isn't kept, though it is the password's")
    func hashes() async throws {
        let fake = try fake(
            releases: ["4.145.0"],
            files:
                ##""/home/dev/.config/code-server/config.yaml": {"content": "# Made by ide-init for -: Setup|codeServer|dev; changes are overwritten\nhashed-password: \"$2y$05$4104d36f8da2c254349f85\"\n", "owner": 1000}"##
        )
        let instances = #"{"dev": {"config": {"password": "correct horse"}, "hashPassword": "true"}}"#
        #expect(await apply(try document(instances: instances), fake).firstFailure == nil)
        let text = try fake.state.tree.read("/home/dev/.config/code-server/config.yaml")
        #expect(String(decoding: text, as: UTF8.self).contains("hashed-password: \"$argon2id$"))
    }

    @Test("Units of code-server are waited for like those of services")
    func readiness() async throws {
        let fake = try fake(releases: ["4.145.0"])
        let report = await apply(try document(), fake)
        #expect(
            report.readiness.map { "\($0.check.target) \($0.outcome)" } == [
                "unit ide-init-code-server@dev.service ready"
            ])
    }
}
