// cfn-hup as a process: exit codes, the log, going to the background, signals; and all of it at the stand-in for AWS.

import Foundation
import TestSupport
import Testing

@Suite(.enabled(if: Program.isRoot, "needs root")) struct HupTests {
    /// cfn-hup with /etc/cfn in the test's directory.
    private final class Hup {
        let program: Program
        let link: String
        var folder: String { program.directory + "/cfn" }
        var pidFile: String { program.directory + "/run/cfn-hup.pid" }

        init() throws {
            program = try Program()
            link = program.directory + "/cfn-hup"
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: Program.path)
            try FileManager.default.createDirectory(atPath: folder + "/hooks.d", withIntermediateDirectories: true)
            try configure()
            try hook("first")
        }

        deinit {
            if let pid { kill(pid, SIGKILL) }
            program.remove()
        }

        func configure(_ more: String = "") throws {
            try "[main]\nstack=s\nregion=eu-west-1\n\(more)\n".write(
                toFile: folder + "/cfn-hup.conf", atomically: true, encoding: .utf8)
        }

        func hook(_ name: String, triggers: String = "post.update") throws {
            try "[\(name)]\ntriggers=\(triggers)\npath=Resources.X.Metadata\naction=true\n".write(
                toFile: folder + "/hooks.d/\(name).conf", atomically: true, encoding: .utf8)
        }

        func run(_ arguments: String..., before: [String] = []) throws -> Program.Result {
            let errors = Pipe()
            let words = before + [link, "-c", folder] + arguments
            let process = try program.start(Array(words.dropFirst()), as: words[0], errors: errors)
            let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            return Program.Result(code: process.terminationStatus, output: "", errors: text)
        }

        var log: String {
            (try? String(contentsOfFile: program.directory + "/log/cfn-hup.log", encoding: .utf8)) ?? ""
        }

        var pid: pid_t? {
            (try? String(contentsOfFile: pidFile, encoding: .utf8)).flatMap {
                pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines))
            }
        }

        /// Whether the log comes to hold it.
        func logs(_ text: String) async throws -> Bool {
            for _ in 0..<2000 {
                if log.contains(text) { return true }
                try await Task.sleep(for: .milliseconds(10))
            }
            return false
        }

        func ends(_ process: pid_t) async throws -> Bool {
            for _ in 0..<2000 {
                if kill(process, 0) != 0 { return true }
                try await Task.sleep(for: .milliseconds(10))
            }
            return false
        }
    }

    @Test func `wrong use, help and a bad configuration have the original's exit codes`() throws {
        let hup = try Hup()
        #expect(try hup.run("--no-such").code == 2)
        #expect(try hup.run("-c").code == 2)
        #expect(try hup.run("--help").code == 0)
        #expect(try hup.run("--no-d", "-h").code == 0)
        try hup.configure("interval=0")
        for arguments in ["--no-daemon", "-v"] {
            let result = try hup.run(arguments)
            #expect(result.code == 1)
            #expect(result.errors.contains("cfn-hup.conf: [main] interval: “0” stands here"))
        }
        #expect(hup.log.contains(" [ERROR] \(hup.folder)/cfn-hup.conf: [main] interval"))
        #expect(hup.pid == nil)
    }

    @Test func `one pass tells what it can't describe, and what it leaves out`() throws {
        let hup = try Hup()
        try hup.hook("command", triggers: "on.command")
        let result = try hup.run("--no-daemon")
        #expect(result.code == 1)
        #expect(result.errors.contains("cfn-hup: X can't be described, so its hooks wait: "))
        #expect(result.errors.contains("cfn-hup: the hook command is left out: commands over SQS"))
        let line = try Regex(
            #"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \[INFO\] cfn-hup of ide-init .*, stack s, hooks: first$"#)
        #expect(hup.log.contains(line))
        #expect(hup.pid == nil)
        let state = hup.program.directory + "/state/cfn-hup/data/metadata_db.json"
        #expect(try String(contentsOfFile: state, encoding: .utf8) == "{}\n")
    }

    @Test func `the daemon goes to the background, reads its files again, lets no second one in and ends at once`()
        async throws
    {
        let hup = try Hup()
        try hup.configure("umask=0027")
        // It returns although the daemon lives, and the daemon holds no pipe of ours.
        #expect(try hup.run().code == 0)
        let daemon = try #require(hup.pid)
        #expect(try await hup.logs("X can't be described"))
        #expect(getsid(daemon) == daemon)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(daemon)/cwd") == "/")
        for descriptor in 0...2 {
            #expect(
                try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(daemon)/fd/\(descriptor)")
                    == "/dev/null")
        }
        #expect(try String(contentsOfFile: "/proc/\(daemon)/status", encoding: .utf8).contains("Umask:\t0027"))
        #expect(try !Data(contentsOf: URL(filePath: "/proc/\(daemon)/cmdline")).isEmpty)

        try hup.hook("second")
        kill(daemon, SIGHUP)
        #expect(try await hup.logs("hooks: first, second"))
        try hup.configure("interval=none")
        kill(daemon, SIGHUP)
        #expect(try await hup.logs("[ERROR] SIGHUP: what was read before stays in force"))
        try hup.configure()

        let second = try hup.run()
        #expect(second.code == 1)
        #expect(second.errors.contains("cfn-hup runs already (process \(daemon)"))
        #expect(kill(daemon, 0) == 0)

        kill(daemon, SIGTERM)
        #expect(try await hup.ends(daemon))
        #expect(hup.log.contains("cfn-hup ends: stopped by SIGTERM"))
        #expect(!FileManager.default.fileExists(atPath: hup.pidFile))
    }

    @Test func `started by a service manager it stays where it is, and SIGTERM is a success`() async throws {
        let hup = try Hup()
        let process = try hup.program.start(["NOTIFY_SOCKET=/nowhere", hup.link, "-c", hup.folder], as: "/usr/bin/env")
        #expect(try await hup.logs("X can't be described"))
        #expect(hup.pid == process.processIdentifier)
        process.terminate()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 0)
        #expect(!FileManager.default.fileExists(atPath: hup.pidFile))
    }

    /// A plan that runs a command's `test` stands for cfn-hup: it is the same program, and SIGHUP shows.
    @Test(arguments: [true, false])
    func `a run that cfn-hup's action started tells it to reload instead of restarting it`(isAncestor: Bool) throws {
        let program = try Program()
        defer { program.remove() }
        let link = program.directory + "/cfn-init"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: Program.path)
        let scripts = program.directory + "/init.d"
        try FileManager.default.createDirectory(atPath: scripts, withIntermediateDirectories: true)
        try "#!/bin/sh\n[ $1 != restart ] || echo restarted >\(program.directory)/restarted\n".write(
            toFile: scripts + "/cfn-hup", atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: scripts + "/cfn-hup")
        let file = program.directory + "/hook"
        let inner = try program.document(
            """
            {"AWS::CloudFormation::Init": {"config": {"files": {"\(file)": {"content": "x"}},
             "services": {"sysvinit": {"cfn-hup": {"ensureRunning": "true", "files": ["\(file)"]}}}}}}
            """, name: "inner.json")
        let pid = isAncestor ? "echo $PPID >/run/cfn-hup.pid; " : "echo 1 >/run/cfn-hup.pid; "
        let outer = try program.config(
            "\"commands\": {\"a\": {\"command\": \"true\", \"test\": \"\(pid)\(link) \(inner); \(isAncestor ? "sleep 600" : ":")\"}}"
        )
        let (output, errors) = (Pipe(), Pipe())
        let process = try program.start(
            ["-c", "mount --bind \(scripts) /etc/init.d && exec \(Program.path) plan --run-tests \(outer)"],
            as: "/bin/sh", output: output, errors: errors)
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        let complaints = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(text.contains("its test was ended by signal") == isAncestor, "\(text)\(complaints)")
        #expect(FileManager.default.fileExists(atPath: program.directory + "/restarted") != isAncestor)
        #expect(FileManager.default.fileExists(atPath: file))
    }

    @Test func `a change of the stack runs the action, and SIGTERM ends the one under way`() async throws {
        let standIn = try StandIn()
        func stack(_ value: String) -> String {
            #"{"name": "s", "region": "us-east-1", "instances": ["\#(standIn["instanceId"])"], "#
                + #""Resources": {"X": {"Type": "AWS::EC2::Instance", "Metadata": {"m": "\#(value)", "n": 1}}}}"#
        }
        try await standIn.set("stacks", stack("one"))
        let hup = try Hup()
        try hup.configure("url=\(standIn.url)")
        let (ran, child) = (hup.program.directory + "/ran", hup.program.directory + "/child")
        try """
        [first]
        triggers=post.add, post.update
        path=Resources.X.Metadata.m
        action=echo "$CFN_OLD_METADATA>$CFN_NEW_METADATA" >>\(ran); if [ "$CFN_NEW_METADATA" = three ]; then
          echo $$ >\(child); sleep 600; fi
        """.write(toFile: hup.folder + "/hooks.d/first.conf", atomically: true, encoding: .utf8)
        let before = ["/usr/bin/env", "AWS_EC2_METADATA_SERVICE_ENDPOINT=\(standIn.imdsURL)"]
        #expect(try hup.run("-v", before: before).code == 0)
        let daemon = try #require(hup.pid)
        #expect(try await hup.logs("Action for first succeeded"), "\(hup.log)")
        #expect(try String(contentsOfFile: ran, encoding: .utf8) == ">one\n")

        try await standIn.set("stacks/update", #"{"name": "s", "metadata": {"X": {"m": "two", "n": 2}}}"#)
        let once = try hup.run("--no-daemon", before: before)
        #expect(once.code == 0, "\(once.errors)")
        #expect(try String(contentsOfFile: ran, encoding: .utf8) == ">one\none>two\n")

        try await standIn.set("stacks/update", #"{"name": "s", "metadata": {"X": {"m": "three", "n": 2}}}"#)
        kill(daemon, SIGHUP)
        #expect(try await hup.logs("SIGHUP: configuration"))
        for _ in 0..<2000 where !FileManager.default.fileExists(atPath: child) {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(FileManager.default.fileExists(atPath: child))
        kill(daemon, SIGTERM)
        #expect(try await hup.ends(daemon))
        #expect(try await hup.logs("Action for first was cut off (stopped by SIGTERM)"))
        #expect(try String(contentsOfFile: ran, encoding: .utf8) == ">one\none>two\ntwo>three\n")
        let state = hup.program.directory + "/state/cfn-hup/data/metadata_db.json"
        #expect(try String(contentsOfFile: state, encoding: .utf8) == "{\"first|Resources.X.Metadata.m\": \"two\"}\n")
    }
}
