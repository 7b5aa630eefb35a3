"""HTTP/1.1 on plain sockets: the request target and the headers as they came, the answer as broken as a test wants it."""
import socket
import socketserver
import struct
import sys
import threading
import traceback
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import parse_qsl

LIMIT = 64 * 1024


@dataclass
class Request:
    method: str
    target: str  # raw, as on the wire
    headers: list  # (name, value), in their order, names as they came
    body: bytes
    peer: str = ""
    tls: bool = False
    path: str = field(init=False)
    query: str = field(init=False)

    def __post_init__(self):
        self.path, _, self.query = self.target.partition("?")

    def header(self, name, default=None):
        return next((v for k, v in self.headers if k.lower() == name.lower()), default)

    @property
    def host(self):
        return self.header("host", "")

    @property
    def form(self):
        """Parameters of the query and of a form body, as the query protocol has them."""
        pairs = parse_qsl(self.query, keep_blank_values=True)
        if "x-www-form-urlencoded" in (self.header("content-type") or ""):
            pairs += parse_qsl(self.body.decode(), keep_blank_values=True)
        return dict(pairs)


@dataclass
class Response:
    status: int = 200
    body: bytes = b""
    headers: list = field(default_factory=list)
    # How the answer reaches the client: None (whole), "reset" (RST before a byte of it), "reset-body" (RST half way), "truncate"
    # (half of what Content-Length says, then an orderly end), "dribble" (a few bytes at a time), "stall" and "stall-body" (silence).
    delivery: str = None

    def header(self, name):
        return next((v for k, v in self.headers if k.lower() == name.lower()), None)


class Bad(Exception):
    """Bytes that are no request."""


def read_request(stream, peer, tls):
    """- Returns: None where the client has ended the connection."""
    line = stream.readline(LIMIT)
    if not line:
        return None
    try:
        method, target, version = line.decode("latin-1").rstrip("\r\n").split(" ")
    except ValueError:
        raise Bad(f"request line {line!r}") from None
    headers = []
    while (line := stream.readline(LIMIT)) not in (b"\r\n", b"\n"):
        name, colon, value = line.decode("utf-8", "surrogateescape").rstrip("\r\n").partition(":")
        if not colon or not name or name != name.strip():
            raise Bad(f"header {line!r}")
        headers.append((name, value.strip(" \t")))
    request = Request(method, target, headers, b"", peer, tls)
    if (request.header("expect") or "").lower() == "100-continue":
        stream.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        stream.flush()
    if "chunked" in (request.header("transfer-encoding") or ""):
        while size := int(stream.readline(LIMIT).split(b";")[0], 16):
            request.body += stream.read(size)
            stream.readline()
        while stream.readline(LIMIT) not in (b"\r\n", b"\n", b""):
            pass
    else:
        length = int(request.header("content-length") or 0)
        request.body = stream.read(length)
        if len(request.body) < length:
            return None
    return request


def head(response, request, now, close):
    names = {name.lower() for name, _ in response.headers}
    headers = list(response.headers)
    if "date" not in names:
        headers.append(("Date", formatdate(now, usegmt=True)))
    if "content-length" not in names and response.status not in (204, 304):
        headers.append(("Content-Length", str(len(response.body))))
    headers.append(("Connection", "close" if close else "keep-alive"))
    reason = HTTPStatus(response.status).phrase
    return f"HTTP/1.1 {response.status} {reason}\r\n".encode() + b"".join(
        f"{k}: {v}\r\n".encode("utf-8", "surrogateescape") for k, v in headers) + b"\r\n"


def reset(connection):
    """Ends it with RST: what was sent and not yet read may be lost, as on a real network."""
    raw = getattr(connection, "_sock", connection)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # close() of a TLS socket says nothing to the peer; detach() leaves no second reference that would hold the socket open.
    socket.close(raw.detach())


def end_tls(connection):
    """An orderly end says close_notify; after a reset there is nobody to say it to."""
    try:
        connection.settimeout(0.2)
        connection.unwrap()
    except (OSError, ValueError):
        pass
    connection.close()


class Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        server, connection = self.server, self.connection
        tls = server.tls is not None
        if tls:
            try:
                connection = server.tls.wrap_socket(connection, server_side=True)
            except OSError as error:
                server.on_tls_error(str(error))
                return
        stream = connection.makefile("rwb")
        try:
            while request := read_request(stream, self.client_address[0], tls):
                with server.exchange(request) as response:
                    if not self.deliver(connection, stream, request, response):
                        return
        except Bad as error:
            stream.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            stream.flush()
            server.on_tls_error(f"bad request: {error}")
        except (OSError, ValueError):
            pass  # the client is gone, or a fault has closed the socket
        finally:
            if tls:
                end_tls(connection)

    def outlast(self, connection):
        """Says nothing until the client has gone."""
        while connection.recv(4096):
            pass
        return False

    def deliver(self, connection, stream, request, response):
        """- Returns: whether the connection stays."""
        close = (request.header("connection") or "").lower() == "close"
        body = b"" if request.method == "HEAD" else response.body
        if response.delivery == "reset":
            reset(connection)
            return False
        if response.delivery == "stall":
            return self.outlast(connection)
        stream.write(head(response, request, self.server.now(), close))
        half = len(body) // 2
        match response.delivery:
            case "reset-body" | "truncate":
                stream.write(body[:half])
                stream.flush()
                if response.delivery == "reset-body":
                    reset(connection)
                return False
            case "stall-body":
                stream.write(body[:half])
                stream.flush()
                return self.outlast(connection)
            case "dribble":
                stream.flush()
                step = max(1, len(body) // 20)
                for start in range(0, len(body), step):
                    stream.write(body[start:start + step])
                    stream.flush()
                    threading.Event().wait(0.02)
            case _:
                stream.write(body)
        stream.flush()
        return not close


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """- Parameters: exchange: a context manager for one request that gives its Response; now: the server's clock."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 512

    def __init__(self, address, exchange, now, tls=None, on_tls_error=lambda text: None):
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self.exchange, self.now, self.tls, self.on_tls_error = exchange, now, tls, on_tls_error
        super().__init__(address, Connection)

    @property
    def port(self):
        return self.server_address[1]

    def start(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        return self

    def handle_error(self, request, client_address):
        traceback.print_exc(file=sys.stderr)
