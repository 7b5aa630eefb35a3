// A machine whose init is systemd: a throw-away copy of the Debian that Tests/Roots/systemd makes, booted by Tests/Roots/boot
// and shared by all tests of this process. It ends with the process. Needs root, and IDE_INIT_ROOTS, the folder
// where that Debian is kept; without them tests are skipped, unless IDE_INIT_REQUIRE_REAL=1.

import Foundation
import Testing

/// Of Debian: systemd 252, 247, 257.
enum Release: String, CaseIterable, CustomTestStringConvertible {
    case bookworm
    case bullseye
    case trixie

    var testDescription: String { rawValue }

    /// All of them where that is asked for.
    static let chosen = Machine.environment["IDE_INIT_ALL_SYSTEMD"] == "1" ? allCases : [.bookworm]
}

struct Machine {
    static let environment = ProcessInfo.processInfo.environment
    static let isThere = environment["IDE_INIT_ROOTS"]?.isEmpty == false && geteuid() == 0
    static let isRequired = environment["IDE_INIT_REQUIRE_REAL"] == "1"

    static let checkout = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let program =
        environment["IDE_INIT_PROGRAM"] ?? checkout.appending(path: ".build/debug/ide-init").path
    static let boot = checkout.appending(path: "Tests/Roots/boot").path

    /// The Debian that is never booted itself.
    static let lower = Result { try lower(of: .bookworm) }

    /// Made when it isn't there yet.
    private static func lower(of release: Release) throws -> String {
        guard isThere, let folder = environment["IDE_INIT_ROOTS"] else {
            throw Trouble("IDE_INIT_ROOTS isn't set, or this isn't root")
        }
        let root = "\(folder)/systemd" + (release == .bookworm ? "" : "-\(release)")
        let made = try execute([checkout.appending(path: "Tests/Roots/systemd").path, root, "\(release)"])
        guard made.code == 0 else { throw Trouble("Tests/Roots/systemd: \(made.text)") }
        return root
    }

    /// Its state, for Tests/Roots/boot.
    private let directory: String
    /// Its tree, seen from here.
    private let tree: String

    static let shared = Result { try booted("shared", .bookworm) }

    /// Enters its network, where that isn't the host's.
    private let network: [String]

    /// - Parameter name: it may be one of several.
    static func booted(_ name: String, _ release: Release) throws -> Machine {
        try booted(name, root: try lower(of: release))
    }

    /// With nginx, Docker, Python and package managers beside systemd 252.
    static func ideHost(_ name: String) throws -> Machine {
        guard isThere, let folder = environment["IDE_INIT_ROOTS"] else {
            throw Trouble("IDE_INIT_ROOTS isn't set, or this isn't root")
        }
        let made = try execute([checkout.appending(path: "Tests/Roots/idehost").path, "\(folder)/idehost"])
        guard made.code == 0 else { throw Trouble("Tests/Roots/idehost: \(made.text)") }
        return try booted(name, root: "\(folder)/idehost")
    }

    /// - Parameter network: the words that enter a network namespace.
    static func booted(_ name: String, root: String, network: [String] = []) throws -> Machine {
        let directory = "/tmp/ide-init-systemd.\(getpid()).\(name)"
        let up = try execute(network + [boot, root, directory, "--program", program, "--until", "\(getpid())"])
        guard up.code == 0 else { throw Trouble("Tests/Roots/boot: \(up.text)") }
        let leader = try String(contentsOfFile: directory + "/leader", encoding: .utf8)
        return Machine(
            directory: directory, tree: "/proc/\(leader.trimmingCharacters(in: .whitespacesAndNewlines))/root",
            network: network)
    }

    /// Until it is switched off or restarted.
    var isRunning: Bool { FileManager.default.fileExists(atPath: tree) }

    // MARK: Inside

    @discardableResult
    func run(_ words: String...) throws -> Output { try run(words) }

    private func run(_ words: [String]) throws -> Output { try execute(inside + words) }

    /// The words that run something inside.
    var inside: [String] { network + [Self.boot, "--in", directory] }

