#!/usr/bin/env python3
"""proxy.py: a forward proxy for tests: CONNECT and absolute targets, with or without a password, names routed where the test wants them.

Prints one line of JSON when it is ready and ends when its standard input does. GET /_test/log on it tells what went through."""
import argparse
import base64
import fnmatch
import json
import select
import socket
import socketserver
import sys
import threading

LOG = []


class Connection(socketserver.StreamRequestHandler):
    rbufsize = 0  # what follows the head is read from the socket itself

    def handle(self):
        line = self.rfile.readline(65536)
        if not line:
            return
        method, target, version = line.decode("latin-1").split()
        headers = []
        while (line := self.rfile.readline(65536)) not in (b"\r\n", b"\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            headers.append((name, value.strip()))
        known = {k.lower(): v for k, v in headers}
        if method == "GET" and target == "/_test/log":
            return self.say(200, json.dumps(LOG).encode(), "Content-Type: application/json")
        entry = {"method": method, "target": target, "authorized": True, "to": None, "tunnel": method == "CONNECT"}
        LOG.append(entry)
        wanted = self.server.password
        if wanted and known.get("proxy-authorization") != "Basic " + base64.b64encode(wanted.encode()).decode():
            entry["authorized"] = False
            return self.say(407, b"", 'Proxy-Authenticate: Basic realm="proxy"')
        if method == "CONNECT":
            authority = target
        elif target.startswith("http://"):
            authority, slash, path = target[len("http://"):].partition("/")
            target = slash + path or "/"
        else:
            return self.say(400, b"this is a proxy: CONNECT, or a whole http:// target\n")
        host, port = self.destination(authority)
        entry["to"] = f"{host}:{port}"
        try:
            upstream = socket.create_connection((host, port), timeout=10)
        except OSError as error:
            return self.say(502, f"{authority}: {error}\n".encode())
        upstream.settimeout(None)
        if method == "CONNECT":
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            kept = [(k, v) for k, v in headers if k.lower() not in ("proxy-authorization", "proxy-connection", "connection")]
            text = f"{method} {target} {version}\r\n" + "".join(f"{k}: {v}\r\n" for k, v in kept + [("Connection", "close"), ("Via", "1.1 proxy")])
            upstream.sendall(text.encode("latin-1") + b"\r\n")
        self.join(upstream)

    def destination(self, authority):
        host, _, port = authority.rpartition(":") if ":" in authority else (authority, "", "80")
        for pattern, to in self.server.routes:
            if fnmatch.fnmatchcase(authority, pattern) or fnmatch.fnmatchcase(host, pattern):
                name, _, number = to.rpartition(":")
                return name, int(number)
        return host.strip("[]"), int(port)

    def join(self, upstream):
        """Both ways, until both have ended."""
        client = self.connection
        ends = {client: upstream, upstream: client}
        with upstream:
            while ends:
                for end in select.select(list(ends), [], [])[0]:
                    try:
                        data = end.recv(65536)
                        if data:
                            ends[end].sendall(data)
                            continue
                        ends.pop(end).shutdown(socket.SHUT_WR)
                    except OSError:
                        return

    def say(self, status, body, *lines):
        head = [f"HTTP/1.1 {status} Proxy", f"Content-Length: {len(body)}", "Connection: close", *lines]
        self.wfile.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        print(f"proxy: {sys.exc_info()[1]!r}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--password", metavar="USER:PASSWORD", help="demanded from everybody")
    parser.add_argument("--route", action="append", default=[], metavar="PATTERN=HOST:PORT",
                        help="where a name leads: '*.amazonaws.com:443=127.0.0.1:8443' (authority or host, first match)")
    options = parser.parse_args()
    server = Server((options.address, options.port), Connection)
    server.password = options.password
    server.routes = [route.split("=", 1) for route in options.route]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    print(json.dumps({"port": port, "url": f"http://{options.address}:{port}"}), flush=True)
    while sys.stdin.buffer.read1(4096):
        pass


if __name__ == "__main__":
    main()
