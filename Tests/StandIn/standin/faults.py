"""What goes wrong on the way, in a share of all answers, the same for the same seed and order."""
import random

from .errors import refusal, render
from .http import Response

# The request does no work.
BEFORE = ("throttle", "500", "502", "503", "reset", "expired", "clock", "portal")
# The work is done; the answer doesn't arrive, or not whole, or slowly.
AFTER = ("lost", "reset-body", "truncate", "dribble")
KINDS = BEFORE + AFTER
# Silence until the client gives up: before the answer, or in the middle of it. Only where a test asks for it, since it takes the client's patience.
STALLS = ("stall", "stall-body")
INSTEAD, SPOILED = BEFORE + STALLS[:1], AFTER + STALLS[1:]

PORTAL = b"<!DOCTYPE html>\n<html><head><title>Sign in to the network</title></head><body><form action=\"/login\">Please log in.</form></body></html>\n"
BALANCER = "<html>\n<head><title>{0}</title></head>\n<body>\n<center><h1>{0}</h1></center>\n</body>\n</html>\n"


class Faults:
    def __init__(self):
        self.set({})

    def set(self, settings):
        """- Parameters: settings: share (0…1), seed, kinds, services and actions (default all), times (how many at most)."""
        unknown = set(settings.get("kinds", [])) - set(KINDS + STALLS)
        if unknown:
            raise ValueError(f"unknown faults {sorted(unknown)}; known are {list(KINDS + STALLS)}")
        self.share = settings.get("share", 1.0 if settings else 0.0)
        self.kinds = settings.get("kinds") or list(KINDS)
        self.services, self.actions = settings.get("services"), settings.get("actions")
        self.left = settings.get("times")
        self.random = random.Random(settings.get("seed", 1))
        self.done = {}

    def choose(self, service, action):
        if self.services and service not in self.services or self.actions and action not in self.actions:
            return None
        if self.left == 0 or self.random.random() >= self.share:
            return None
        kind = self.random.choice(self.kinds)
        # Neither speaks of keys.
        if service in ("imds", "web") and kind in ("throttle", "expired", "clock"):
            kind = "503"
        if self.left is not None:
            self.left -= 1
        self.done[kind] = self.done.get(kind, 0) + 1
        return kind

    def instead(self, kind, service, request, now):
        """The answer in place of the service's own."""
        if kind in ("reset", "stall"):
            return Response(delivery=kind)
        if kind == "portal":
            return Response(200, PORTAL, [("Content-Type", "text/html")])
        if kind == "502":
            return Response(502, BALANCER.format("502 Bad Gateway").encode(), [("Content-Type", "text/html")])
        if service == "imds":
            status = {"500": 500}.get(kind, 503)
            return Response(status, b"", [("Server", "EC2ws")])
        service = "s3" if service == "waitcondition" else service
        if kind == "clock":
            error = refusal("skew", service, "Signature expired: 20150830T123600Z is now earlier than 20150830T125000Z (20150830T125500Z - 5 min.)")
        else:
            error = refusal({"throttle": "throttled", "500": "internal", "503": "unavailable", "expired": "expired-token"}[kind], service)
        return render(error, service, request)

    def spoil(self, kind, response):
        """The service's own answer, on a bad way. One without a body can only be lost."""
        response.delivery = "reset" if kind == "lost" or not response.body and kind != "dribble" else kind
        return response
