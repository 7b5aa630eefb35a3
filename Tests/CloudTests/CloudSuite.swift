// The parent of the suites that run the program as an instance would: a machine of its own (Host.swift) in a network of its own
// (Network.swift), where AWS's real names and addresses lead to the stand-in. They need root, ip(8), openssl, and IDE_INIT_ROOTS, where
// the Debian of Tests/Roots/managers is kept. Without root or IDE_INIT_ROOTS they are skipped, unless IDE_INIT_REQUIRE_REAL=1.

import Foundation
import Testing

@Suite(
    .serialized,
    .enabled(
        if: Surroundings.areThere || Surroundings.areRequired,
        "an instance takes root, and IDE_INIT_ROOTS, the folder where test roots are kept"))
enum CloudSuite {}

enum Surroundings {
    static let environment = ProcessInfo.processInfo.environment
    static let areThere = environment["IDE_INIT_ROOTS"]?.isEmpty == false && geteuid() == 0
    static let areRequired = environment["IDE_INIT_REQUIRE_REAL"] == "1"

    static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    static let stubs = tests.appending(path: "CloudTests/Stubs").path

    static let boot = tests.appending(path: "Roots/boot").path

    /// Beside the test bundle, unless IDE_INIT_PROGRAM names another.
    private static let program =
        environment["IDE_INIT_PROGRAM"]
        ?? URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "ide-init").path

    /// The Debian whose copies are the instances.
    static let lower = Result {
        guard areThere, let folder = environment["IDE_INIT_ROOTS"] else {
            throw Trouble("IDE_INIT_ROOTS isn't set, or this isn't root")
        }
        for script in ["managers", "repositories"] { try helper(script, ["\(folder)/managers"]) }
        return "\(folder)/managers"
    }

    /// The same with nginx and Docker, and what its containers are made of.
    static let ideHost = Result {
        guard areThere, let folder = environment["IDE_INIT_ROOTS"] else {
            throw Trouble("IDE_INIT_ROOTS isn't set, or this isn't root")
        }
        try helper("idehost", ["\(folder)/idehost"])
        try helper("proxies", ["\(folder)/proxies"])
        try helper("images", ["\(folder)/idehost", "\(folder)/proxies", "\(folder)/images"])
        return "\(folder)/idehost"
    }

    static var images: String { "\(environment["IDE_INIT_ROOTS"] ?? "")/images" }

    /// Where the copies are, and the program with its libraries.
    static let scratch = Result {
        let path = "/tmp/ide-init-cloud.\(getpid())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        // The copies are gone by then; where one isn't, its directory stays.
        atexit {
            let path = "/tmp/ide-init-cloud.\(getpid())"
            try? FileManager.default.removeItem(atPath: path + "/program")
            rmdir(path)
        }
        return path
    }

    /// The program with its libraries, which the instances have none of, to be mounted as one directory.
    static let inside = Result {
        let place = try scratch.get() + "/program"
        try FileManager.default.createDirectory(atPath: place + "/lib", withIntermediateDirectories: true)
        // The libraries of glibc come with the instance.
        let script = """
            set -e; cp "$1" "$2/ide-init"
            for l in $(ldd "$1" | sed -n 's/.*=> \\(\\/[^ ]*\\) .*/\\1/p'); do
                case ${l##*/} in libc.so.*|libm.so.*|ld-linux*) ;; *) cp -L "$l" "$2/lib/" ;; esac
            done
            """
        try succeed(["sh", "-c", script, "sh", program, place])
        return place
    }

    /// Runs one of Tests/Roots.
    static func helper(_ script: String, _ words: [String]) throws {
        try succeed([tests.appending(path: "Roots/\(script)").path] + words)
    }

    /// The number that a variable of the environment gives, for longer runs than the usual ones.
    static func count(_ name: String, else usual: Int) -> Int { environment[name].flatMap { Int($0) } ?? usual }
}

struct Trouble: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// What the issue's note wants to know beside what is asserted.
func tell(_ line: String) { FileHandle.standardError.write(Data("CloudTests: \(line)\n".utf8)) }

/// In the middle of some: the slowest and the one that half of them are below.
func spread(_ seconds: [Double]) -> String {
    let sorted = seconds.sorted()
    guard let last = sorted.last else { return "none" }
    return String(format: "median %.2f s, max %.2f s", sorted[sorted.count / 2], last)
}

/// - Throws: what a check before waited for in vain.
func eventually(_ what: String, within seconds: Double = 30, _ isThere: () async throws -> Bool) async throws {
    let end = Date().addingTimeInterval(seconds)
    while try await !isThere() {
        guard Date() < end else { throw Trouble("\(what): not within \(Int(seconds)) s") }
        try await Task.sleep(for: .milliseconds(20))
    }
}
