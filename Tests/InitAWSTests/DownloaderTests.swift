// Downloads against a real HTTP server (Python's), which misbehaves as each path says.

import Foundation
import InitAWS
import InitCore
import TestSupport
import Testing

/// It counts the requests of each path, and keeps what they asked for.
private let script = """
    import base64, http.server, json, socket, struct, sys, threading
    counts, ranges = {}, {}
    body = bytes(range(256)) * 4096
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        def log_message(self, *_): pass
        def answer(self, code, body=b"", **headers):
            self.head(code, len(body), **headers)
            self.wfile.write(body)
        def head(self, code, length, **headers):
            self.send_response(code)
            self.send_header("Content-Length", str(length))
            for name, value in headers.items(): self.send_header(name.replace("_", "-"), value)
            self.end_headers()
        def reset(self):
            self.wfile.flush()
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            socket.close(self.connection.detach())
            self.close_connection = True
        def part(self, tag, most, honest=True):
            # The rest from where it is asked for, but no more than so much of it.
            first = 0
            asked = self.headers.get("Range")
            if honest and asked and self.headers.get("If-Range") == tag:
                first = int(asked[6:-1])
                self.head(206, len(body) - first, ETag=tag, Content_Range=f"bytes {first}-{len(body) - 1}/{len(body)}")
            else:
                self.head(200, len(body), ETag=tag)
            if len(body) - first <= most: self.wfile.write(body[first:])
            else:
                self.wfile.write(body[first:first + most])
                self.wfile.flush()
                # An end that says nothing, so that what was sent surely arrives.
                self.connection.shutdown(socket.SHUT_WR)
                self.close_connection = True
        def do_GET(self):
            path = self.path.split("?")[0]
            count = counts[path] = counts.get(path, 0) + 1
            ranges.setdefault(path, []).append([self.headers.get("Range"), self.headers.get("If-Range")])
            if path == "/reset":
                counts.clear()
                ranges.clear()
                return self.answer(200)
            if path == "/good": return self.answer(200, b"good body\\n")
            if path == "/flaky": return self.answer(200, b"at last") if count > 2 else self.answer(500)
            if path == "/login":
                if count < 3: return self.answer(200, b"<html>log in</html>", Content_Type="text/html")
                return self.answer(200, b"good body\\n")
            if path == "/gone": return self.answer(403, b"no")
            if path == "/redirect": return self.answer(302, Location="/good")
            if path == "/circle": return self.answer(302, Location="/circle")
            if path == "/blank%20%C3%BC": return self.answer(200, b"quoted")
            if path == "/private":
                wanted = "Basic " + base64.b64encode(b"ann:s3cret").decode()
                return self.answer(200, b"private") if self.headers.get("Authorization") == wanted else self.answer(401)
            if path == "/away": return self.answer(302, Location=f"http://localhost:{server.server_port}/anonymous")
            if path == "/anonymous": return self.answer(400 if self.headers.get("Authorization") else 200, b"nobody")
            if path == "/lost": return self.reset() if count < 3 else self.answer(200, b"found")
            if path == "/silent":
                self.head(200, len(body), ETag="t")
                self.wfile.write(body[:100000])
                self.wfile.flush()
                return threading.Event().wait(30) if count < 2 else self.wfile.write(body[100000:])
            if path == "/steps": return self.part('"one"', 100000)
            if path == "/weak": return self.part('W/"one"', 600000 if count < 2 else 1 << 30)
            if path == "/changed": return self.part('"one"' if count < 2 else '"two"', 600000 if count < 2 else 1 << 30)
            if path == "/stubborn": return self.part('"one"', 600000, honest=False)
            if path == "/liar" and count == 2: return self.answer(206, b"xyz", ETag='"one"', Content_Range="bytes 0-2/3")
            if path == "/liar": return self.part('"one"', 600000 if count < 2 else 1 << 30)
            if path == "/shrunk" and count == 2: return self.answer(416, Content_Range="bytes */5")
            if path == "/shrunk": return self.part('"one"', 600000) if count < 2 else self.answer(200, b"small")
            if path == "/counts": return self.answer(200, repr(counts).encode())
            if path == "/ranges": return self.answer(200, json.dumps(ranges.get(self.path.split("?")[1])).encode())
            self.answer(404)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
    server.serve_forever()
    """

@Suite(.serialized) struct DownloaderTests {
    private static let server = Result<PythonProgram, any Error> { try PythonProgram(["-c", script]) }
    private let base: String
    private let file: FileHandle
    private let downloader: Downloader
    private static let body = Data((0..<4096).flatMap { _ in UInt8.min...UInt8.max })

    init() async throws {
        base = "http://127.0.0.1:\(Int(try Self.server.get().ready.number ?? 0))"
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        _ = FileManager.default.createFile(atPath: path, contents: Data("what stood there before and is longer".utf8))
        file = try #require(FileHandle(forUpdatingAtPath: path))
        try FileManager.default.removeItem(atPath: path)
        downloader = Self.downloader()
        _ = try await bytes("/reset")
    }

    private static func downloader(stopReason: Failure? = nil, longestSilence: Double = 60) -> Downloader {
        let transport = HTTPTransport(
            proxies: Proxies(environment: { _ in nil }), environment: { _ in nil }, stopReason: { stopReason },
            longestSilence: longestSilence)
        return Downloader(
            transport: transport, session: { throw Failure(.host, "plain http needs no AWS") }, sleep: { _ in },
            stopReason: { stopReason })
    }

    private func fetch(_ path: String, sha256: String? = nil, access: Download.Access = .ofURL) async throws -> String {
        String(decoding: try await bytes(path, sha256: sha256, access: access), as: UTF8.self)
    }

