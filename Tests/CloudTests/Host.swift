// An instance: a throw-away copy of a Debian with the program installed under the originals' names.

import Foundation
import InitCore
import TestSupport
import Testing

final class Host {
    /// Its tree, seen from here.
    private(set) var root: String
    let network: Network
    private let directory: String
    /// Whether systemd is its init, and not nobody.
    private let isBooted: Bool

    var standIn: StandIn {
        get throws { try network.standIn ?? { throw Trouble("this network has no stand-in") }() }
    }

    /// - Parameter isIDEHost: booted, with what an image of an IDE host brings: nginx and Docker.
    init(in network: Network, isBooted: Bool = false, isIDEHost: Bool = false) throws {
        self.network = network
        let isBooted = isBooted || isIDEHost
        self.isBooted = isBooted
        directory = try Surroundings.scratch.get() + "/\(UUID().uuidString.prefix(8))"
        root = directory + "/root"
        if isBooted {
            let tree = try isIDEHost ? Surroundings.ideHost.get() : Surroundings.lower.get()
            let words = [Surroundings.boot, tree, directory, "--until", "\(getpid())"]
            try succeed(network.words + words + (isIDEHost ? ["--containers"] : []))
            let leader = try String(contentsOfFile: directory + "/leader", encoding: .utf8)
            root = "/proc/\(leader.trimmingCharacters(in: .whitespacesAndNewlines))/root"
        } else {
            try Surroundings.helper("overlay", [Surroundings.lower.get(), directory])
            // What tells EC2 from a laptop before any network is up.
            if network.standIn != nil { try write("/sys/class/dmi/id/sys_vendor", "Amazon EC2\n") }
        }
        try succeed(["mkdir", "-p", root + "/opt/aws/bin", root + "/var/lib/cloud/instance"])
        try succeed(["cp", "-R", Surroundings.inside.get(), root + "/opt/ide-init"])
        try write("/etc/ld.so.conf.d/ide-init.conf", "/opt/ide-init/lib\n")
        try succeed(["ldconfig", "-r", root])
        for name in ["cfn-init", "cfn-signal", "cfn-get-metadata", "cfn-hup"] {
            symlink("/opt/ide-init/ide-init", "\(root)/opt/aws/bin/\(name)")
        }
        symlink("/opt/ide-init/ide-init", root + "/usr/local/bin/ide-init")
        let names = Network.hosts.joined(separator: " ")
        try write("/etc/hosts", "127.0.0.1 localhost\n\(network.address) \(names)\n")
        try write("/etc/resolv.conf", "")
        if let standIn = network.standIn {
            let certificates = try String(contentsOfFile: standIn["ca"], encoding: .utf8)
            try write("/etc/ssl/certs/ca-certificates.crt", certificates)
        }
    }

    deinit {
        try? Surroundings.helper(isBooted ? "boot" : "overlay", [isBooted ? "--down" : "--undo", directory])
    }

    // MARK: Its tree

    func write(_ path: String, _ text: String, executable: Bool = false) throws {
        let place = URL(filePath: root + path)
        try FileManager.default.createDirectory(
            at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: place)
        if executable { chmod(place.path, 0o755) }
    }

    /// The text of a file; nil: there is none.
    func read(_ path: String) -> String? {
        (try? Data(contentsOf: URL(filePath: root + path))).map { String(decoding: $0, as: UTF8.self) }
    }

    func mode(_ path: String) -> mode_t? {
        var info = stat()
        return lstat(root + path, &info) == 0 ? info.st_mode & 0o7777 : nil
    }

    /// Where everything lies that an instance that isn't booted has beside what it is a copy of.
    var changes: String { directory + "/upper" }

    // MARK: In it

    /// Those that run in it, unless it is booted.
    var processes: [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter {
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\($0)/root")) == root
        }
    }

    /// - Parameter setting: see `Running`.
    func start(_ words: [String], setting: [String: String] = [:]) throws -> Running {
        guard isBooted else { return try Running(network.words + ["chroot", root] + words, setting: setting) }
        let inside = [Surroundings.boot, "--in", directory, "env", "-u", "HOME"]
        return try Running(network.words + inside + setting.map { "\($0)=\($1)" } + words)
    }

    func run(_ words: String..., setting: [String: String] = [:]) throws -> Output { try run(words, setting: setting) }

    func run(_ words: [String], setting: [String: String] = [:]) throws -> Output {
        let running = try start(words, setting: setting)
        running.endInput()
        return try running.wait()
    }

    /// A shell's commands; one that fails is a failed test.
    @discardableResult
    func shell(_ script: String, _ location: SourceLocation = #_sourceLocation) throws -> String {
        let output = try run("sh", "-ec", script)
        #expect(output.code == 0, "\(script): \(output.errors)", sourceLocation: location)
        return output.text
    }

    /// As cloud-init does it: the text is a file, and the file is run.
    func userData(_ script: String) throws -> Output {
        try write("/var/lib/cloud/instance/user-data.sh", script, executable: true)
        return try run("/var/lib/cloud/instance/user-data.sh")
    }
}

// MARK: What the stand-in knows

extension StandIn {
    /// - Parameter resources: as a template has them.
    func createStack(_ name: String, _ resources: [String: Any], hold: Bool = false) async throws {
        let stack: [String: Any] = [
            "name": name, "region": Network.region, "instances": [self["instanceId"]], "hold": hold,
            "Resources": resources,
        ]
        try await set("stacks", String(decoding: JSONSerialization.data(withJSONObject: stack), as: UTF8.self))
    }

    /// One resource that waits for a signal.
    static func instance(_ metadata: Any) -> [String: Any] {
        [
            "Type": "AWS::EC2::Instance", "Metadata": metadata,
            "CreationPolicy": ["ResourceSignal": ["Count": 1, "Timeout": "PT15M"]],
        ]
    }

    func status(_ stack: String) async throws -> String {
        try await look("stacks").items.first { $0["name"]?.plainText == stack }?["status"]?.plainText ?? "no such stack"
    }

    /// The signals that counted, in their order.
    func signals(_ stack: String) async throws -> [(status: String, time: Double)] {
        try await look("signals").items.compactMap { signal in
            guard signal["stack"]?.plainText == stack, signal["accepted"]?.value == .bool(true) else { return nil }
            return (signal["status"]?.plainText ?? "", signal["time"]?.number ?? 0)
        }
    }

    /// Who asked for that, once for each request that went well.
    func askers(_ action: String) async throws -> [String] {
        try await look("log").items.compactMap { line in
            guard line["action"]?.plainText == action, line["verdict"]?.plainText == "ok" else { return nil }
            return line["who"]?.plainText
        }
    }
}
