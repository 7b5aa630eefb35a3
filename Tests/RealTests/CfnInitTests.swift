import Foundation
import Testing

extension RealRoots {
    /// By the name cfn-init, on a host that is its own: the copy, entered.
    @Suite struct CfnInitTests {
        let copy: RootCopy

        init() throws { copy = try RootCopy() }

        /// A service whose script notes what it's told in /srv/did.
        private func writeScript() throws {
            try copy.write(
                "/etc/init.d/tinyd",
                """
                #!/bin/sh
                ### BEGIN INIT INFO
                # Provides: tinyd
                # Required-Start: $local_fs
                # Required-Stop: $local_fs
                # Default-Start: 2 3 4 5
                # Default-Stop: 0 1 6
                # Short-Description: tiny
                ### END INIT INFO
                [ "$1" = status ] || echo "$1" >>/srv/did
                case $1 in status) test -e /run/tinyd ;; stop) rm -f /run/tinyd ;; *) touch /run/tinyd ;; esac

                """, executable: true)
        }

        private func cfnInit(_ words: String..., input: String = "") throws -> Output {
            try copy.byName("cfn-init", words, input: input)
        }

        /// Writes a document into the copy.
        private func store(_ metadata: [String: Any], _ path: String = "/srv/metadata.json") throws {
            try copy.write(
                path, String(decoding: JSONSerialization.data(withJSONObject: metadata), as: UTF8.self))
        }

        private func store(config: [String: Any]) throws {
            try store(["AWS::CloudFormation::Init": ["config": config]])
        }

        @Test("Wrong use ends with 2, any other failure with 1, help and success with 0")
        func exitCodes() throws {
            try store(config: ["commands": ["a": ["command": "exit 7"]]])
            try copy.write("/srv/bad.json", "{\"a\": ")
            try copy.write("/srv/no-init.json", "{}")
            try copy.write("/srv/empty-init.json", "{\"AWS::CloudFormation::Init\": {}}")
            let cases: [(words: [String], code: Int32, says: String)] = [
                ([], 1, "Usage: cfn-init"), (["-s", "only"], 1, "Usage: cfn-init"),
                (["/srv/a", "/srv/b"], 1, "Usage: cfn-init"), (["/srv/a", "-s", "s"], 1, "Usage: cfn-init"),
                (["--nosuch"], 2, "no such option: --nosuch"), (["-z"], 2, "no such option: -z"),
                (["-c"], 2, "requires 1 argument"), (["--stack"], 2, "requires 1 argument"),
                (["--re"], 2, "ambiguous option: --re"), (["--verbose=x"], 2, "does not take a value"),
                (["--dry", "/srv/metadata.json"], 2, "no such option: --dry"),
                (["/nowhere.json"], 1, "No such file or directory"), (["/srv"], 1, "Is a directory"),
                (["/srv/bad.json"], 1, "/srv/bad.json"), (["-c", "nosuch", "/srv/metadata.json"], 1, "nosuch"),
                (["/srv/metadata.json"], 1, "Error occurred during build: "),
            ]
            for (words, code, says) in cases {
                let output = try copy.byName("cfn-init", words)
                #expect(output.code == code, "\(words): \(output)")
                #expect(output.errors.contains(says), "\(words): \(output)")
            }
            #expect(try cfnInit("--help").text.contains("--configsets"))
            for name in ["no-init", "empty-init"] {
                let output = try cfnInit("/srv/\(name).json")
                #expect(output.code == 0 && output.text.isEmpty && !output.errors.isEmpty, "\(output)")
            }
        }

        @Test("Options as optparse reads them: short, joined, by prefix, mixed with the file; metadata from a pipe")
        func options() throws {
            let sets: [String: Any] = [
                "AWS::CloudFormation::Init": [
                    "configSets": ["default": ["a"], "other": ["b", ["ConfigSet": "third"]], "third": ["c"]]
                        as [String: Any],
                    "a": ["commands": ["x": ["command": "echo a >>/srv/ran"]]],
                    "b": ["commands": ["x": ["command": "echo b >>/srv/ran"]]],
                    "c": ["commands": ["x": ["command": "echo c >>/srv/ran"]]],
                ]
            ]
            try store(sets)
            let file = "/srv/metadata.json"
            let cases: [(words: [String], ran: String)] = [
                ([file], "a\n"), (["-c", "other", file], "b\nc\n"), (["-cother", file], "b\nc\n"),
                (["--configsets=third,default", file], "c\na\n"), ([file, "--config", "third"], "c\n"),
                (["-vtc", "third", "--region", "eu-west-1", "--", file], "c\n"),
                (["-c", "a", "-c", "third", file], "c\n"),
                (["-c", "", file], "a\n"),
            ]
            for (words, ran) in cases {
                let output = try copy.byName("cfn-init", words)
                #expect(output.code == 0 && output.text.isEmpty && output.errors.isEmpty, "\(words): \(output)")
                #expect(copy.read("/srv/ran") == ran, "\(words)")
                try copy.inside("rm -f /srv/ran")
            }
            let piped = try cfnInit("-", "-c", "third", input: copy.read(file) ?? "")
            #expect(piped.code == 0, "\(piped)")
            #expect(copy.read("/srv/ran") == "c\n")
            #expect(try cfnInit("-", input: "{").errors.contains("standard input"))
        }

