import Foundation
import InitCore
import InitLinux
import Testing

/// A set of files that is judged before it is in force: by a shell that looks at them.
@Suite(.enabled(if: geteuid() == 0, "mount namespaces take root")) final class StagedCheckTests {
    private let top = NSTemporaryDirectory() + "ide-init check's-\(UUID().uuidString)"
    private var directory: String { top + "/conf d" }
    private let host: InitCore.Host

    init() throws {
        host =
            LinuxHost(
                root: Root(), scrubber: Scrubber(), stop: StopSwitch(), isRehearsal: false, runsTests: false,
                fetch: { _, _ in throw Failure(.network, "no downloads here") },
                resolve: { _ in throw Failure(.network, "no references here") }, prefetch: { _, _ in },
                askHTTP: { _, _ in .wrong("no servers here") }
            ).host
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try write("old", to: "changed")
        try write("other", to: "other")
        try write("old", to: "removed")
        try FileManager.default.createSymbolicLink(atPath: top + "/alias", withDestinationPath: "conf d")
    }

    deinit { try? FileManager.default.removeItem(atPath: top) }

    private func write(_ text: String, to name: String) throws {
        try text.write(toFile: directory + "/" + name, atomically: false, encoding: .utf8)
    }

    /// Names and contents; of a link what it leads to.
    private var tree: [String: String] {
        get throws {
            let names = try FileManager.default.contentsOfDirectory(atPath: directory)
            return try Dictionary(
                uniqueKeysWithValues: names.map { name in
                    let path = directory + "/" + name
                    let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
                    return (name, try target.map { "-> \($0)" } ?? String(contentsOfFile: path, encoding: .utf8))
                })
        }
    }

    /// - Parameter judge: a shell's commands; they stand in the directory.
    private func replace(_ judge: String, in place: String = "conf d", program: String = "sh") async throws {
        let place = top + "/" + place
        let set = FileSet(
            writes: [
                FileWrite(place + "/changed", .bytes(Array("new".utf8)), mode: 0o640, keepsBackup: false),
                FileWrite(place + "/a new one", .bytes(Array("new".utf8)), mode: 0o600, keepsBackup: false),
            ], removals: [place + "/removed", place + "/never"],
            links: [LinkWrite(place + "/link", target: "other", keepsBackup: false)],
            check: FileCheck(
                command: Command("the judge", .arguments([program, "-c", "cd \"$1\" && \(judge)", "sh", place]))))
        _ = try await host.perform(.replace(set))
    }

    private let wished = ["changed": "new", "a new one": "new", "other": "other", "link": "-> other"]
    /// What the judge has to see.
    private let sees =
        #"[ "$(cat changed "a new one" other link)" = newnewotherother ] && [ ! -e removed ] && [ "$(stat -c %a changed)" = 640 ]"#

    @Test(
        "The check sees the files at their places, and nobody else does before it has passed",
        arguments: ["conf d", "alias"])
    func sees(place: String) async throws {
        let outside = "/proc/\(getpid())/root\(directory)"
        try await replace(
            #"\#(sees) && [ "$(cat '\#(outside.replacingOccurrences(of: "'", with: "'\\''"))/changed')" = old ]"#,
            in: place)
        #expect(try tree == wished)
    }

    @Test("After a no nothing has changed, and nothing is left behind")
    func refusal() async throws {
        let before = try tree
        do {
            try await replace("\(sees) && echo '[emerg] not like this' && exit 3")
            Issue.record("it was taken")
        } catch let failure as Failure {
            #expect(failure.kind == .refused)
            #expect(failure.message == "the judge refuses it, and nothing was changed: not like this")
        }
        #expect(try tree == before)
    }

    @Test("Without the program that is to judge nothing is changed")
    func noProgram() async throws {
        let before = try tree
        await #expect(throws: Failure.self) { try await replace("true", program: "no-such-program") }
        #expect(try tree == before)
    }
}
