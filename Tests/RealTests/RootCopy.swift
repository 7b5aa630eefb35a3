// A throw-away copy of the real root: an overlay in memory, gone with this object.

import Foundation
import Testing

final class RootCopy {
    let root: String
    private let directory: String
    private var documents = 0
    private var isProgramThere = false

    init() throws {
        directory = try Surroundings.scratch.get() + "/\(UUID().uuidString)"
        root = directory + "/root"
        try Surroundings.helper("overlay", [Surroundings.lower.get(), directory])
    }

    deinit { try? Surroundings.helper("overlay", ["--undo", directory]) }

    // MARK: In it

    /// A shell's commands in the root; one that fails is a failed test.
    @discardableResult func inside(_ script: String, _ location: SourceLocation = #_sourceLocation) throws -> String {
        let output = try execute(["chroot", root, "/bin/sh", "-c", script])
        #expect(output.code == 0, "\(script): \(output.errors)", sourceLocation: location)
        return output.text
    }

    /// A shell's commands in the root, side by side with what follows.
    func start(_ script: String) throws -> Running { try Running(["chroot", root, "/bin/sh", "-c", script]) }

    func write(_ path: String, _ text: String, executable: Bool = false) throws {
        let place = URL(filePath: root + path)
        try FileManager.default.createDirectory(
            at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: place)
        if executable { chmod(place.path, 0o755) }
    }

    /// Until there is a process in this root whose command line matches.
    func waitForProcess(_ pattern: String) throws {
        try wait("a process \u{201C}\(pattern)\u{201D}") {
            let found = try execute(["pgrep", "--full", pattern]).text.split(separator: "\n")
            return found.contains {
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\($0)/root")) == root
            }
        }
    }

    func waitForFile(_ path: String) throws { try wait(path) { read(path) != nil } }

    private func wait(_ what: String, until isSo: () throws -> Bool) throws {
        for _ in 0..<1000 {
            if try isSo() { return }
            usleep(20_000)
        }
        throw Trouble("there came to be no \(what)")
    }

    /// The text of a file; nil: there is none.
    func read(_ path: String) -> String? {
        (try? Data(contentsOf: URL(filePath: root + path))).map { String(decoding: $0, as: UTF8.self) }
    }

    func status(_ path: String) throws -> stat {
        var info = stat()
        guard lstat(root + path, &info) == 0 else { throw Trouble("\(path): there is none") }
        return info
    }

    /// Every manager's lists and caches fetched.
    func warm(_ managers: String...) throws {
        let commands = [
            "apt": "apt-get -q update", "yum": "yum -y makecache", "dnf": "dnf -y makecache",
            "zypper": "zypper -n refresh",
        ]
        for manager in managers { try inside((commands[manager] ?? "true") + " >/dev/null 2>&1") }
    }

    /// All that the copy has beside what it is a copy of, as inode, mode, owner, size and the times of the last change of content and
    /// of anything: nothing can be written and look the same afterwards.
    func differences() throws -> String {
        try execute(["find", directory + "/upper", "-mindepth", "1", "-printf", "%P %i %m %U:%G %s %T@ %C@ %l\\n"]).text
    }

    /// A failed test if the copy isn't as it was.
    func expectUntouched(since before: String, _ location: SourceLocation = #_sourceLocation) throws {
        let news = try Set(differences().split(separator: "\n")).symmetricDifference(before.split(separator: "\n"))
        #expect(news.isEmpty, "the dry run left traces", sourceLocation: location)
    }

    // MARK: ide-init

    func plan(_ config: Any, _ options: String..., location: SourceLocation = #_sourceLocation) throws -> RunResult {
        try plan(document(config), options, location)
    }

    /// Checks that the dry run changed nothing at all.
    func plan(_ file: String, _ options: [String], _ location: SourceLocation = #_sourceLocation) throws -> RunResult {
        let before = try differences()
        let result = try run("plan", file, options)
        try expectUntouched(since: before, location)
        #expect(result.isReport, "\(result.output.errors)", sourceLocation: location)
        return result
    }