        @Test("The logs have the markers that people look for; metadata is kept for root alone, without secrets")
        func logs() throws {
            let secret = "correct-horse-battery"
            let config: [String: Any] = [
                "files": ["/srv/key": ["content": secret, "mode": "000600"]],
                "commands": [
                    "01-good": ["command": "echo first; echo \(secret); cat /srv/key"],
                    "02-test": ["command": "true", "test": "exit 3"],
                    "03-bad": ["command": "echo oh no; exit 7"],
                ],
            ]
            try store([
                "AWS::CloudFormation::Init": ["config": config],
                "AWS::CloudFormation::Authentication": [
                    "a": ["type": "basic", "username": "u", "password": "another-secret-word", "uris": ["example.com"]]
                        as [String: Any]
                ],
            ])
            let output = try cfnInit("-v", "/srv/metadata.json")
            #expect(output.code == 1)
            #expect(output.errors.contains("Error occurred during build: "), "\(output)")
            #expect(output.errors.contains("03-bad") && output.errors.contains("oh no"), "\(output)")
            let main = copy.read("/var/log/cfn-init.log") ?? ""
            let rule = String(repeating: "-", count: 23)
            for line in [
                "[INFO] \(rule)Starting build\(rule)", "[INFO] Running configSets: default",
                "[INFO] Running configSet default", "[INFO] Running config config", "[INFO] Command 01-good succeeded",
                "[INFO] Test failed with code 3", "[ERROR] Command 03-bad failed",
                "[ERROR] \(rule)BUILD FAILED!\(String(repeating: "-", count: 24))",
            ] {
                #expect(main.contains(line + "\n"), "\(line)\n\(main)")
            }
            let time = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \[[A-Z]+\] .*/
            #expect(main.split(separator: "\n").first.map { $0.wholeMatch(of: time) != nil } == true)
            let commands = copy.read("/var/log/cfn-init-cmd.log") ?? ""
            let tail = #/P\d+ \[[A-Z]+\] /#
            let plain = commands.split(separator: "\n").compactMap { line in
                line.firstRange(of: tail).map { String(line[$0.upperBound...]) }
            }
            for part in [
                [String(repeating: "*", count: 60), "ConfigSet default"],
                [String(repeating: "+", count: 60), "Config config"],
                [String(repeating: "=", count: 60), "Command 01-good"], ["\tfirst"],
                [String(repeating: "-", count: 60), "Completed successfully."], ["Test for Command 02-test"],
                ["\toh no", String(repeating: "-", count: 60), "Exited with error code 7"],
            ] {
                #expect(plain.indices.contains { plain[$0...].starts(with: part) }, "\(part)\n\(commands)")
            }
            let stored = copy.read("/var/lib/cfn-init/data/metadata.json") ?? ""
            #expect(try JSONSerialization.jsonObject(with: Data(stored.utf8)) is [String: Any])
            #expect(try copy.status("/var/lib/cfn-init/data/metadata.json").st_mode & 0o7777 == 0o600)
            for text in [main, commands, stored, output.errors, output.text] {
                #expect(!text.contains(secret) && !text.contains("another-secret-word"))
            }
            #expect(try copy.status("/var/log/cfn-init.log").st_mode & 0o022 == 0)
            try store(config: ["files": ["/srv/key": ["content": secret, "mode": "000600"]]])
            #expect(try cfnInit("/srv/metadata.json").code == 0)
            #expect(copy.read("/var/log/cfn-init.log")?.contains("\(rule)Build complete\(rule)\n") == true)
        }

        @Test("--dry-run tells what would change and writes nothing at all")
        func dryRun() throws {
            try store(config: [
                "packages": ["apt": ["tiny": ""], "yum": ["tiny": ""], "rubygems": ["tiny": ""]],
                "users": ["u1": [String: String]()], "files": ["/srv/new/file": ["content": "new\n"]],
                "commands": ["a": ["command": "touch /srv/a", "test": "touch /srv/b"]],
            ])
            let place = "/srv/metadata.json"
            _ = try cfnInit("--help")
            let before = try copy.differences()
            for words in [[place, "--dry-run"], ["--dry-run", "--diff", place], ["--dry-run", "-v", place]] {
                let output = try copy.byName("cfn-init", words)
                #expect(output.code == 0, "\(output)")
                for part in [
                    "packages[apt] would be", "users[u1] would be created", "files[/srv/new/file] would be created",
                    "commands[a] would run", "Plan: ",
                ] {
                    #expect(output.text.contains(part), "\(output)")
                }
                #expect(output.errors.contains("a dry run"), "\(output)")
                try copy.expectUntouched(since: before)
            }
            #expect(try cfnInit("-", "--dry-run", input: copy.read(place) ?? "").code == 0)
            try copy.expectUntouched(since: before)
        }

