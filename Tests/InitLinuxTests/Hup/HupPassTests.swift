import Foundation
import InitCore
import Testing

@testable import InitLinux

@Suite struct HupPassTests {
    let box: HupBox

    init() throws { box = try HupBox() }

    @Test("A value is added, changed, removed: the action sees the old and the new one")
    func life() async throws {
        let hook = try box.hook("Resources.X.Metadata.m")
        try box.set("X", "{}")
        #expect(try await box.pass(hook))
        #expect(box.takeRan() == "")
        try box.set("X", #"{"m": {"b": [1, "ü"], "a": true}}"#)
        try await box.pass(hook)
        #expect(box.takeRan() == #"CFN_NEW_METADATA={"b": [1, "\u00fc"], "a": true}"# + "\n")
        // The service hands maps over in any order.
        try box.set("X", #"{"m": {"a": true, "b": [1, "ü"]}}"#)
        try await box.pass(hook)
        #expect(box.takeRan() == "")
        try box.set("X", #"{"m": "two words"}"#)
        try await box.pass(hook)
        #expect(
            box.takeRan() == "CFN_NEW_METADATA=two words\nCFN_OLD_METADATA={\"b\": [1, \"\\u00fc\"], \"a\": true}\n")
        try box.set("X", nil)
        try await box.pass(hook)
        #expect(box.takeRan() == "CFN_OLD_METADATA=two words\n")
        try await box.pass(hook)
        #expect(box.takeRan() == "")
    }

    @Test("The id and the time of the last update have variables of their own")
    func otherSubjects() async throws {
        let hooks = try (box.hook("Resources.X.PhysicalResourceId", name: "i"), box.hook("Resources.X", name: "t"))
        try box.set("X", nil)
        try await box.pass(hooks.0, hooks.1)
        #expect(box.takeRan() == "CFN_NEW_PHYSICAL_RESOURCE_ID=physical-X\nCFN_NEW_LAST_UPDATED=2023-11-14T22:13:20\n")
        try box.set("X", nil, updated: 1_700_000_000.5)
        try await box.pass(hooks.0, hooks.1)
        #expect(
            box.takeRan()
                == "CFN_NEW_LAST_UPDATED=2023-11-14T22:13:20.500000\nCFN_OLD_LAST_UPDATED=2023-11-14T22:13:20\n")
    }

    @Test("A hook with post.update alone stores what it sees first, and runs at the first change")
    func updateOnly() async throws {
        let hook = try box.hook("Resources.X.Metadata.m", on: [.update], action: "echo ran")
        try box.set("X", #"{"m": 1}"#)
        try await box.pass(hook)
        #expect(box.takeRan() == "")
        #expect(box.stateText == "{\"h|Resources.X.Metadata.m\": 1}\n")
        try box.set("X", #"{"m": 2}"#)
        try await box.pass(hook)
        #expect(box.takeRan() == "ran\n")
        try box.set("X", "{}")
        try await box.pass(hook)
        #expect(box.takeRan() == "")
        #expect(box.stateText == "{}\n")
    }

    @Test("An action that fails runs again in each pass until it succeeds; the others go on")
    func failing() async throws {
        let failing = try box.hook(
            "Resources.X.Metadata.m", name: "f", action: "echo try; echo the reason >&2; test -e \(box.path)/may")
        let other = try box.hook("Resources.X.Metadata.m", name: "o", action: "echo other")
        try box.set("X", #"{"m": 1}"#)
        #expect(try await box.pass(failing, other))
        #expect(box.takeRan() == "try\nother\n")
        #expect(box.takeLog(.error) == ["Action for f exited with code 1; it runs again in the next pass"])
        #expect(box.takeLog(.debug).contains("Action for f output: the reason"))
        try await box.pass(failing, other)
        #expect(box.takeRan() == "try\n")
        try Data().write(to: URL(fileURLWithPath: box.path + "/may"))
        try await box.pass(failing, other)
        #expect(box.takeRan() == "try\n")
        try await box.pass(failing, other)
        #expect(box.takeRan() == "")
    }

    @Test("While a resource is being changed its hooks wait")
    func inProgress() async throws {
        let hook = try box.hook("Resources.X.Metadata.m", action: "echo ran")
        try box.set("X", #"{"m": 1}"#, status: "UPDATE_IN_PROGRESS")
        try await box.pass(hook)
        #expect(box.takeRan() == "")
        try box.set("X", #"{"m": 1}"#, status: "UPDATE_COMPLETE")
        try await box.pass(hook)
        #expect(box.takeRan() == "ran\n")
    }

    @Test("Each resource is described once; one that can't be keeps only its own hooks waiting")
    func describing() async throws {
        let hooks = try ["a", "b", "c"].map {
            try box.hook("Resources.X.Metadata.\($0)", name: $0, action: "echo \($0)")
        }
        let gone = try box.hook("Resources.Gone", name: "g", action: "echo gone")
        try box.set("X", #"{"a": 1, "b": 1, "c": 1}"#)
        #expect(try await !box.pass(gone, hooks[2], hooks[0], hooks[1]))
        #expect(box.takeDescribed() == ["Gone", "X"])
        #expect(box.takeRan() == "c\na\nb\n")
        #expect(
            box.takeLog(.error) == ["Gone can't be described, so its hooks wait: Resource Gone does not exist"])
    }

    @Test(
        "runas runs the whole action as the user, in the user's home's name", .enabled(if: geteuid() == 0, "needs root")
    )
    func runas() async throws {
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: box.path)
        let action = "id -un; id -Gn; echo \"$HOME $USER '$CFN_NEW_METADATA'\"; false || id -un"
        let hook = try Hook(
            name: "r", triggers: [.add], path: "Resources.X.Metadata.m",
            action: "out=$( \(action) ); echo \"$out\" | cat", user: "nobody")
        try box.set("X", #"{"m": "it's \"quoted\" $HOME"}"#)
        try await box.pass(hook)
        let output = box.takeLog(.debug).joined()
        #expect(
            output == """
                Action for r output: nobody
                nogroup
                /nonexistent nobody 'it's "quoted" $HOME'
                nobody
                """)
        let unknown = try Hook(
            name: "u", triggers: [.add], path: "Resources.X.Metadata.m", action: "true", user: "no-such-user")
        try await box.pass(unknown)
        #expect(
            box.takeLog(.error) == [
                "Action for u could not be started: there is no user no-such-user; it runs again in the next pass"
            ])
    }

    @Test("A stop ends the action with its whole process group, and the value isn't stored")
    func stopping() async throws {
        let hook = try box.hook(
            "Resources.X.Metadata.m", action: "sleep 600 & echo $! >\(box.path)/pid; echo begun; wait; echo ended")
        let other = try box.hook("Resources.X.Metadata.m", name: "o", action: "echo other")
        try box.set("X", #"{"m": 1}"#)
        let box = box
        let ender = Task {
            while (try? String(contentsOfFile: box.path + "/ran", encoding: .utf8)) != "begun\n" {
                try await Task.sleep(for: .milliseconds(5))
            }
            box.stop.stop(Failure(.stopped, "stopped by SIGTERM"))
        }
        await #expect(throws: Failure(.stopped, "stopped by SIGTERM")) { try await box.pass(hook, other) }
        try await ender.value
        #expect(box.takeRan() == "begun\n")
        #expect(box.stateText == "{}\n")
        let child = try #require(
            pid_t(
                String(contentsOfFile: box.path + "/pid", encoding: .utf8).trimmingCharacters(
                    in: .whitespacesAndNewlines)))
        // Gone, or dead and not yet fetched by its new parent.
        let state = (try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8))?.split(separator: " ")
            .dropFirst(2).first
        #expect(state == nil || state == "Z")
    }

    @Test("A secret reaches the action, but neither the state nor the log")
    func secrets() async throws {
        let hook = try box.hook(
            "Resources.X.Metadata", action: "printenv CFN_NEW_METADATA CFN_OLD_METADATA | tee /dev/stderr")
        try box.set("X", #"{"password": "correct-horse-battery", "a": 1}"#)
        try await box.pass(hook)
        #expect(box.takeRan() == #"{"password": "correct-horse-battery", "a": 1}"# + "\n")
        try box.set("X", #"{"password": "another-long-word", "a": 1}"#)
        try await box.pass(hook)
        #expect(
            box.takeRan() == #"{"password": "another-long-word", "a": 1}"# + "\n" + #"{"password": "(secret)", "a": 1}"#
                + "\n")
        try await box.pass(hook)
        #expect(box.takeRan() == "")
        for text in [box.stateText ?? "", box.takeLog(.debug).joined()] {
            #expect(text.contains("(secret)"))
            #expect(!text.contains("horse") && !text.contains("another"))
        }
        let mode = try FileManager.default.attributesOfItem(atPath: box.statePath)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test("What an environment can't hold is left out of it, and the action runs")
    func largeValues() async throws {
        let hook = try box.hook("Resources.X.Metadata.m", action: "echo \"${CFN_NEW_METADATA-unset}\" | wc -c")
        // 128 KiB less the name, the equals sign and the end.
        let most = (128 << 10) - "CFN_NEW_METADATA=".utf8.count - 1
        try box.set("X", "{\"m\": \"\(String(repeating: "x", count: most))\"}")
        try await box.pass(hook)
        #expect(box.takeRan() == "\(most + 1)\n")
        try box.set("X", "{\"m\": \"\(String(repeating: "x", count: most + 1))\"}")
        try await box.pass(hook)
        #expect(
            box.takeLog(.warning).first?.hasPrefix(
                "the action of h runs without CFN_NEW_METADATA: a variable may hold 128 KiB") == true)
        try box.set("X", #"{"m": "a\u0000b"}"#)
        try await box.pass(hook)
        #expect(
            box.takeLog(.warning).last
                == "the action of h runs without CFN_NEW_METADATA: a NUL character in its value would end it")
        #expect(box.takeRan() == "6\n6\n")
    }

    @Test("A damaged state counts as empty, and that is told; one that can't be written is an error")
    func state() async throws {
        let hook = try box.hook("Resources.X.Metadata.m", action: "echo ran")
        try box.set("X", #"{"m": 1}"#)
        try await box.pass(hook)
        try "{\"h|Resources".write(toFile: box.statePath, atomically: false, encoding: .utf8)
        #expect(try box.store.load().note?.contains("metadata_db.json") == true)
        try await box.pass(hook)
        #expect(box.takeRan() == "ran\nran\n")
        #expect(try box.store.load().note == nil)
        let folder = "\(box.path)/var/lib/cfn-hup"
        #expect(try FileManager.default.attributesOfItem(atPath: folder)[.posixPermissions] as? Int == 0o700)
        try FileManager.default.removeItem(atPath: folder)
        try Data().write(to: URL(fileURLWithPath: folder))
        #expect(throws: Failure.self) { try box.store.load() }
    }
}
