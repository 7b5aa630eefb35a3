"""Route 53: hosted zones, their records, changes that take a while until they are everywhere."""
import re
import secrets
import time
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

from .errors import Refusal, request_id
from .http import Response
from .zones import TYPES, Unfit, Zone

NAMESPACE = "https://route53.amazonaws.com/doc/2013-04-01/"
PATH = re.compile(r"/2013-04-01/(?:hostedzone/(?P<zone>[^/]+)(?P<records>/rrset/?)?|change/(?P<change>[^/]+))$")
MOST_ITEMS = 300
# As the service's model has them; one out of order is refused.
MEMBERS = {"ResourceRecordSet": ("Name", "Type", "SetIdentifier", "Weight", "Region", "GeoLocation", "Failover", "MultiValueAnswer", "TTL",
                                 "ResourceRecords", "AliasTarget", "HealthCheckId", "TrafficPolicyInstanceId"),
           "Change": ("Action", "ResourceRecordSet"), "ChangeBatch": ("Comment", "Changes"), "ChangeResourceRecordSetsRequest": ("ChangeBatch",),
           "AliasTarget": ("HostedZoneId", "DNSName", "EvaluateTargetHealth"), "ResourceRecord": ("Value",), "Changes": ("Change",),
           "ResourceRecords": ("ResourceRecord",)}


def action(request):
    found = PATH.match(request.path)
    if not found:
        return ""
    if found["change"]:
        return "GetChange"
    if not found["records"]:
        return "GetHostedZone"
    return "ChangeResourceRecordSets" if request.method == "POST" else "ListResourceRecordSets"


class Route53:
    def __init__(self, state):
        self.state = state
        self.reset()

    def reset(self):
        self.zones, self.changes = {}, {}
        self.settings = {"insync": 0.0, "rate": None}
        self.times = []

    def create(self, fixture):
        zone = Zone(fixture["id"], fixture["name"])
        for record in fixture.get("records", []):
            zone.put(record)
        self.zones[zone.id] = zone

    def summary(self):
        return {zone.id: [{"name": n, "type": t, "ttl": zone.records[n, t][0], "values": zone.records[n, t][1]} for n, t in zone.listed()]
                for zone in self.zones.values()}

    def resources(self, request):
        found = PATH.match(request.path)
        return [found["zone"] or f"change/{found['change']}"] if found else []

    def handle(self, request, action):
        self.throttle()
        found = PATH.match(request.path)
        if found is None:
            raise Refusal("InvalidInput", f"there is nothing at {request.path}", 400)
        if action == "GetChange":
            return self.change(found["change"])
        zone = self.zones.get(found["zone"])
        if zone is None:
            raise Refusal("NoSuchHostedZone", f"No hosted zone found with ID: {found['zone']}", 404)
        if action == "ChangeResourceRecordSets":
            return self.change_records(zone, request)
        if action == "ListResourceRecordSets":
            return self.list_records(zone, request)
        return answer("GetHostedZoneResponse", f"<HostedZone><Id>/hostedzone/{zone.id}</Id><Name>{zone.name}</Name><CallerReference>x</CallerReference>"
                      f"<ResourceRecordSetCount>{len(zone.records)}</ResourceRecordSetCount></HostedZone>")

    def throttle(self):
        """`rate`: requests that the account may make in a second."""
        rate, now = self.settings["rate"], time.monotonic()
        with self.state.lock:
            self.times = [t for t in self.times if now - t < 1]
            if rate is not None and len(self.times) >= rate:
                raise Refusal("Throttling", "Rate exceeded", 400)
            self.times.append(now)

    def list_records(self, zone, request):
        name, kind = request.form.get("name"), request.form.get("type")
        if kind and not name:
            raise Refusal("InvalidInput", "StartRecordType was specified without StartRecordName", 400)
        most = min(MOST_ITEMS, int(request.form.get("maxitems") or MOST_ITEMS))
        with self.state.lock:
            keys, records = zone.listed(name, kind), zone.records
        page, rest = keys[:most], keys[most:]
        sets = "".join(record_set(key, *records[key]) for key in page)
        more = f"<NextRecordName>{escape(rest[0][0])}</NextRecordName><NextRecordType>{rest[0][1]}</NextRecordType>" if rest else ""
        return answer("ListResourceRecordSetsResponse", f"<ResourceRecordSets>{sets}</ResourceRecordSets><IsTruncated>{'true' if rest else 'false'}"
                      f"</IsTruncated>{more}<MaxItems>{most}</MaxItems>")

    def change_records(self, zone, request):
        changes = read_changes(request.body)
        with self.state.lock:
            if zone.busy:
                raise Refusal("PriorRequestNotComplete", "The request was rejected because Route 53 was still processing a prior request.", 400)
            zone.busy = True
        try:
            time.sleep(self.settings.get("busy", 0))
            with self.state.lock:
                self.carry_out(zone, changes)
                change = "C" + secrets.token_hex(10).upper()
                self.changes[change] = self.state.now()
        finally:
            zone.busy = False
        return self.change(change, "ChangeResourceRecordSetsResponse")

    def carry_out(self, zone, changes):
        """`messages`: a no in the form that the API reference has."""
        try:
            zone.changed(changes)
        except Unfit as unfit:
            raise Refusal("InvalidChangeBatch", f"[{', '.join(unfit.wrong)}]", 400, messages=unfit.wrong if self.settings.get("messages") else None) from None

    def change(self, change, name="GetChangeResponse"):
        if change not in self.changes:
            raise Refusal("NoSuchChange", f"Could not find resource with ID: {change}", 404)
        submitted = self.changes[change]
        status = "INSYNC" if name == "GetChangeResponse" and self.state.now() >= submitted + self.settings["insync"] else "PENDING"
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(submitted)) + ".000Z"
        return answer(name, f"<ChangeInfo><Id>/change/{change}</Id><Status>{status}</Status><SubmittedAt>{stamp}</SubmittedAt></ChangeInfo>")