        @Test("A service restarts for its packages and files, in the same config only; else it's started and enabled")
        func reactions() throws {
            try writeScript()
            func config(_ content: String, _ version: String) -> [String: Any] {
                [
                    "packages": ["apt": ["tiny": version]], "files": ["/etc/tinyd.conf": ["content": content]],
                    "services": [
                        "sysvinit": [
                            "tinyd": [
                                "enabled": "true", "ensureRunning": "true", "files": ["/etc/tinyd.conf"],
                                "packages": ["apt": ["tiny"]],
                            ] as [String: Any]
                        ]
                    ],
                ]
            }
            func did(_ content: String, _ version: String) throws -> String? {
                try store(config: config(content, version))
                try copy.inside("rm -f /srv/did")
                let output = try cfnInit("/srv/metadata.json")
                #expect(output.code == 0, "\(output)")
                return copy.read("/srv/did")
            }
            #expect(try did("1", "1.1") == "restart\n")
            #expect(try copy.inside("ls /etc/rc3.d").contains("tinyd"))
            #expect(try did("1", "1.1") == nil)
            #expect(try did("2", "1.1") == "restart\n")
            #expect(try did("2", "2.0") == "restart\n")
            try copy.inside("rm /run/tinyd")
            #expect(try did("2", "2.0") == "start\n")
            try store(config: ["services": ["sysvinit": ["tinyd": ["enabled": "false", "ensureRunning": "false"]]]])
            #expect(try cfnInit("/srv/metadata.json").code == 0)
            #expect(copy.read("/srv/did")?.hasSuffix("stop\n") == true)
            #expect(try !copy.inside("ls /etc/rc3.d").contains("S01tinyd"))
        }

        @Test("A second cfn-init waits for the first; ide-init says who is at work")
        func lock() throws {
            let command = "echo x >>/srv/x; while test -e /srv/hold; do sleep 0.1; done"
            try store(config: ["commands": ["a": ["command": command]]])
            try copy.inside("touch /srv/hold")
            let end = Date().addingTimeInterval(10)
            let first = try copy.startByName("cfn-init", ["/srv/metadata.json"])
            while copy.read("/srv/x") == nil, Date() < end { usleep(20_000) }
            let other = try copy.byName("ide-init", ["apply", "/srv/metadata.json"])
            #expect(other.code == 75 && other.errors.contains("process \(first.identifier)"), "\(other)")
            let second = try copy.startByName("cfn-init", ["/srv/metadata.json"])
            for _ in 0..<500 where try !second.errors.contains("waiting for process \(first.identifier)") {
                usleep(20_000)
            }
            #expect(try second.errors.contains("waiting for process \(first.identifier)"))
            #expect(copy.read("/srv/x") == "x\n")
            try copy.inside("rm /srv/hold")
            #expect(try second.wait().code == 0 && first.wait().code == 0)
            #expect(copy.read("/srv/x") == "x\nx\n")
        }

        @Test("A run killed between a file and its service's restart leaves the restart to the next run")
        func killed() throws {
            try writeScript()
            func config(_ command: String) -> [String: Any] {
                [
                    "files": ["/etc/tinyd.conf": ["content": "new"]], "commands": ["a": ["command": command]],
                    "services": [
                        "sysvinit": ["tinyd": ["ensureRunning": "true", "files": ["/etc/tinyd.conf"]] as [String: Any]]
                    ],
                ]
            }
            try copy.inside("touch /run/tinyd")
            try store(config: config("touch /srv/there; exec sleep 3"))
            let first = try copy.startByName("cfn-init", ["/srv/metadata.json"])
            let end = Date().addingTimeInterval(10)
            while copy.read("/srv/there") == nil, Date() < end { usleep(20_000) }
            kill(first.identifier, SIGKILL)
            _ = try first.wait()
            #expect(copy.read("/etc/tinyd.conf") == "new" && copy.read("/srv/did") == nil)
            try store(config: config("true"))
            let plan = try cfnInit("--dry-run", "/srv/metadata.json")
            #expect(plan.text.contains("restarts for: files[/etc/tinyd.conf]"), "\(plan)")
            #expect(try cfnInit("/srv/metadata.json").code == 0)
            #expect(copy.read("/srv/did") == "restart\n")
            #expect(try cfnInit("/srv/metadata.json").code == 0)
            #expect(copy.read("/srv/did") == "restart\n")
        }

        @Test("Without root: a build fails and changes nothing, a dry run tells")
        func withoutRoot() throws {
            try store(config: ["packages": ["apt": ["tiny": ""]], "files": ["/srv/x": ["content": "x"]]])
            let before = try copy.differences()
            let build = try copy.byName("cfn-init", ["/srv/metadata.json"], user: 65534)
            #expect(build.code == 1 && build.errors.contains("Permission denied"), "\(build)")
            let plan = try copy.byName("cfn-init", ["--dry-run", "/srv/metadata.json"], user: 65534)
            #expect(plan.code == 0 && plan.text.contains("files[/srv/x] would be created"), "\(plan)")
            try copy.expectUntouched(since: before)
        }
    }
}