    /// Starts it inside and returns at once.
    func start(_ words: String...) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: inside[0])
        process.arguments = inside.dropFirst() + words
        for stream in [\Process.standardInput, \.standardOutput, \.standardError] {
            process[keyPath: stream] = FileHandle.nullDevice
        }
        try process.run()
        return process
    }

    func write(_ path: String, _ text: String, mode: Int = 0o644) throws {
        let place = tree + path
        try FileManager.default.createDirectory(
            atPath: (place as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try text.write(toFile: place, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: place)
    }

    /// Where a path inside lies for those outside.
    func outside(_ path: String) -> String { tree + path }

    func read(_ path: String) -> String? { try? String(contentsOfFile: tree + path, encoding: .utf8) }

    /// What a property of a unit is, as systemctl shows it.
    func property(_ name: String, of unit: String) throws -> String {
        try run("systemctl", "show", "--value", "--property", name, unit).text.trimmingCharacters(in: .newlines)
    }

    func isActive(_ unit: String) throws -> Bool { try run("systemctl", "is-active", "--quiet", unit).code == 0 }

    func enablement(_ unit: String) throws -> String {
        try run("sh", "-c", "systemctl is-enabled \(unit) 2>/dev/null").text.trimmingCharacters(in: .newlines)
    }

    // MARK: The program

    func apply(_ config: Config, _ options: String...) throws -> Report {
        try perform(["apply"] + options, config)
    }
    /// With that file mode creation mask.
    func apply(_ config: Config, umask: String) throws -> Report {
        try write("/root/metadata.json", config.document)
        return Report(
            try run("sh", "-c", "umask \(umask); exec ide-init apply --json /root/metadata.json"))
    }
    func plan(_ config: Config) throws -> Report { try perform(["plan"], config) }

    private func perform(_ words: [String], _ config: Config) throws -> Report {
        try perform(words, config.document)
    }

    /// - Parameter document: the metadata.
    func perform(_ words: [String], _ document: String) throws -> Report {
        try write("/root/metadata.json", document)
        return Report(try run(["ide-init"] + words + ["--json", "/root/metadata.json"]))
    }
}

struct Trouble: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

struct Output {
    /// 128 and the signal that ended it, as a shell tells it.
    let code: Int32
    /// Both streams.
    let text: String
}

/// Its output goes to a file: a daemon that it leaves can't hold us up.
func execute(_ words: [String]) throws -> Output {
    let place = FileManager.default.temporaryDirectory.appendingPathComponent("ide-init-\(UUID().uuidString)").path
    _ = FileManager.default.createFile(atPath: place, contents: nil)
    defer { try? FileManager.default.removeItem(atPath: place) }
    let file = try #require(FileHandle(forUpdatingAtPath: place))
    let process = Process()
    process.executableURL = URL(filePath: words[0])
    process.arguments = Array(words.dropFirst())
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = file
    process.standardError = file
    try process.run()
    process.waitUntilExit()
    try file.seek(toOffset: 0)
    let text = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
    let signal: Int32 = process.terminationReason == .uncaughtSignal ? 128 : 0
    return Output(code: signal + process.terminationStatus, text: text)
}

/// One config, in pieces.
struct Config {
    var files: [String: [String: Any]] = [:]
    var commands: [String: Any] = [:]
    var packages: [String: Any] = [:]
    var services: [String: Any] = [:]
    /// Others, by their keys.
    var sections: [String: Any] = [:]
    /// Nil: no such section.
    var readiness: [String: Any]?
    var manager = "systemd"

    mutating func file(_ path: String, _ content: String, mode: String = "000644") {
        files[path] = ["content": content, "mode": mode]
    }

    /// A unit at its usual place, whose starts and reloads are counted in /run/NAME.log and which serves, in
    /// /run/NAME.served, what /etc/NAME.conf held when it was started.
    mutating func unit(_ name: String, reloads: Bool = false, isInstallable: Bool = true, lines: String = "") {
        file(
            "/etc/systemd/system/\(name).service",
            """
            [Service]
            \(lines)
            ExecStartPre=/bin/sh -c 'echo start >> /run/\(name).log; cp /etc/\(name).conf /run/\(name).served || true'
            ExecStart=/bin/sleep infinity
            \(reloads ? "ExecReload=/bin/sh -c 'echo reload >> /run/\(name).log; cp /etc/\(name).conf /run/\(name).served'" : "")
            \(isInstallable ? "[Install]\nWantedBy=multi-user.target" : "")

            """)
    }

    mutating func service(_ name: String, _ wishes: [String: Any] = ["enabled": true, "ensureRunning": true]) {
        services[name] = wishes
    }

    var metadata: [String: Any] {
        var config: [String: Any] = [
            "files": files, "commands": commands, "packages": packages, "services": [manager: services],
        ]
        if let readiness { config["readiness"] = readiness }
        config.merge(sections) { $1 }
        return ["AWS::CloudFormation::Init": ["config": config]]
    }

    var document: String {
        get throws {
            let data = try JSONSerialization.data(withJSONObject: metadata, options: [.sortedKeys])
            return String(decoding: data, as: UTF8.self)
        }
    }
}

/// What `--json` told.
struct Report {
    struct Item {
        let outcome: String
        let action: String?
        let knownAfter: String?
        let facts: [String]
    }

    let code: Int32
    /// All that was printed.
    let text: String
    private(set) var outcome: String?
    private(set) var error = ""
    private(set) var items: [String: Item] = [:]
    /// How each check ended, and after how many tries.
    private(set) var checks: [String: (outcome: String, tries: Int)] = [:]

    init(_ output: Output) {
        code = output.code
        text = output.text
        guard let value = try? JSONSerialization.jsonObject(with: Data(output.text.utf8)) as? [String: Any] else {
            return
        }
        outcome = value["outcome"] as? String
        if let error = value["error"] as? [String: Any] {
            self.error = "\(error["message"] ?? "")\n\(error["output"] ?? "")"
        }
        for check in value["readiness"] as? [[String: Any]] ?? [] {
            checks["\(check["name"] ?? "")"] = ("\(check["outcome"] ?? "")", check["tries"] as? Int ?? 0)
        }
        for item in value["items"] as? [[String: Any]] ?? [] {
            let facts = (item["facts"] as? [[String: Any]] ?? []).map {
                "\($0["name"] ?? ""): \($0["before"] ?? "") → \($0["after"] ?? "")"
            }
            items["\(item["section"] ?? "")/\(item["name"] ?? "")"] = Item(
                outcome: item["outcome"] as? String ?? "", action: item["action"] as? String,
                knownAfter: item["knownAfter"] as? String, facts: facts)
        }
    }

    func service(_ name: String, manager: String = "systemd") -> Item? { items["services/\(manager)/\(name)"] }
}
