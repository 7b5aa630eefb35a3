import Glibc
import InitCore
import InitTesting
import Testing

// What InitCore relies on, asked of the fake host and of the real one: the scenarios are worth as much as this.

@Suite struct ContractTests {
    @Test("A write makes the file, and the directories that lead to it", arguments: Candidate.all)
    func creates(candidate: Candidate) async throws {
        try await candidate.with { host async throws in
            #expect(try host.look("/etc/app/deep/a") == nil)
            #expect(try await host.write("/etc/app/deep/a", "one", mode: 0o640))
            #expect(try host.look("/etc/app/deep/a") == "file 640 one")
            #expect(try host.look("/etc/app/deep") == "directory 755")
            #expect(try host.probe.names("/etc/app/deep") == ["a"])
            #expect(try host.probe.status("/etc/app/deep/a/below") == nil)
            #expect(try host.probe.sha256("/etc/app/deep/a") == FakeTree.sha256(Array("one".utf8)))
        }
    }

    @Test("A write by a step does the same as one in a batch", arguments: Candidate.all)
    func step(candidate: Candidate) async throws {
        try await candidate.with { host async throws in
            let secret = FileWrite("/s", .secret(Secret("hidden")), mode: 0o600, keepsBackup: false)
            #expect(try await host.perform(.write(secret)) == StepResult(changed: true))
            #expect(try host.look("/s") == "file 600 hidden")
        }
    }

    @Test("A write replaces content and mode, and keeps what stood there only if asked to", arguments: Candidate.all)
    func replaces(candidate: Candidate) async throws {
        try await candidate.with { host async throws in
            try await host.write("/a", "one", mode: 0o755)
            try await host.write("/a", "two")
            #expect(try host.look("/a") == "file 644 two")
            #expect(try host.probe.names("/") == ["a", "a.tar"])
            try await host.write("/a", "three", mode: 0o4755, keepsBackup: true)
            #expect(try host.look("/a") == "file 4755 three")
            #expect(try host.look("/a.bak") == "file 644 two")
            try await host.write("/a", "four", keepsBackup: true)
            #expect(try host.look("/a.bak") == "file 4755 three")
            #expect(try host.probe.names("/") == ["a", "a.bak", "a.tar"])
        }
    }

    @Test("A link that stands where a file is to be is replaced, not written through", arguments: Candidate.all)
    func replacesLinks(candidate: Candidate) async throws {
        try await candidate.with { host async throws in
            try await host.write("/target", "kept")
            _ = try await host.perform(.link(LinkWrite("/a", target: "target", keepsBackup: false)))
            #expect(try host.look("/a") == "link target")
            try await host.write("/a", "file", keepsBackup: true)
            #expect(try host.look("/a") == "file 644 file")
            #expect(try host.look("/a.bak") == "link target")
            #expect(try host.look("/target") == "file 644 kept")
        }
    }

    @Test("Links among the parents of a path are followed inside the root", arguments: Candidate.all)
    func linkedParents(candidate: Candidate) async throws {
        try await candidate.with { host async throws in
            try await host.write("/data/real/own", "x")
            _ = try await host.perform(.link(LinkWrite("/absolute", target: "/data/real", keepsBackup: false)))
            _ = try await host.perform(.link(LinkWrite("/data/relative", target: "../data/real", keepsBackup: false)))
            _ = try await host.perform(.link(LinkWrite("/above", target: "../../../data", keepsBackup: false)))
            try await host.write("/absolute/a", "1")
            try await host.write("/data/relative/b", "2")
            try await host.write("/above/c", "3")
            #expect(try host.probe.names("/data/real") == ["a", "b", "own"])
            #expect(try host.look("/data/c") == "file 644 3")
            // The C library would have looked in the host's own /data.
            #expect(try host.probe.names("/absolute") == ["a", "b", "own"])
            #expect(try host.look("/absolute") == "link /data/real")
        }
    }

    @Test(
        "A directory in the way of a file or link becomes its backup, unless there is one already",
        arguments: Candidate.all)
    func directories(candidate: Candidate) async throws {
        try await candidate.with { host async throws in
            try await host.write("/a/inner", "kept")
            try await host.write("/a", "file")
            #expect(try host.look("/a") == "file 644 file")
            #expect(try host.look("/a.bak/inner") == "file 644 kept")
            try await host.write("/b/inner", "kept")
            try await host.write("/b.bak", "in the way")
            let link = Step.link(LinkWrite("/b", target: "x", keepsBackup: true))
            await #expect(throws: Failure.self) { _ = try await host.perform(link) }
            #expect(try host.look("/b/inner") == "file 644 kept")
            #expect(try host.probe.names("/") == ["a", "a.bak", "a.tar", "b", "b.bak"])
        }
    }

