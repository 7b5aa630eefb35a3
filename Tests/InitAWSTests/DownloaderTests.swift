// Downloads against a real HTTP server (Python's), which misbehaves as each path says.

import Foundation
import InitAWS
import InitCore
import Testing

/// One server for the suite; it counts the requests of each path.
private final class Server: Sendable {
    static let script = """
        import base64, http.server, sys, threading
        counts = {}
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def log_message(self, *_): pass
            def answer(self, code, body=b"", **headers):
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                for name, value in headers.items(): self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(body)
            def do_GET(self):
                path = self.path.split("?")[0]
                counts[path] = counts.get(path, 0) + 1
                if path == "/good": return self.answer(200, b"good body\\n")
                if path == "/flaky": return self.answer(200, b"at last") if counts[path] > 2 else self.answer(500)
                if path == "/gone": return self.answer(403, b"no")
                if path == "/redirect": return self.answer(302, Location="/good")
                if path == "/large": return self.answer(200, b"0123456789abcdef" * 65536 * 4)
                if path == "/private":
                    wanted = "Basic " + base64.b64encode(b"ann:s3cret").decode()
                    return self.answer(200, b"private") if self.headers.get("Authorization") == wanted else self.answer(401)
                if path == "/short":
                    self.send_response(200)
                    self.send_header("Content-Length", "100" if counts[path] < 2 else "4")
                    self.end_headers()
                    self.wfile.write(b"part" if counts[path] < 2 else b"full")
                    self.close_connection = True
                    return
                if path == "/counts": return self.answer(200, repr(counts).encode())
                self.answer(404)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        print(server.server_port, flush=True)
        threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
        server.serve_forever()
        """

    let process = Process()
    private let input = Pipe()
    let base: String

    init() throws {
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", Self.script]
        process.standardOutput = output
        // It ends when we do, whatever happens to us.
        process.standardInput = input
        try process.run()
        let port = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        base = "http://127.0.0.1:\(port.trimmingCharacters(in: .whitespacesAndNewlines))"
    }

    deinit { process.terminate() }
}

@Suite(.serialized) struct DownloaderTests {
    private let server: Server
    private let file: FileHandle
    private let downloader: Downloader

    init() throws {
        server = try Server()
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        _ = FileManager.default.createFile(atPath: path, contents: Data("what stood there before and is longer".utf8))
        file = try #require(FileHandle(forUpdatingAtPath: path))
        try FileManager.default.removeItem(atPath: path)
        downloader = Self.downloader()
    }

    private static func downloader(stopReason: Failure? = nil) -> Downloader {
        let transport = HTTPTransport(
            proxies: Proxies(environment: { _ in nil }), environment: { _ in nil }, stopReason: { stopReason })
        return Downloader(
            transport: transport, session: { throw Failure(.host, "plain http needs no AWS") }, sleep: { _ in },
            stopReason: { stopReason })
    }

    private func fetch(_ path: String, sha256: String? = nil) async throws -> String {
        let url = path.hasPrefix("http") ? path : server.base + path
        try await downloader.fetch(Download(url: url, sha256: sha256), into: file.fileDescriptor)
        try file.seek(toOffset: 0)
        return String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
    }

    @Test func `a body replaces what was in the file`() async throws {
        #expect(try await fetch("/good") == "good body\n")
    }

    @Test func `a server error is tried again`() async throws {
        #expect(try await fetch("/flaky") == "at last")
    }

    @Test func `a broken connection is tried again and leaves nothing of the first try`() async throws {
        #expect(try await fetch("/short") == "full")
    }

    @Test func `a redirect is followed`() async throws {
        #expect(try await fetch("/redirect") == "good body\n")
    }

    @Test func `a refusal is final and tells the status`() async throws {
        let failure = await #expect(throws: Failure.self) { try await fetch("/gone") }
        #expect(failure?.kind == .network)
        #expect(failure?.message.contains("403") == true)
        #expect(try await fetch("/counts").contains("'/gone': 1"))
    }

    @Test func `a missing file is given up after five tries, as the original does`() async throws {
        let failure = await #expect(throws: Failure.self) { try await fetch("/missing") }
        #expect(failure?.message.contains("tried 5 times") == true)
        #expect(try await fetch("/counts").contains("'/missing': 5"))
    }

    @Test func `another sum than the wished one is refused at once, and both are told`() async throws {
        let sum = "c0ffee" + String(repeating: "0", count: 58)
        let failure = await #expect(throws: Failure.self) { try await fetch("/good", sha256: sum) }
        #expect(failure?.kind == .refused)
        #expect(failure?.message.contains(sum) == true)
        #expect(try await fetch("/counts").contains("'/good': 1"))
    }

    @Test func `the right sum is accepted`() async throws {
        let sum = try sha256(of: "good body\n")
        #expect(try await fetch("/good", sha256: sum) == "good body\n")
    }

    @Test func `credentials in the URL are sent, and shown nowhere`() async throws {
        let url = server.base.replacingOccurrences(of: "http://", with: "http://ann:s3cret@")
        #expect(try await fetch(url + "/private") == "private")
        let failure = await #expect(throws: Failure.self) { try await fetch(url + "/gone?X-Amz-Signature=abcdef") }
        #expect(failure?.message.contains("s3cret") == false)
        #expect(failure?.message.contains("abcdef") == false)
    }

    @Test func `a large body arrives whole`() async throws {
        #expect(try await fetch("/large").utf8.count == 16 * 65536 * 4)
    }

    @Test func `a stop of the run ends it between tries`() async throws {
        let stopped = Self.downloader(stopReason: Failure(.stopped, "stopped by SIGTERM"))
        let failure = await #expect(throws: Failure.self) {
            try await stopped.fetch(Download(url: server.base + "/good"), into: file.fileDescriptor)
        }
        #expect(failure?.kind == .stopped)
    }

    private func sha256(of text: String) throws -> String {
        let process = Process()
        let input = Pipe()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        input.fileHandleForWriting.write(Data(text.utf8))
        try input.fileHandleForWriting.close()
        return String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self).prefix(64)
            .description
    }
}
