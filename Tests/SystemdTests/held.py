"""held.py PORT PATH HOST COMMAND…: opens a WebSocket at 127.0.0.1:PORT, has a text echoed, runs the command, has another echoed over the same
connection. Prints JSON: the two echoes, and what came of the command."""
import base64, json, os, socket, subprocess, sys

port, path, host = int(sys.argv[1]), sys.argv[2], sys.argv[3]
connection = socket.create_connection(("127.0.0.1", port), timeout=20)
key = base64.b64encode(os.urandom(16)).decode()
connection.sendall(
    f"GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
answers = connection.makefile("rb")
status = answers.readline().decode().strip()
while answers.readline().strip():
    pass


def echo(text):
    mask = os.urandom(4)
    data = bytes(b ^ mask[i % 4] for i, b in enumerate(text.encode()))
    connection.sendall(bytes([0x81, 0x80 | len(data)]) + mask + data)
    head = answers.read(2)
    return answers.read(head[1] & 0x7F).decode() if head else None


before = echo("before") if " 101 " in status else None
result = subprocess.run(sys.argv[4:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
try:
    after = echo("after")
except OSError as error:
    after = f"{error}"
print(json.dumps({"status": status, "before": before, "after": after, "code": result.returncode, "text": result.stdout.decode()}))
