"""Instance metadata, version 2 only, and the container credentials beside it."""
import json
import secrets
import time

from .cloudformation import identity_signature
from .http import Response
from .identity import iso
from .state import ACCOUNT

PAGE = ('<?xml version="1.0" encoding="iso-8859-1"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"\n'
        '\t"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">\n <head>\n'
        "  <title>{0}</title>\n </head>\n <body>\n  <h1>{0}</h1>\n </body>\n</html>\n")
PHRASES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Not Allowed"}


def plain(text, headers=()):
    return Response(200, text.encode(), [("Content-Type", "text/plain"), ("Server", "EC2ws"), *headers])


def refused(status):
    return Response(status, PAGE.format(f"{status} - {PHRASES[status]}").encode(), [("Content-Type", "text/html"), ("Server", "EC2ws")])


class Metadata:
    def __init__(self, state, identity):
        self.state, self.identity = state, identity
        self.reset()

    def reset(self):
        self.settings = {
            "instanceId": "i-0123456789abcdef0", "region": "us-east-1", "availabilityZone": "us-east-1a", "role": "ec2role",
            "publicIPv4": "198.51.100.7", "ipv6": "2001:db8::10",  # None: it has none
            "roleDelay": 0,  # seconds from now on in which there is no role yet
            "lifetime": 6 * 3600,  # of the role's credentials
            "propagation": 0,  # seconds in which no service knows new credentials
            "tokenLifetime": None,  # seconds; whatever is asked for, a token lives no longer
            "tags": False,  # whether tags are in the metadata
            "disabled": False,
            "containerToken": "container-token",
        }
        self.since = time.monotonic()
        self.tokens = {}
        self.current = None

    def set(self, settings):
        unknown = set(settings) - set(self.settings)
        if unknown:
            raise ValueError(f"unknown settings {sorted(unknown)}; known are {sorted(self.settings)}")
        self.settings.update(settings)
        if {"roleDelay", "role"} & set(settings):
            self.since = time.monotonic()
        if {"role", "lifetime", "propagation"} & set(settings):
            self.current = None

    def credentials(self, rotate=False):
        """The role's; new ones when the old are close to their end, as long as the old ones still hold."""
        with self.state.lock:
            now, lifetime = self.state.now(), self.settings["lifetime"]
            if rotate or self.current is None or self.current.key not in self.state.credentials or self.current.expires - now < lifetime / 10:
                arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{self.settings['role']}/{self.settings['instanceId']}"
                self.current = self.state.issue(arn, lifetime, self.settings["propagation"])
            return self.current

    def tree(self):
        s = self.settings
        instance = s["instanceId"]
        tree = {
            "ami-id": "ami-0abcdef1234567890", "hostname": "ip-10-0-0-10.ec2.internal", "instance-id": instance, "instance-type": "t3.micro",
            "local-hostname": "ip-10-0-0-10.ec2.internal", "local-ipv4": "10.0.0.10", "mac": "02:00:00:00:00:01",
            "public-hostname": "ec2-198-51-100-7.compute-1.amazonaws.com",
            "placement": {"availability-zone": s["availabilityZone"], "region": s["region"]},
            "services": {"domain": "amazonaws.com", "partition": "aws"},
        }
        if s["publicIPv4"]:
            tree["public-ipv4"] = s["publicIPv4"]
        if s["ipv6"]:
            tree["ipv6"] = s["ipv6"]
        if s["tags"]:
            tree["tags"] = {"instance": dict(self.identity.tags.get(instance, {}))}
        if s["role"] and time.monotonic() - self.since >= s["roleDelay"]:
            tree["iam"] = {"security-credentials": {s["role"]: self.document}}
        return tree

    def document(self):
        c = self.credentials()
        return json.dumps({"Code": "Success", "LastUpdated": iso(c.issued), "Type": "AWS-HMAC", "AccessKeyId": c.key, "SecretAccessKey": c.secret,
                           "Token": c.token, "Expiration": iso(c.expires)}, indent=2)

    def identity_document(self):
        s = self.settings
        fields = {"accountId": ACCOUNT, "architecture": "x86_64", "availabilityZone": s["availabilityZone"], "billingProducts": None,
                  "devpayProductCodes": None, "marketplaceProductCodes": None, "imageId": "ami-0abcdef1234567890", "instanceId": s["instanceId"],
                  "instanceType": "t3.micro", "kernelId": None, "pendingTime": "2026-01-01T00:00:00Z", "privateIp": "10.0.0.10", "ramdiskId": None,
                  "region": s["region"], "version": "2017-09-30"}
        return json.dumps(fields, indent=2, separators=(",", " : "))

    def handle(self, request):
        """- Returns: (what was asked for, the answer)"""
        path = request.path
        if path.startswith("/v2/credentials"):
            return "container", self.container(request)
        if self.settings["disabled"]:
            return path, refused(403)
        if path == "/latest/api/token":
            return path, self.token(request)
        if request.method not in ("GET", "HEAD"):
            return path, refused(405)
        if request.header("x-forwarded-for") or request.header("via"):
            return path, refused(403)
        if self.tokens.get(request.header("x-aws-ec2-metadata-token", ""), 0) <= time.monotonic():
            return path, refused(401)
        return path, self.item(path)

    def token(self, request):
        if request.method != "PUT":
            return refused(405)
        if request.header("x-forwarded-for") or request.header("via"):
            return refused(403)
        wanted = request.header("x-aws-ec2-metadata-token-ttl-seconds", "")
        if not wanted.isdigit() or not 1 <= int(wanted) <= 21600:
            return refused(400)
        token = secrets.token_urlsafe(42)
        most = self.settings["tokenLifetime"]
        self.tokens[token] = time.monotonic() + (int(wanted) if most is None else min(most, int(wanted)))
        return plain(token, [("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", wanted)])

    def item(self, path):
        if path == "/latest/dynamic/instance-identity/document":
            return plain(self.identity_document())
        if path == "/latest/dynamic/instance-identity/signature":
            return plain(identity_signature(self.state.identity_key, self.identity_document().encode()) + "\n")
        parts = [p for p in path.split("/") if p]
        if parts[:2] != ["latest", "meta-data"]:
            return refused(404)
        node = self.tree()
        for part in parts[2:]:
            if not isinstance(node, dict) or part not in node:
                return refused(404)
            node = node[part]
        if isinstance(node, dict):
            return plain("\n".join(k + ("/" if isinstance(v, dict) else "") for k, v in node.items()))
        return plain(node() if callable(node) else node)

    def container(self, request):
        if request.header("authorization") != self.settings["containerToken"]:
            return Response(401, b'{"code":"AccessDenied","message":"Unable to find the credentials"}', [("Content-Type", "application/json")])
        c = self.credentials()
        body = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/{self.settings['role']}", "AccessKeyId": c.key, "SecretAccessKey": c.secret, "Token": c.token,
                "Expiration": iso(c.expires)}
        return Response(200, json.dumps(body).encode(), [("Content-Type", "application/json")])
