"""What the stand-in knows: its clock, who may sign, what was asked of it, what shall go wrong."""
import fnmatch
import hashlib
import random
import secrets
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass

ACCOUNT = "123456789012"


@dataclass
class Credential:
    key: str
    secret: str
    token: str = None
    expires: float = None  # by the server's clock; None: never
    arn: str = f"arn:aws:iam::{ACCOUNT}:user/tester"
    issued: float = 0
    known_from: float = 0  # a new key takes a while until every service knows it


@dataclass
class Entrance:
    """A request in progress, and where it counts."""
    names: tuple
    gauges: dict
    log: deque
    counts: Counter


class Gauge:
    """How many are inside at once, and the most that ever were."""

    def __init__(self):
        self.now = self.peak = 0


class State:
    def __init__(self, seed=1):
        self.lock = threading.RLock()
        self.reset(seed)

    def reset(self, seed=1):
        with self.lock:
            self.seed = seed
            self.random = random.Random(seed)
            self.clock_offset = 0.0
            self.credentials = {"AKIASTANDIN": Credential("AKIASTANDIN", "standin-secret")}
            self.forget()
            self.latency = {}  # service, or service.Action, or "*" → seconds
            self.deny = []
            self.identity_key = hashlib.sha256(b"standin identity").digest()

    def forget(self):
        """What was asked. A request that is still in progress counts among those from before."""
        with self.lock:
            self.log = deque(maxlen=20_000)
            self.counts = Counter()
            self.gauges = {}

    def now(self):
        return time.time() + self.clock_offset

    def issue(self, arn, lifetime, propagation=0):
        """New temporary credentials. propagation: seconds in which nobody knows them yet."""
        with self.lock:
            key = "ASIA" + secrets.token_hex(8).upper()
            credential = Credential(key, secrets.token_urlsafe(30), secrets.token_urlsafe(200), self.now() + lifetime, arn, self.now(), self.now() + propagation)
            self.credentials[key] = credential
            return credential

    def enter(self, names):
        """- Returns: what `leave` takes."""
        with self.lock:
            for name in names:
                gauge = self.gauges.setdefault(name, Gauge())
                gauge.now += 1
                gauge.peak = max(gauge.peak, gauge.now)
            return Entrance(names, self.gauges, self.log, self.counts)

    def leave(self, entrance, entry):
        with self.lock:
            entrance.log.append(entry)
            entrance.counts[entry["service"]] += 1
            if entry.get("action"):
                entrance.counts[f"{entry['service']}.{entry['action']}"] += 1
            for name in entrance.names:
                if name in entrance.gauges:
                    entrance.gauges[name].now -= 1

    def delay(self, service, action):
        for name in (f"{service}.{action}", service, "*"):
            if name in self.latency:
                return self.latency[name]
        return 0

    def denied(self, service, action, resource, arn):
        """- Returns: the first rule that forbids it. A rule: {"action": "ssm:GetParameters", "resource": "*/prod/*", "principal": "*", "times": 2};
        patterns as in a shell; times: how often it holds, for a permission that arrives late."""
        with self.lock:
            for rule in self.deny:
                if rule.get("times") == 0 or not fnmatch.fnmatchcase(f"{service}:{action}", rule.get("action", "*")):
                    continue
                if not any(fnmatch.fnmatchcase(r, rule.get("resource", "*")) for r in resource or [""]):
                    continue
                if not fnmatch.fnmatchcase(arn or "", rule.get("principal", "*")):
                    continue
                if "times" in rule:
                    rule["times"] -= 1
                return rule
        return None