    @Test("A link is made, replaced and keeps a file as its backup", arguments: Candidate.all)
    func links(candidate: Candidate) async throws {
        try await candidate.with { host async throws in
            try await host.write("/a", "old")
            let first = LinkWrite("/a", target: "/somewhere/not there", keepsBackup: true)
            #expect(try await host.perform(.link(first)).changed)
            #expect(try host.look("/a") == "link /somewhere/not there")
            #expect(try host.look("/a.bak") == "file 644 old")
            _ = try await host.perform(.link(LinkWrite("/a", target: "b", keepsBackup: false)))
            #expect(try host.look("/a") == "link b")
            #expect(try host.probe.status("/a")?.size == 1)
            #expect(throws: Failure.self) { try host.probe.read("/a") }
        }
    }

    @Test(
        "Of a batch, what precedes a failure is in place, and it and the rest are untouched", arguments: Candidate.all)
    func batches(candidate: Candidate) async throws {
        try await candidate.with { host async throws in
            for name in ["a", "c", "file"] { try await host.write("/\(name)", "old") }
            let writes = ["/a", "/b", "/file/below", "/c"].map {
                FileWrite($0, .bytes(Array("new".utf8)), mode: 0o600, keepsBackup: false)
            }
            let result = try await host.commit(writes)
            #expect(result.changed == [true, true])
            #expect(result.failure?.kind == .host)
            #expect(try host.look("/a") == "file 600 new")
            #expect(try host.look("/b") == "file 600 new")
            #expect(try host.look("/c") == "file 644 old")
            #expect(try host.look("/file") == "file 644 old")
            // Nothing staged is left behind.
            #expect(try host.probe.names("/") == ["a", "a.tar", "b", "c", "file"])
        }
    }

    @Test("A large batch in many directories is whole", arguments: Candidate.all)
    func largeBatch(candidate: Candidate) async throws {
        try await candidate.with { host async throws in
            let writes = (0..<60).map {
                FileWrite("/d\($0 % 7)/f\($0)", .bytes(Array("\($0)".utf8)), mode: 0o644, keepsBackup: true)
            }
            #expect(try await host.commit(writes) == BatchResult(changed: Array(repeating: true, count: 60)))
            #expect(try (0..<60).allSatisfy { try host.look("/d\($0 % 7)/f\($0)") == "file 644 \($0)" })
            #expect(try host.probe.names("/d0").count == 9)
        }
    }

    @Test(
        "Attributes change alone, and the mode is what was asked for after a change of owner", arguments: Candidate.all)
    func attributes(candidate: Candidate) async throws {
        try await candidate.with { host async throws in
            try await host.write("/a", "x")
            _ = try await host.perform(.setAttributes(path: "/a", mode: 0o1751, owner: nil, group: nil))
            #expect(try host.look("/a") == "file 1751 x")
            let missing = Step.setAttributes(path: "/nowhere", mode: 0o600, owner: nil, group: nil)
            await #expect(throws: Failure.self) { _ = try await host.perform(missing) }
        }
    }

