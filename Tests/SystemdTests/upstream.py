"""upstream.py FIRST LAST SOCKET: what lies behind a proxy: at ports FIRST to LAST of 127.0.0.1 and at a Unix socket. Each answers with JSON
of what it was asked; /away is sent to /there, /big takes any body and tells its length, an Upgrade is a WebSocket that echoes. Says when it is ready; ends with its input."""
import base64, hashlib, http.server, json, os, socketserver, sys, threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def address_string(self):
        return "somebody"

    def body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            length = 0
            while size := int(self.rfile.readline(), 16):
                length += len(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return length
        return len(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def do_GET(self):
        if self.headers.get("Upgrade", "").lower() == "websocket":
            return self.echo()
        length = self.body()
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "/there")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        seen = {"port": self.server.name, "path": self.path, "body": length, "headers": dict(self.headers)}
        text = json.dumps(seen).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_GET

    def echo(self):
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        self.close_connection = True
        while head := self.rfile.read(2):
            length, mask = head[1] & 0x7F, self.rfile.read(4)
            data = bytes(b ^ mask[i % 4] for i, b in enumerate(self.rfile.read(length)))
            if head[0] & 0x0F == 8:
                return
            self.wfile.write(bytes([0x81, len(data)]) + data)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 100


class SocketServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    name = "socket"

    def get_request(self):
        connection, _ = super().get_request()
        return connection, ("", 0)


first, last = int(sys.argv[1]), int(sys.argv[2])
servers = []
for port in range(first, last + 1):
    server = Server(("127.0.0.1", port), Handler)
    server.name = port
    servers.append(server)
servers.append(SocketServer(sys.argv[3], Handler))
os.chmod(sys.argv[3], 0o666)
for server in servers:
    threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"ready": True}), flush=True)
sys.stdin.read()
