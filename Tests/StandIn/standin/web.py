"""Ordinary files on an ordinary web server: what `sources` and `files` download, with basic authentication, ranges, redirects."""
import base64
import hashlib
import random
import re
from email.utils import formatdate

from .http import Response


def content(fixture):
    """body, bodyBase64, or size (bytes that look random, the same for the same seed)"""
    if "size" in fixture:
        return random.Random(fixture.get("seed", 1)).randbytes(fixture["size"])
    return base64.b64decode(fixture["bodyBase64"]) if "bodyBase64" in fixture else fixture.get("body", "").encode()


class Web:
    def __init__(self, state):
        self.state = state
        self.reset()

    def reset(self):
        self.pages = {}

    def add(self, fixture):
        """- Parameters: fixture: path, content (see above), basic ("user:password"), redirect ([status, location]), ranges, etag, headers."""
        page = dict(fixture)
        page["content"] = content(fixture)
        page.setdefault("etag", f'"{hashlib.md5(page["content"]).hexdigest()}"')
        page["modified"] = formatdate(self.state.now(), usegmt=True)
        self.pages[page["path"]] = page

    def has(self, request):
        return request.path in self.pages and request.method in ("GET", "HEAD")

    def handle(self, request):
        page = self.pages[request.path]
        if wanted := page.get("basic"):
            if request.header("authorization") != "Basic " + base64.b64encode(wanted.encode()).decode():
                return Response(401, b"authorization required\n", [("WWW-Authenticate", 'Basic realm="files"')])
        elif page.get("anonymous") and request.header("authorization"):
            return Response(400, b"no credentials are wanted here\n")
        if "redirect" in page:
            status, location = page["redirect"]
            return Response(status, b"", [("Location", location)])
        headers = [("ETag", page["etag"]), ("Last-Modified", page["modified"]), ("Content-Type", "application/octet-stream")]
        headers += [tuple(h) for h in page.get("headers", [])]
        if request.header("if-none-match") == page["etag"]:
            return Response(304, b"", headers)
        body = page["content"]
        if page.get("ranges", True):
            headers.append(("Accept-Ranges", "bytes"))
            found = re.fullmatch(r"bytes=(\d+)-(\d*)", request.header("range", ""))
            if found and request.header("if-range", page["etag"]) == page["etag"]:
                first, last = int(found[1]), min(int(found[2] or len(body) - 1), len(body) - 1)
                if first >= len(body):
                    return Response(416, b"", [("Content-Range", f"bytes */{len(body)}")])
                headers.append(("Content-Range", f"bytes {first}-{last}/{len(body)}"))
                return Response(206, body[first:last + 1], headers)
        return Response(200, body, headers)
