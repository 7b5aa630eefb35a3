"""moto in this process: it answers what has passed our own checks. Its own signature check stays off."""
import io
import json
import logging
import sys
import threading
from urllib.parse import unquote

from .http import Request, Response

logging.getLogger("werkzeug").setLevel(logging.ERROR)
SERVICES = ("ssm", "secretsmanager", "s3")


class Moto:
    def __init__(self):
        from moto.server import create_backend_app

        self.make = create_backend_app
        self.apps = {}
        self.lock = threading.Lock()

    def warm(self):
        """Importing a service's part takes up to a second: better now than within the first request."""
        for service in SERVICES:
            self.app(service)

    def app(self, service):
        with self.lock:
            if service not in self.apps:
                self.apps[service] = self.make(service)
            return self.apps[service]

    def reset(self):
        from moto.moto_api._internal.models import moto_api_backend

        moto_api_backend.reset()

    def answer(self, service, request, host):
        """- Parameters: host: what moto shall see as Host; it looks there for the region and a bucket."""
        body = io.BytesIO(request.body)
        environ = {
            "REQUEST_METHOD": request.method, "SCRIPT_NAME": "", "PATH_INFO": unquote(request.path, errors="surrogateescape").encode("utf-8", "surrogateescape").decode("latin-1"),
            "QUERY_STRING": request.query, "RAW_URI": request.target, "REQUEST_URI": request.target, "SERVER_NAME": host, "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": body, "wsgi.errors": sys.stderr,
            "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False, "CONTENT_LENGTH": str(len(request.body)),
        }
        for name, value in request.headers:
            key = name.upper().replace("-", "_")
            if key == "CONTENT_TYPE":
                environ[key] = value
            elif key not in ("CONTENT_LENGTH", "TRANSFER_ENCODING", "EXPECT", "CONNECTION"):
                environ["HTTP_" + key] = value
        environ["HTTP_HOST"] = host
        got = {}

        def start(status, headers, _=None):
            got["status"], got["headers"] = int(status.split()[0]), headers

        chunks = self.app(service)(environ, start)
        body = b"".join(chunks)
        headers = [(k, v) for k, v in got["headers"] if k.lower() not in ("content-length", "date", "server", "connection", "transfer-encoding")]
        length = next((v for k, v in got["headers"] if k.lower() == "content-length"), None)
        if request.method == "HEAD" and length is not None:
            headers.append(("Content-Length", length))
        return Response(got["status"], body, headers)

    def ask(self, service, target, parameters, region="us-east-1"):
        """A JSON call of our own, for the control API. - Raises: ValueError with moto's answer."""
        request = Request("POST", "/", [("X-Amz-Target", target), ("Content-Type", "application/x-amz-json-1.1"), own_scope(service, region)],
                          json.dumps(parameters).encode())
        response = self.answer(service, request, f"{service}.{region}.amazonaws.com")
        if response.status != 200:
            raise ValueError(response.body.decode())
        return json.loads(response.body or b"{}")


def own_scope(service, region):
    return ("Authorization", f"AWS4-HMAC-SHA256 Credential=AKIASTANDIN/20260101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0")