    private func bytes(
        _ path: String, sha256: String? = nil, access: Download.Access = .ofURL, by downloader: Downloader? = nil
    ) async throws -> Data {
        let url = path.hasPrefix("http") ? path : base + path
        try await (downloader ?? self.downloader)
            .fetch(Download(url: url, sha256: sha256, access: access), into: file.fileDescriptor)
        try file.seek(toOffset: 0)
        return try file.readToEnd() ?? Data()
    }

    @Test func `a body replaces what was in the file`() async throws {
        #expect(try await fetch("/good") == "good body\n")
    }

    @Test func `a server error is tried again`() async throws {
        #expect(try await fetch("/flaky") == "at last")
    }

    @Test func `a connection that is reset before it answers is made again`() async throws {
        #expect(try await fetch("/lost") == "found")
    }

    // MARK: After a break

    /// What each request for a path asked for: the first byte, and by which validator.
    private func asked(_ path: String) async throws -> [(first: Int?, validator: String?)] {
        let answers = try JSONDecoder().decode([[String?]].self, from: await bytes("/ranges?\(path)"))
        return answers.map { ($0[0].flatMap { Int($0.dropFirst(6).dropLast()) }, $0[1]) }
    }

    @Test func `a broken transfer goes on where it broke, as long as it gets further`() async throws {
        #expect(try await bytes("/steps", sha256: sha256(of: Self.body)) == Self.body)
        let asked = try await asked("/steps")
        // More often than is tried without progress.
        #expect(asked.count > 6)
        #expect(asked[0].first == nil)
        for (earlier, later) in zip(asked, asked.dropFirst()) {
            #expect(later.validator == "\"one\"")
            #expect(try #require(later.first) > earlier.first ?? 0)
        }
    }

    @Test func `a body that has changed meanwhile is taken from its start`() async throws {
        #expect(try await bytes("/changed", sha256: sha256(of: Self.body)) == Self.body)
        #expect(try await asked("/changed").map(\.validator) == [nil, "\"one\""])
    }

    @Test func `a weak ETag is no reason to take two halves for one`() async throws {
        #expect(try await bytes("/weak") == Self.body)
        #expect(try await asked("/weak").map(\.first) == [nil, nil])
    }

    @Test func `a part that wasn't asked for is thrown away`() async throws {
        #expect(try await bytes("/liar", sha256: sha256(of: Self.body)) == Self.body)
        #expect(try await asked("/liar").map(\.validator) == [nil, "\"one\"", nil])
    }

    @Test func `a body that has become shorter than what is there is taken anew`() async throws {
        #expect(try await fetch("/shrunk") == "small")
    }

    @Test func `a server that gets no further is given up`() async throws {
        let failure = await #expect(throws: Failure.self) { try await bytes("/stubborn") }
        #expect(failure?.kind == .network)
        #expect(failure?.message.contains("tried 5 times") == true)
    }

    @Test func `a server that falls silent half way is asked for the rest`() async throws {
        #expect(try await bytes("/silent", by: Self.downloader(longestSilence: 0.3)) == Self.body)
    }

    @Test func `a redirect is followed`() async throws {
        #expect(try await fetch("/redirect") == "good body\n")
    }

    @Test func `redirects without end are refused`() async throws {
        let failure = await #expect(throws: Failure.self) { try await fetch("/circle") }
        #expect(failure?.kind == .refused)
        #expect(try await fetch("/counts").contains("'/circle': 11"))
    }

    @Test func `what may stand in no URL is encoded on the way`() async throws {
        #expect(try await fetch("/blank ü") == "quoted")
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

    @Test func `a web page with another sum than the wished one may be somebody in between`() async throws {
        let sum = try sha256(of: Data("good body\n".utf8))
        #expect(try await fetch("/login", sha256: sum) == "good body\n")
    }

    @Test func `the right sum is accepted`() async throws {
        let sum = try sha256(of: Data("good body\n".utf8))
        #expect(try await fetch("/good", sha256: sum) == "good body\n")
    }

    @Test func `credentials in the URL are sent, and shown nowhere`() async throws {
        let url = base.replacingOccurrences(of: "http://", with: "http://ann:s3cret@")
        #expect(try await fetch(url + "/private") == "private")
        let failure = await #expect(throws: Failure.self) { try await fetch(url + "/gone?X-Amz-Signature=abcdef") }
        #expect(failure?.message.contains("s3cret") == false)
        #expect(failure?.message.contains("abcdef") == false)
    }

    @Test func `a user and a password go to their own host only`() async throws {
        let access = Download.Access.basic(user: "ann", password: Secret("s3cret"))
        #expect(try await fetch("/private", access: access) == "private")
        #expect(try await fetch("/away", access: access) == "nobody")
        let url = base.replacingOccurrences(of: "http://", with: "http://ann:s3cret@")
        #expect(try await fetch(url + "/away") == "nobody")
        let failure = await #expect(throws: Failure.self) { try await fetch("/gone", access: access) }
        #expect(failure?.message.contains("s3cret") == false)
    }

    @Test func `a stop of the run ends it between tries`() async throws {
        let stopped = Self.downloader(stopReason: Failure(.stopped, "stopped by SIGTERM"))
        let failure = await #expect(throws: Failure.self) {
            try await stopped.fetch(Download(url: base + "/good"), into: file.fileDescriptor)
        }
        #expect(failure?.kind == .stopped)
    }

    private func sha256(of data: Data) throws -> String {
        let process = Process()
        let input = Pipe()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: data)
        try input.fileHandleForWriting.close()
        return String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self).prefix(64)
            .description
    }
}
