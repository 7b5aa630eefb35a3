import InitCore
import Testing

@testable import InitCore

@Suite struct HookTests {
    @Test(
        "A path names a resource and what of it is looked at",
        arguments: [
            ("Resources.Web", "Web", HookPath.Subject.lastUpdated),
            ("resources.Web.METADATA", "Web", .metadata(keys: [])),
            (
                "Resources.Web.Metadata.AWS::CloudFormation::Init.config", "Web",
                .metadata(keys: ["AWS::CloudFormation::Init", "config"])
            ),
            (#"Resources.Web.Metadata.a\.b.c"#, "Web", .metadata(keys: ["a.b", "c"])),
            (#"Resources.We\.b.PhysicalResourceID"#, "We.b", .physicalID),
            ("Resources.Web.Metadata.", "Web", .metadata(keys: [""])),
        ])
    func paths(text: String, resource: String, subject: HookPath.Subject) throws {
        let path = try HookPath(text)
        #expect(path.logicalID == resource)
        #expect(path.subject == subject)
    }

    @Test(
        "A path that names nothing is an error",
        arguments: ["", "Web.Metadata", "Resources", "Resources.", "Resources.Web.Properties"])
    func badPaths(text: String) {
        #expect(throws: Failure.self) { try HookPath(text) }
    }

    private func hooks(_ texts: String...) throws -> Hooks {
        var ini = Ini()
        for text in texts { try ini.merge(text, name: "hooks") }
        return try Hooks(ini)
    }

    @Test("Hooks of several files merge section by section, the later one winning")
    func merging() throws {
        let found = try hooks(
            "[b]\ntriggers=post.add, post.update\npath=Resources.B\naction=old %%\nrunas=web\n[a]\ntriggers=post.remove\npath=Resources.A\naction=a",
            "[b]\naction=new\nrunas=")
        #expect(
            found.usable == [
                try Hook(name: "b", triggers: [.add, .update], path: "Resources.B", action: "new"),
                try Hook(name: "a", triggers: [.remove], path: "Resources.A", action: "a"),
            ])
        #expect(found.notes.isEmpty)
        #expect(found.usable.map(\.key) == ["b|Resources.B", "a|Resources.A"])
    }

    @Test("What is no hook is told and left out; the others work")
    func leftOut() throws {
        let found = try hooks(
            """
            [no-action]
            triggers=post.add
            path=Resources.A
            [empty]
            triggers=
            path=
            action=x
            [command]
            triggers=on.command
            path=restart
            action=x
            [typo]
            triggers=post.update,pst.add
            path=Resources.A.PhysicalResourceId.b
            action=x
            """)
        #expect(found.usable.map(\.name) == ["typo"])
        #expect(found.usable.first?.triggers == [.update])
        #expect(
            found.notes == [
                "the hook no-action is left out: it has no action",
                "the hook empty is left out: it has no triggers and no path",
                "the hook command is left out: commands over SQS (on.command) aren't supported here; the other hooks work",
                "the hook typo: there is no trigger “pst.add”; there are post.add, post.update, post.remove",
                "the hook typo: “b” at the end of its path means nothing",
            ])
    }

    @Test("A bad path is an error that names the hook")
    func badHook() {
        #expect(
            throws: Failure(
                .invalidDocument,
                "the hook a: the path “Resource.A” names no resource; write Resources.<LogicalId>.Metadata.<key>")
        ) {
            try hooks("[a]\ntriggers=post.add\npath=Resource.A\naction=x")
        }
    }

    private func configuration(_ text: String) throws -> HupConfiguration {
        var ini = Ini()
        try ini.merge(text, name: "cfn-hup.conf")
        return try HupConfiguration(ini)
    }

    @Test("cfn-hup.conf: what isn't given has the original's defaults")
    func defaults() throws {
        let found = try configuration("[main]\nstack=arn:aws:cloudformation:eu-west-1:1:stack/s/1\numask=\nrole=\n")
        #expect(found.stack == "arn:aws:cloudformation:eu-west-1:1:stack/s/1")
        #expect(found.interval == 15)
        #expect(found.umask == 0o022)
        #expect(!found.isVerbose)
        #expect([found.role, found.credentialFile, found.region, found.url] == [nil, nil, nil, nil])
        #expect(found.notes.isEmpty)
    }

    @Test("cfn-hup.conf: everything")
    func everything() throws {
        let found = try configuration(
            """
            [main]
            Stack: s
            role=r
            credential-file=/etc/cfn/keys
            region=eu-west-1
            url=https://cfn/%%20
            interval=1
            verbose=On
            umask=0o077
            multi-threaded=no
            sqs_url=https://sqs
            """)
        #expect(
            [found.role, found.credentialFile, found.region, found.url] == [
                "r", "/etc/cfn/keys", "eu-west-1", "https://cfn/%20",
            ])
        #expect(found.interval == 1)
        #expect(found.isVerbose)
        #expect(found.umask == 0o077)
        #expect(found.notes == ["sqs_url has no effect: commands over SQS aren't supported here"])
    }

    @Test(
        "cfn-hup.conf: what can't be meant is an error",
        arguments: [
            ("", "no stack is named; write stack=NAME below [main]"),
            ("[other]\nstack=s", "no stack is named; write stack=NAME below [main]"),
            ("[main]\nstack=", "no stack is named; write stack=NAME below [main]"),
            (
                "[main]\nstack=s\ninterval=0",
                "[main] interval: “0” stands here; a number of minutes, at least 1, is wanted"
            ),
            (
                "[main]\nstack=s\ninterval=",
                "[main] interval: “” stands here; a number of minutes, at least 1, is wanted"
            ),
            (
                "[main]\nstack=s\numask=0888",
                "[main] umask: “0888” stands here; an octal number from 0 to 0777 is wanted"
            ),
            (
                "[main]\nstack=s\numask=1000",
                "[main] umask: “1000” stands here; an octal number from 0 to 0777 is wanted"
            ),
            ("[main]\nstack=s\nverbose=maybe", "[main] verbose: “maybe” stands here; true or false is wanted"),
        ])
    func mistakes(text: String, message: String) {
        #expect(throws: Failure(.invalidDocument, message)) { try configuration(text) }
    }
}
