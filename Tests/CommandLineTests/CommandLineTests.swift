// What a person and a script meet: exit codes, where output goes, what a plan leaves alone.

import Foundation
import InitCore
import Testing

@Suite(.enabled(if: Program.isRoot, "needs root")) struct CommandLineTests {
    private let file = "\"files\": {\"/etc/motd\": {\"content\": \"hello\\n\", \"mode\": \"000644\"}}"

    @Test func `a plan says what would change and changes nothing`() throws {
        let program = try Program()
        defer { program.remove() }
        let document = try program.config(file)
        let result = try program.run("plan", document, "--root", program.root)
        #expect(result.code == 0)
        #expect(result.output.contains("+ files[/etc/motd] would be created"))
        #expect(result.output.contains("Plan: 1 to change."))
        #expect(try FileManager.default.subpathsOfDirectory(atPath: program.root) == ["etc"])
    }

    @Test func `a plan with changes exits with 2 only when asked to, and with 0 when there are none`() throws {
        let program = try Program()
        defer { program.remove() }
        let document = try program.config(file)
        #expect(try program.run("plan", document, "--root", program.root, "--detailed-exitcode").code == 2)
        #expect(try program.run("apply", document, "--root", program.root).code == 0)
        #expect(program.content("/etc/motd") == "hello\n")
        let again = try program.run("plan", document, "--root", program.root, "--detailed-exitcode")
        #expect(again.code == 0)
        #expect(again.output.contains("1 already right"))
    }

    @Test func `apply --dry-run is plan`() throws {
        let program = try Program()
        defer { program.remove() }
        let document = try program.config(file)
        let plan = try program.run("plan", document, "--root", program.root)
        let rehearsal = try program.run("apply", document, "--root", program.root, "--dry-run")
        #expect(plan.output == rehearsal.output)
        #expect(program.content("/etc/motd") == nil)
    }

    @Test func `a document from standard input is taken`() throws {
        let program = try Program()
        defer { program.remove() }
        let json = try String(contentsOfFile: program.config(file), encoding: .utf8)
        #expect(try program.run("apply", "-", "--root", program.root, input: json).code == 0)
        #expect(program.content("/etc/motd") == "hello\n")
    }

    @Test func `all mistakes are told at once, each with its path, and nothing is changed`() throws {
        let program = try Program()
        defer { program.remove() }
        let document = try program.config(
            file + ", \"services\": {\"sysvint\": {}}, \"commands\": {\"a\": {\"comand\": \"true\"}}")
        let result = try program.run("apply", document, "--root", program.root)
        #expect(result.code == 65)
        #expect(result.errors.contains("config.services.sysvint"))
        #expect(result.errors.contains("did you mean \u{201C}sysvinit\u{201D}"))
        #expect(result.errors.contains("config.commands.a.comand"))
        #expect(result.errors.contains("did you mean \u{201C}command\u{201D}"))
        #expect(program.content("/etc/motd") == nil)
    }

    @Test func `broken JSON is told with line and column`() throws {
        let program = try Program()
        defer { program.remove() }
        let result = try program.run("plan", program.document("{\n  \"a\": nope\n}"))
        #expect(result.code == 65)
        #expect(result.errors.contains("metadata.json:2:8"))
    }

    @Test(arguments: [
        ["frobnicate"], ["plan"], ["plan", "x.json", "--no-such"], ["apply", "x.json", "--timeout", "soon"],
    ])
    func `wrong use exits with 64`(_ arguments: [String]) throws {
        let program = try Program()
        defer { program.remove() }
        let process = try program.start(arguments)
        process.waitUntilExit()
        #expect(process.terminationStatus == 64)
    }

    @Test func `a failed command fails the run with its last lines, and what follows is skipped`() throws {
        let program = try Program()
        defer { program.remove() }
        let result = try program.run(
            "apply",
            program.config(
                "\"commands\": {\"1\": {\"command\": \"echo the reason; exit 3\"}, \"2\": {\"command\": \"true\"}}"))
        #expect(result.code == 1)
        #expect(result.output.contains("commands[1]: Command 1 exited with code 3"))
        #expect(result.output.contains("| the reason"))
        #expect(result.output.contains("commands[2] skipped: not reached"))
    }

    @Test func `--json gives the documented report, without secrets`() throws {
        let program = try Program()
        defer { program.remove() }
        let document = try program.config(
            "\"files\": {\"/etc/key\": {\"content\": \"hunter2hunter2\", \"mode\": \"000600\"}}")
        let result = try program.run("apply", document, "--root", program.root, "--json")
        #expect(result.code == 0)
        let report = JSONNode(try JSONParser.parse(Array(result.output.utf8), name: "report").value)
        #expect(report["outcome"]?.value == .string("changed"))
        #expect(report["items"]?.items.first?["name"]?.value == .string("/etc/key"))
        #expect(report["items"]?.items.first?["action"]?.value == .string("create"))
        #expect(!result.output.contains("hunter2"))
    }

    @Test func `only one item or one section is applied when asked for`() throws {
        let program = try Program()
        defer { program.remove() }
        let document = try program.config(
            "\"files\": {\"/etc/a\": {\"content\": \"a\"}, \"/etc/b\": {\"content\": \"b\"}}, \"commands\": {\"c\": {\"command\": \"false\"}}"
        )
        #expect(try program.run("apply", document, "--root", program.root, "--only", "files//etc/b").code == 0)
        #expect(program.content("/etc/a") == nil)
        #expect(program.content("/etc/b") == "b")
        #expect(try program.run("apply", document, "--root", program.root, "--only", "files").code == 0)
        #expect(program.content("/etc/a") == "a")
        #expect(try program.run("apply", document, "--root", program.root, "--only", "files//etc/c").code == 64)
    }

    @Test func `nothing coloured goes into a pipe`() throws {
        let program = try Program()
        defer { program.remove() }
        let result = try program.run("plan", program.config(file), "--root", program.root, "--diff")
        #expect(!result.output.contains("\u{1B}"))
    }
}