    func apply(_ config: Any, _ options: String..., location: SourceLocation = #_sourceLocation) throws -> RunResult {
        let result = try run("apply", document(config), options)
        #expect(result.isReport, "\(result.output.errors)", sourceLocation: location)
        return result
    }

    /// Applies it, which must go well, and once more, which must change nothing.
    @discardableResult func converge(
        _ config: Any, _ options: [String] = [], location: SourceLocation = #_sourceLocation
    ) throws -> RunResult {
        let file = try document(config)
        let first = try run("apply", file, options)
        #expect(first.output.code == 0, "\(first.trouble)", sourceLocation: location)
        let plan = try plan(file, options, location)
        #expect(plan.count("changed") == 0, "\(plan.output.text)", sourceLocation: location)
        let second = try run("apply", file, options)
        #expect(second.output.code == 0, "\(second.trouble)", sourceLocation: location)
        #expect(second.count("changed") == 0, "\(second.output.text)", sourceLocation: location)
        return first
    }

    func run(_ verb: String, _ file: String, _ options: [String], setting: [String: String] = [:]) throws -> RunResult {
        RunResult(
            try execute(
                [Surroundings.program, verb, file, "--root", root, "--json"] + options, setting: setting, in: directory)
        )
    }

    /// The program itself inside the root, by a name of its choice: there the root is the host's own.
    func byName(_ name: String, _ words: [String], input: String = "", user: UInt32 = 0) throws -> Output {
        try startByName(name, words, input: input, user: user).wait()
    }

    func startByName(_ name: String, _ words: [String], input: String = "", user: UInt32 = 0) throws -> Running {
        if !isProgramThere {
            let mounted = try execute(["mount", "--bind", Surroundings.inside.get(), root + "/mnt"])
            guard mounted.code == 0 else { throw Trouble("mount: \(mounted.errors)") }
            isProgramThere = true
        }
        let start = ["/mnt/ld.so", "--library-path", "/mnt/lib", "--argv0", name, "/mnt/ide-init"]
        return try Running(["chroot", "--userspec=\(user):\(user)", root] + start + words, input: input)
    }

    func document(_ config: Any) throws -> String {
        documents += 1
        // Outside of the root, so that it's no trace in it.
        let path = directory + "/\(documents).json"
        let document: Any =
            (config as? [String: Any])?["AWS::CloudFormation::Init"] != nil
            ? config : ["AWS::CloudFormation::Init": ["config": config]]
        try JSONSerialization.data(withJSONObject: document).write(to: URL(filePath: path))
        return path
    }
}

/// What the program reported (packaging/docs/json.md).
struct RunResult {
    let output: Output
    let report: [String: Any]

    init(_ output: Output) {
        self.output = output
        report = (try? JSONSerialization.jsonObject(with: Data(output.text.utf8))) as? [String: Any] ?? [:]
    }

    var isReport: Bool { report["items"] != nil }

    func count(_ outcome: String) -> Int { (report["summary"] as? [String: Int])?[outcome] ?? -1 }

    private var items: [[String: Any]] { report["items"] as? [[String: Any]] ?? [] }

    /// "section name outcome", one a line.
    var outcomes: [String] {
        items.map { "\($0["section"] ?? "") \($0["name"] ?? "") \($0["outcome"] ?? "")" }
    }

    /// The items' facts: "name: before → after".
    var facts: [String] {
        items.flatMap { $0["facts"] as? [[String: Any]] ?? [] }.map {
            "\($0["name"] ?? ""): \(text($0["before"])) → \(text($0["after"]))"
        }
    }

    var knownAfter: [String] { items.compactMap { $0["knownAfter"] as? String } }

    /// The first error's message and what its command had printed.
    var trouble: String {
        let error = report["error"] as? [String: Any] ?? [:]
        return "\(error["message"] ?? output.errors)\n\(error["output"] ?? "")"
    }

    private func text(_ value: Any?) -> String {
        switch value {
        case let text as String: text
        case let map as [String: Any]: map["unknown"] != nil ? "?" : "…"
        default: "-"
        }
    }
}
