import Foundation
import Testing

extension RealRoots {
    /// Users and groups by the root's own useradd and groupadd, and what refers to them.
    @Suite struct AccountTests {
        let copy: RootCopy

        init() throws { copy = try RootCopy() }

        @Test("Groups and users: made as cfn-init makes them, right the second time, changed where they differ")
        func accounts() throws {
            func config(_ groups: [String], home: String) -> [String: Any] {
                [
                    "groups": ["g1": ["gid": "4001"], "g2": [String: String](), "g3": [String]()],
                    "users": [
                        "u1": ["uid": "5001", "groups": groups, "homeDir": home] as [String: Any],
                        "g2": [String: String](),
                    ],
                ]
            }
            let plan = try copy.plan(config(["g1", "g2"], home: "/srv/u1"))
            #expect(plan.output.code == 0, "\(plan.trouble)")
            #expect(plan.count("changed") == 5)
            try copy.converge(config(["g1", "g2"], home: "/srv/u1"))
            #expect(try copy.inside("getent group g1") == "g1:x:4001:u1\n")
            #expect(try copy.inside("getent passwd u1 | cut -d: -f3,6,7") == "5001:/srv/u1:/sbin/nologin\n")
            #expect(copy.read("/srv/u1") == nil)
            #expect(try copy.inside("id -Gn u1").split(separator: " ").dropFirst().sorted() == ["g1", "g2\n"])
            let second = try copy.plan(config(["g3", "g1"], home: "/srv/other"))
            #expect(second.facts.contains("homeDir: /srv/u1 → /srv/other"))
            #expect(second.count("changed") == 1)
            try copy.converge(config(["g3", "g1"], home: "/srv/other"))
            #expect(try copy.inside("id -Gn u1 | tr ' ' '\\n' | tail -n +2 | sort | tr '\\n' ' '") == "g1 g3 ")
            #expect(try copy.inside("getent passwd u1").contains(":/srv/other:"))
        }

        @Test("Another id, a taken id, an unknown group: errors that say what to do")
        func conflicts() throws {
            try copy.inside("groupadd -g 4001 g1; useradd -u 5001 -M u1")
            let cases: [(config: [String: Any], words: String)] = [
                (["groups": ["g1": ["gid": 4002]]], "group g1 exists with gid 4001, and 4002 is wanted"),
                (["users": ["u1": ["uid": "5002"]]], "user u1 exists with uid 5001, and 5002 is wanted"),
                (["users": ["u2": ["groups": ["nosuch"]]]], "there is no group nosuch"),
            ]
            for (config, words) in cases {
                let plan = try copy.plan(config)
                #expect(plan.output.code == 1)
                #expect(plan.trouble.contains(words), "\(plan.trouble)")
            }
            // Who has an id is useradd's to say.
            let taken = try copy.apply(["users": ["u2": ["uid": "5001"]], "groups": [String: String]()])
            #expect(taken.output.code == 1)
            #expect(taken.trouble.contains("UID 5001 is not unique"), "\(taken.trouble)")
            let group = try copy.apply(["groups": ["g2": ["gid": "4001"]]])
            #expect(group.trouble.contains("GID '4001' already exists"), "\(group.trouble)")
        }

        @Test("Files belong to accounts that only the root knows, and keep a setuid bit")
        func owners() throws {
            let config: [String: Any] = [
                "groups": ["onlyhere": ["gid": "4711"]],
                "users": ["onlyhere": ["uid": "4711"]],
                "files": [
                    "/srv/own/a": ["content": "a", "mode": "000640", "owner": "onlyhere", "group": "onlyhere"],
                    "/srv/own/b": ["content": "b", "mode": "004755", "owner": "onlyhere"],
                ],
            ]
            #expect(try copy.plan(config).output.code == 0)
            try copy.converge(config)
            let status = try ["a", "b"].map { try copy.status("/srv/own/\($0)") }
            #expect(status.map(\.st_uid) == [4711, 4711])
            #expect(status.map(\.st_gid) == [4711, 0])
            #expect(status.map { $0.st_mode & 0o7777 } == [0o640, 0o4755])
            let plan = try copy.plan(["files": ["/srv/own/c": ["content": "c", "owner": "nosuch"]]])
            #expect(plan.output.code == 1)
            #expect(plan.trouble.contains("nosuch"), "\(plan.trouble)")
        }
    }
}
