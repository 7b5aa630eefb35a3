import InitCore
import InitTesting
import Testing

// Downloads and archives, whose effect only doing them tells.

@Suite struct TransferContractTests {
    private let url = "https://example.com/a"

    @Test("A download changes nothing where it stands already, mode included", arguments: Candidate.all)
    func downloads(candidate: Candidate) async throws {
        try await candidate.with { host async throws in
            var write = FileWrite("/d/a", .download(Download(url: url)), mode: 0o640, keepsBackup: true)
            #expect(try await host.perform(.write(write)).changed)
            #expect(try host.look("/d/a") == "file 640 body {{name}}\n")
            #expect(try await host.perform(.write(write)).changed == false)
            #expect(try host.probe.names("/d") == ["a"])
            write.mode = 0o600
            #expect(try await host.perform(.write(write)).changed)
            #expect(try host.look("/d/a") == "file 600 body {{name}}\n")
            #expect(try host.look("/d/a.bak") == "file 640 body {{name}}\n")
        }
    }

    @Test("A download is rendered with its context before it is compared and placed", arguments: Candidate.all)
    func templates(candidate: Candidate) async throws {
        try await candidate.with { host async throws in
            var write = FileWrite("/a", .download(Download(url: url)), mode: 0o644, keepsBackup: false)
            write.template = TemplateContext(.object(JSONObject([("name", .string("ada"))])))
            #expect(try await host.perform(.write(write)).changed)
            #expect(try host.look("/a") == "file 644 body ada\n")
            #expect(try await host.perform(.write(write)).changed == false)
        }
    }

    @Test("A reference's value is asked of those who were given for it", arguments: Candidate.all)
    func references(candidate: Candidate) async throws {
        try await candidate.with { host async throws in
            let reference = Reference.parameter(name: "/a/b", version: nil)
            host.prefetch([reference], false)
            #expect(try await host.probe.resolve(reference) == Secret("value of a/b"))
        }
    }

    @Test("A failed download leaves the old content and nothing beside it", arguments: [Candidate(isReal: true)])
    func failedDownload(candidate: Candidate) async throws {
        try await candidate.with { host async throws in
            try await host.write("/d/a", "old")
            let write = FileWrite("/d/a", .download(Download(url: "https://nowhere/")), mode: 0o644, keepsBackup: true)
            await #expect(throws: Failure.self) { _ = try await host.perform(.write(write)) }
            #expect(try host.look("/d/a") == "file 644 old")
            #expect(try host.probe.names("/d") == ["a"])
        }
    }

    @Test("An archive is laid over a directory, and compared with it the same way", arguments: Candidate.all)
    func archives(candidate: Candidate) async throws {
        try await candidate.with { host async throws in
            let unpacking = Unpacking(.path("/a.tar"), to: "/opt/app")
            let names = ["top/bin/tool", "top/link", "top/read me"]
            try await host.write("/opt/app/own", "stays")
            #expect(try host.probe.compare(unpacking).differing.sorted() == names)
            #expect(try host.probe.names("/opt/app") == ["own"])
            #expect(try await host.perform(.unpack(unpacking)).changed)
            #expect(try host.look("/opt/app/top/bin/tool") == "file 750 tool\n")
            #expect(try host.look("/opt/app/top/link") == "link bin/tool")
            #expect(try host.look("/opt/app/own") == "file 644 stays")
            #expect(try host.probe.compare(unpacking) == ArchiveComparison(members: 3, differing: []))
            #expect(try await host.perform(.unpack(unpacking)).changed == false)
            try await host.write("/opt/app/top/read me", "changed")
            #expect(try host.probe.compare(unpacking).differing == ["top/read me"])
        }
    }

    @Test("A single top-level directory is left out where that is asked for", arguments: Candidate.all)
    func stripping(candidate: Candidate) async throws {
        try await candidate.with { host async throws in
            let unpacking = Unpacking(.path("/a.tar"), to: "/opt/app", stripsTopLevel: true)
            #expect(try await host.perform(.unpack(unpacking)).changed)
            #expect(try host.probe.names("/opt/app") == ["bin", "link", "read me"])
            #expect(try host.probe.compare(unpacking).differing == [])
        }
    }
}