def answer(name, inside):
    text = f'<?xml version="1.0"?>\n<{name} xmlns="{NAMESPACE}">{inside}</{name}>'
    return Response(200, text.encode(), [("Content-Type", "text/xml"), ("x-amzn-RequestId", request_id())])


def record_set(key, ttl, values, alias):
    inside = f"<Name>{escape(key[0])}</Name><Type>{key[1]}</Type>"
    if alias:
        inside += "<AliasTarget>" + "".join(f"<{k}>{escape(v)}</{k}>" for k, v in alias.items()) + "</AliasTarget>"
    else:
        records = "".join(f"<ResourceRecord><Value>{escape(v)}</Value></ResourceRecord>" for v in values)
        inside += f"<TTL>{ttl}</TTL><ResourceRecords>{records}</ResourceRecords>"
    return f"<ResourceRecordSet>{inside}</ResourceRecordSet>"


def read_changes(body):
    """- Raises: Refusal for anything but the schema's elements in the schema's order."""
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise Refusal("InvalidInput", f"Invalid XML ; {error}", 400) from None
    if root.tag != f"{{{NAMESPACE}}}ChangeResourceRecordSetsRequest":
        raise Refusal("MalformedInput", "ChangeBatch is not valid, expected ChangeResourceRecordSetsRequest", 400)
    check(root)
    found = []
    for change in root.iter(f"{{{NAMESPACE}}}Change"):
        record = one(change, "ResourceRecordSet")
        kind, verb = text(record, "Type"), text(change, "Action")
        if kind not in TYPES or verb not in ("CREATE", "DELETE", "UPSERT"):
            raise Refusal("InvalidInput", f"Invalid XML ; cvc-enumeration-valid: Value '{verb} {kind}' is not facet-valid", 400)
        target = record.find(f"{{{NAMESPACE}}}AliasTarget")
        alias = None if target is None else {child.tag.partition("}")[2]: child.text for child in target}
        values = [v.text or "" for v in record.iter(f"{{{NAMESPACE}}}Value")]
        ttl = record.findtext(f"{{{NAMESPACE}}}TTL")
        if alias is None and (ttl is None or not ttl.isdigit() or int(ttl) > 2147483647 or not values):
            raise Refusal("InvalidInput", "Invalid request: Missing field 'TTL' or 'ResourceRecords'", 400)
        found.append((verb, text(record, "Name"), kind, None if ttl is None else int(ttl), values, alias))
    if not found:
        raise Refusal("InvalidInput", "Invalid XML ; cvc-complex-type.2.4.b: The content of element 'Changes' is not complete.", 400)
    return found


def check(element):
    name = element.tag.partition("}")[2]
    if (element.tail or "").strip() or len(element) and (element.text or "").strip():
        raise Refusal("InvalidInput", "Invalid XML ; cvc-complex-type.2.3: text between elements", 400)
    if not len(element):
        return
    known, position = MEMBERS.get(name, ()), 0
    for child in element:
        inner = child.tag.partition("}")[2]
        if inner not in known[position:]:
            raise Refusal("InvalidInput", f"Invalid XML ; cvc-complex-type.2.4.a: Invalid content was found starting with element '{inner}'. "
                          f"One of '{{\"{NAMESPACE}\":{', '.join(known[position:])}}}' is expected.", 400)
        position = known.index(inner) + (0 if len(known) == 1 else 1)
        check(child)


def one(element, name):
    found = element.find(f"{{{NAMESPACE}}}{name}")
    if found is None:
        raise Refusal("InvalidInput", f"Invalid XML ; cvc-complex-type.2.4.b: {name} is missing", 400)
    return found


def text(element, name):
    return one(element, name).text or ""
