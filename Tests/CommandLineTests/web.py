"""A web server for readiness checks, on a port, a port with TLS and a Unix socket: web.py DIRECTORY.

DIRECTORY holds key.pem and cert.pem, and gets web.sock. Says its ports in a line of JSON, and ends with its standard input.
"""
import http.server, json, os, socket, socketserver, ssl, sys, threading, time

directory = sys.argv[1]
asked = {}
connected = threading.Event()


def reserved():
    """A port that nobody else gets, and that refuses connections until it listens."""
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    return s


late, dead = reserved(), reserved()


def open_late():
    late.listen()
    late.accept()
    connected.set()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.path.partition("?")[0]
        key = (self.server, path)
        asked[key] = asked.get(key, 0) + 1
        status, body, headers = 200, "ok", {}
        if path == "/503":
            status = 503
        elif path == "/third":
            status = 200 if asked[key] >= 3 else 503
        elif path == "/moved":
            status, headers = 302, {"Location": "/503"}
        elif path == "/echo":
            name = getattr(self.connection, "asked_for", None)
            body = f"host={self.headers['Host']} path={self.path} name={name}"
        elif path == "/large":
            body = "x" * (1 << 20) + "the end"
        elif path == "/silent":
            time.sleep(3600)
        elif path == "/open":
            if asked[key] == 1:
                threading.Thread(target=open_late, daemon=True).start()
            body = "connected" if connected.is_set() else "waiting"
        self.send_response(status)
        for header in headers.items():
            self.send_header(*header)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def handle(self):
        try:
            super().handle()
        except (ConnectionError, ssl.SSLError):
            pass

    def log_message(self, *_):
        pass

    def address_string(self):
        return ""


class TLSServer(http.server.ThreadingHTTPServer):
    """Shakes hands in the connection's own thread, so that a strange one holds nobody up."""

    def finish_request(self, request, address):
        try:
            with context.wrap_socket(request, server_side=True) as connection:
                super().finish_request(connection, address)
        except (ConnectionError, ssl.SSLError):
            pass


class UnixServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(f"{directory}/cert.pem", f"{directory}/key.pem")
context.sni_callback = lambda connection, name, _: setattr(connection, "asked_for", name)

servers = [
    http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler),
    TLSServer(("0.0.0.0", 0), Handler),
    UnixServer(f"{directory}/web.sock", Handler),
]
for server in servers:
    threading.Thread(target=server.serve_forever, daemon=True).start()
ports = {"http": servers[0].server_port, "https": servers[1].server_port}
print(json.dumps(ports | {"late": late.getsockname()[1], "dead": dead.getsockname()[1]}), flush=True)
sys.stdin.read()
os._exit(0)