    @Test(
        "What is gone already needs no removal, and a directory that stands is left as it is", arguments: Candidate.all)
    func removals(candidate: Candidate) async throws {
        try await candidate.with { host async throws in
            try await host.write("/a", "x")
            #expect(try await host.perform(.remove(path: "/a")).changed)
            #expect(try host.probe.status("/a") == nil)
            #expect(try await !host.perform(.remove(path: "/a")).changed)
            let directory = Step.makeDirectory(path: "/new/deep", mode: 0o750, owner: nil, group: nil)
            #expect(try await host.perform(directory).changed)
            #expect(
                try host.probe.status("/new/deep").map { [$0.kind == .directory, $0.mode == 0o750] } == [true, true])
            #expect(
                try await !host.perform(.makeDirectory(path: "/new/deep", mode: 0o700, owner: nil, group: nil)).changed)
            #expect(try host.probe.status("/new/deep")?.mode == 0o750)
        }
    }

    @Test("Files that belong together are put in place together", arguments: Candidate.all)
    func sets(candidate: Candidate) async throws {
        try await candidate.with { host async throws in
            try await host.write("/old", "x")
            try await host.write("/c", "before")
            let writes = [
                FileWrite("/c", .bytes(Array("1".utf8)), mode: 0o644, keepsBackup: false),
                FileWrite("/d/k", .secret(Secret("2")), mode: 0o600, keepsBackup: false),
            ]
            #expect(try await host.perform(.replace(FileSet(writes: writes, removals: ["/old", "/never"]))).changed)
            #expect(try host.look("/c") == "file 644 1")
            #expect(try host.look("/d/k") == "file 600 2")
            #expect(try host.probe.status("/old") == nil)
        }
    }

    @Test("The pending list is kept, and empty is as good as none", arguments: Candidate.all)
    func pending(candidate: Candidate) async throws {
        try await candidate.with { host async throws in
            #expect(try host.pending.load() == [])
            let service = ResourceID(config: "c", section: "services", name: "systemd/ü")
            let reactions = [
                DueReaction(Mark(config: "c", section: "files", name: "/etc/ü \"x\""), by: service),
                DueReaction(Mark(everywhere: "certificates", ""), by: service),
            ]
            try host.pending.save(reactions)
            #expect(try host.pending.load() == reactions)
            try host.pending.save([])
            #expect(try host.pending.load() == [])
            try host.pending.save([])
        }
    }

    @Test("What isn't there is told apart from what can't be read", arguments: Candidate.all)
    func absence(candidate: Candidate) async throws {
        try await candidate.with { host async throws in
            try await host.write("/d/f", "x")
            #expect(try host.probe.status("/nowhere") == nil)
            #expect(try host.probe.status("/nowhere/deep") == nil)
            #expect(try host.probe.names("/nowhere") == [])
            #expect(try host.probe.names("/d/f") == [])
            #expect(try host.probe.status("/")?.kind == .directory)
            for path in ["/nowhere", "/d"] {
                #expect(throws: Failure.self) { try host.probe.read(path) }
                #expect(throws: Failure.self) { try host.probe.linkTarget(path) }
            }
        }
    }

    @Test("No such account is nil in an empty root", arguments: [Candidate(isReal: true)])
    func accounts(candidate: Candidate) async throws {
        try await candidate.with { host async throws in
            #expect(try await host.probe.user("nobody") == nil)
            try await host.write(
                "/etc/passwd", "root:x:0:0::/root:/bin/sh\nada:x:1000:1001:Ada:/home/ada:/bin/sh\nbroken\n")
            try await host.write("/etc/group", "root:x:0:\nada:x:1001:\ndevs:x:1500:bob,ada\nweb:x:33:ada\n")
            let ada = UserAccount(name: "ada", id: 1000, group: 1001, home: "/home/ada", groups: ["devs", "web"])
            #expect(try await host.probe.user("ada") == ada)
            #expect(try await host.probe.group("web") == GroupAccount(name: "web", id: 33))
            #expect(try await host.probe.user("broken") == nil)
        }
    }
}

@Suite("Contract of owners", .enabled(if: geteuid() == 0, "needs root: owners can't be set by others"))
struct OwnerContractTests {
    @Test("A write sets owner and group, and its backup keeps the old ones", arguments: Candidate.all)
    func owners(candidate: Candidate) async throws {
        try await candidate.with { host async throws in
            try await host.write("/a", "one", owner: 1234, group: 4321)
            #expect(try host.look("/a") == "file 644 1234:4321 one")
            try await host.write("/a", "two", mode: 0o6755, owner: 5, group: 6, keepsBackup: true)
            #expect(try host.look("/a") == "file 6755 5:6 two")
            #expect(try host.look("/a.bak") == "file 644 1234:4321 one")
            _ = try await host.perform(.link(LinkWrite("/l", target: "a", owner: 7, group: 8, keepsBackup: false)))
            #expect(try host.look("/l") == "link 7:8 a")
            _ = try await host.perform(.setAttributes(path: "/l", mode: nil, owner: 9, group: nil))
            #expect(try host.look("/l") == "link 9:8 a")
            #expect(try host.look("/a") == "file 6755 5:6 two")
        }
    }

    /// A file with setuid whose owner was put right lost the bit, and the second run changed it again.
    @Test("A change of owner takes setuid and setgid away, unless the mode is set with it", arguments: Candidate.all)
    func setuid(candidate: Candidate) async throws {
        try await candidate.with { host async throws in
            try await host.write("/a", "x", mode: 0o6755)
            _ = try await host.perform(.setAttributes(path: "/a", mode: nil, owner: 5, group: nil))
            #expect(try host.look("/a") == "file 755 5:\(getegid()) x")
            _ = try await host.perform(.setAttributes(path: "/a", mode: 0o6755, owner: 6, group: 6))
            #expect(try host.look("/a") == "file 6755 6:6 x")
            try await host.write("/b", "x", mode: 0o2644)
            _ = try await host.perform(.setAttributes(path: "/b", mode: nil, owner: 5, group: 5))
            #expect(try host.look("/b") == "file 2644 5:5 x")
        }
    }
}
