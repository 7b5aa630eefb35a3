"""Hosted zones: what may stand in them, and in which order it is listed. route53.py speaks for them."""
import ipaddress
import re

TYPES = ("A", "AAAA", "CAA", "CNAME", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV", "TXT")
MOST_RECORDS, MOST_CHARACTERS = 1000, 32_000


def normalized(name):
    """Lower case, a dot at its end, all but letters, digits, hyphen and underscore as an octal escape."""
    def octal(found):
        return chr(int(found[1], 8))

    plain = re.sub(r"\\([0-7]{3})", octal, name).lower().rstrip(".")
    return "".join(c if re.match(r"[a-z0-9._-]", c) else f"\\{ord(c):03o}" for c in plain) + "."


def order(key):
    """Labels reversed, with a dot at the end; then the type."""
    return ".".join(reversed(key[0].rstrip(".").split("."))) + ".", key[1]


class Unfit(Exception):
    """Changes of which nothing is done."""

    def __init__(self, wrong):
        super().__init__(wrong)
        self.wrong = wrong


class Zone:
    def __init__(self, zone_id, name):
        self.id, self.name = zone_id, normalized(name)
        self.records = {  # (name, type) → (TTL, values, alias or None)
            (self.name, "NS"): (172800, ["ns-1.awsdns-01.org."], None),
            (self.name, "SOA"): (900, ["ns-1.awsdns-01.org. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"], None),
        }
        self.busy = False

    def put(self, fixture):
        key = normalized(fixture["name"]), fixture["type"]
        self.records[key] = (fixture.get("ttl", 300), list(fixture.get("values", [])), fixture.get("alias"))

    def listed(self, name=None, kind=None):
        """- Returns: keys in their order, from that name and type on."""
        start = order((normalized(name), kind or "")) if name else ("", "")
        return [key for key in sorted(self.records, key=order) if order(key) >= start]

    def changed(self, changes):
        """All or nothing.

        - Parameters: changes: (action, name, type, TTL, values, alias).
        - Raises: Unfit with everything that is wrong."""
        if sum(weight(c) * len(c[4]) for c in changes) > MOST_RECORDS:
            raise Unfit([f"Number of records limit of {MOST_RECORDS} exceeded."])
        if sum(weight(c) * sum(map(len, c[4])) for c in changes) > MOST_CHARACTERS:
            raise Unfit([f"Number of characters limit of {MOST_CHARACTERS} exceeded."])
        records, wrong = dict(self.records), []
        for action, name, kind, ttl, values, alias in changes:
            key = normalized(name), kind
            shown = f"[name='{key[0]}', type='{kind}']"
            if action == "DELETE":
                there = records.get(key)
                if there is None:
                    wrong.append(f"Tried to delete resource record set {shown} but it was not found")
                elif there[0] != ttl or sorted(there[1]) != sorted(values) or there[2] != alias:
                    wrong.append(f"Tried to delete resource record set {shown} but the values provided do not match the current values")
                else:
                    del records[key]
                continue
            if action == "CREATE" and key in records:
                wrong.append(f"Tried to create resource record set {shown} but it already exists")
                continue
            wrong += self.mistakes(key, values, records)
            records[key] = (ttl, values, alias)
        if wrong:
            raise Unfit(wrong)
        self.records = records

    def mistakes(self, key, values, records):
        name, kind = key
        if name != self.name and not name.endswith("." + self.name):
            yield f"RRSet with DNS name {name} is not permitted in zone {self.name}"
        others = {k for n, k in records if n == name} - {kind}
        if kind == "CNAME" and others:
            yield f"RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other records with the same DNS name in zone {self.name}"
        if kind != "CNAME" and "CNAME" in others:
            yield (f"RRSet of type {kind} with DNS name {name} is not permitted because a conflicting RRSet of type CNAME with the same DNS name "
                   f"already exists in zone {self.name}")
        if len(set(values)) < len(values):
            yield f"Duplicate Resource Record: '{values[0]}'"
        if len(values) > 400 or kind == "CNAME" and len(values) > 1:
            yield f"RRSet with DNS name {name} and type {kind} has too many values"
        for value in values:
            if why := unfit(kind, value):
                yield f"Invalid Resource Record: 'FATAL problem: {why} encountered with '{value}''"


def weight(change):
    return 2 if change[0] == "UPSERT" else 1


def unfit(kind, value):
    """- Returns: why a value can't be one of a record of that type."""
    if kind in ("A", "AAAA"):
        try:
            right = ipaddress.ip_address(value).version == (4 if kind == "A" else 6)
        except ValueError:
            right = False
        version = "4" if kind == "A" else "6"
        return None if right else f"{kind}RRDATAIllegalIPv{version}Address (Value is not a valid IPv{version} address)"
    if kind == "TXT":
        if not re.fullmatch(r'"(?:[^"\\]|\\.)*"(?: +"(?:[^"\\]|\\.)*")*', value):
            return "InvalidCharacterString (Value should be enclosed in quotation marks)"
        if any(len(re.sub(r"\\([0-7]{3}|.)", "x", s)) > 255 for s in re.findall(r'"((?:[^"\\]|\\.)*)"', value)):
            return "CharacterStringTooLong (Value is too long)"
    words = {"MX": r"\d+ \S+", "SRV": r"\d+ \d+ \d+ \S+", "CAA": r'\d+ [a-z]+ ".*"', "CNAME": r"\S+", "NS": r"\S+"}.get(kind)
    return None if words is None or re.fullmatch(words, value) else f"{kind}RRDATA (Value has the wrong form)"
