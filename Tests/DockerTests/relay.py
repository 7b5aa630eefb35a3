#!/usr/bin/env python3
"""relay.py LISTEN TARGET [--die N] [--refuse PART MESSAGE] [--api NEWEST] [--oldest OLDEST]

Stands between a client and the Docker Engine, socket to socket, a connection for each request.
--die N: when the N-th request that changes something (from 0) arrives, it and all later ones are dropped: what the Engine sees is
         what it would see of a client that was killed at that moment.
--refuse PART MESSAGE: the first request that changes something and whose path ends with PART gets 500 and this message.
--api, --oldest: says of itself that it speaks these versions, and refuses requests below the oldest as Docker 29 does.
Its first line of output says that it listens; it ends with its standard input. Its last line tells how many changes it saw."""
import argparse, json, os, socket, sys, threading

options = argparse.ArgumentParser()
options.add_argument("listen")
options.add_argument("target")
options.add_argument("--die", type=int, default=-1)
options.add_argument("--refuse", nargs=2, default=["", ""])
options.add_argument("--api")
options.add_argument("--oldest")
options = options.parse_args()

lock = threading.Lock()
changes = 0
dead = False
refusal = False


def head_of(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None, b""
        data += more
    head, rest = data.split(b"\r\n\r\n", 1)
    return head.decode(), rest


def body_of(connection, head, rest):
    for line in head.split("\r\n")[1:]:
        name, value = line.split(":", 1)
        if name.lower() == "content-length":
            while len(rest) < int(value):
                rest += connection.recv(65536)
    return rest


def failure(status, message):
    text = json.dumps({"message": message})
    return f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n{text}".encode()


def refused(method, path):
    global refusal
    with lock:
        part, message = options.refuse
        if part and not refusal and method in ("POST", "DELETE", "PUT") and path.endswith(part):
            refusal = True
            return failure("500 Internal Server Error", message)
    if not options.oldest or not path.startswith("/v"):
        return None
    asked = tuple(int(part) for part in path[2:].split("/")[0].split("."))
    oldest = tuple(int(part) for part in options.oldest.split("."))
    if asked >= oldest:
        return None
    return failure("400 Bad Request", f"client version {'.'.join(map(str, asked))} is too old. Minimum supported API version is {options.oldest}")


def serve(client):
    global changes, dead
    with client:
        head, rest = head_of(client)
        if head is None:
            return
        method, path, _ = head.split("\r\n")[0].split(" ", 2)
        body = body_of(client, head, rest)
        with lock:
            if method in ("POST", "DELETE", "PUT"):
                if changes == options.die:
                    dead = True
                changes += 1
            if dead:
                return
        answer = refused(method, path)
        if answer:
            client.sendall(answer)
            return
        lines = [line for line in head.split("\r\n") if not line.lower().startswith("connection:")]
        if options.api and path.startswith("/v"):
            # The Engine behind may be older than what this one says of itself.
            lines[0] = f"{method} /v1.41{path[path.index('/', 2):]} HTTP/1.1"
        with socket.socket(socket.AF_UNIX) as engine:
            engine.connect(options.target)
            engine.sendall("\r\n".join(lines + ["Connection: close", "", ""]).encode() + body)
            head, rest = head_of(engine)
            if head is None:
                return
            lines = head.split("\r\n")
            if options.api:
                lines = [f"Api-Version: {options.api}" if line.lower().startswith("api-version:") else line for line in lines]
            if options.oldest and path.endswith("/version"):
                while more := engine.recv(65536):
                    rest += more
                start = rest.index(b"{")
                node = json.JSONDecoder().raw_decode(rest[start:].decode())[0]
                node["MinAPIVersion"] = options.oldest
                text = json.dumps(node).encode()
                lines = [line for line in lines if line.split(":")[0].lower() not in ("content-length", "transfer-encoding")]
                lines.append(f"Content-Length: {len(text)}")
                client.sendall("\r\n".join(lines + ["", ""]).encode() + text)
                return
            client.sendall("\r\n".join(lines + ["", ""]).encode() + rest)
            while more := engine.recv(65536):
                client.sendall(more)


def accept(listener):
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client,), daemon=True).start()


listener = socket.socket(socket.AF_UNIX)
listener.bind(options.listen)
listener.listen(64)
threading.Thread(target=accept, args=(listener,), daemon=True).start()
print(json.dumps({"path": options.listen}), flush=True)
sys.stdin.read()
os.unlink(options.listen)
