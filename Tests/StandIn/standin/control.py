"""The tests' own door: /_test/NAME, GET to look, POST to set. README.md lists it."""
import json

from .http import Response
from .state import Credential
from .web import content


class Control:
    def __init__(self, service):
        self.service = service

    def handle(self, request):
        name = request.path.removeprefix("/_test/").strip("/")
        method = getattr(self, f"{'get' if request.method == 'GET' else 'set'}_{name.replace('-', '_').replace('/', '_')}", None)
        try:
            if method is None:
                raise ValueError(f"there is no {request.method} /_test/{name}")
            result = method() if request.method == "GET" else method(json.loads(request.body or b"{}"))
            status = 200
        except (ValueError, KeyError, TypeError) as error:
            status, result = 400, {"error": f"{type(error).__name__}: {error}"}
        return Response(status, json.dumps({} if result is None else result).encode(), [("Content-Type", "application/json")])

    def apply(self, fixture):
        """A fixture file: one object, each key the name of a POST."""
        for name, value in fixture.items():
            getattr(self, f"set_{name.replace('-', '_')}")(value)

    # GET

    def get_log(self):
        with self.service.state.lock:
            return list(self.service.state.log)

    def get_counters(self):
        state = self.service.state
        with state.lock:
            return {"requests": dict(state.counts), "max_concurrent": {k: g.peak for k, g in state.gauges.items()},
                    "in_progress": {k: g.now for k, g in state.gauges.items() if g.now}, "faults": dict(self.service.faults.done)}

    def get_signals(self):
        return self.service.cloudformation.signals

    def get_wait_conditions(self):
        return self.service.waits.bodies

    def get_stacks(self):
        with self.service.state.lock:
            return [stack.summary() for stack in self.service.cloudformation.stacks.values()]

    def get_credentials(self):
        """The role's, as the metadata service would give them."""
        c = self.service.metadata.credentials()
        return {"accessKeyId": c.key, "secretAccessKey": c.secret, "token": c.token, "expires": c.expires}

    def get_records(self):
        """Of each hosted zone, in Route 53's order."""
        with self.service.state.lock:
            return self.service.route53.summary()

    def get_imds(self):
        return self.service.metadata.settings

    # POST

    def set_stacks(self, fixtures):
        with self.service.state.lock:
            stacks = [self.service.cloudformation.create(f) for f in listed(fixtures)]
            return [{"name": s.name, "id": s.id, "status": s.status} for s in stacks]

    def set_stacks_update(self, body):
        """{"name", "metadata": {resource: metadata}, "status"}: each but the name optional"""
        stack = self.service.cloudformation.find(body["name"], body.get("region"))
        if stack is None:
            raise ValueError(f"no stack {body['name']}")
        if "metadata" in body:
            stack.update(body["metadata"])
        stack.status = body.get("status", stack.status)

    def set_wait_conditions(self, body):
        """{"name", "base", "region", "lifetime"} → {"url"}"""
        return {"url": self.service.waits.create(**body)}

    def set_parameters(self, parameters):
        """[{"name", "value", "type", "region"}]; put twice: version 2"""
        for p in listed(parameters):
            known = {"Name": p["name"], "Value": p["value"], "Type": p.get("type", "String"), "Overwrite": True}
            self.service.moto.ask("ssm", "AmazonSSM.PutParameter", known, p.get("region", "us-east-1"))

    def set_secrets(self, secrets):
        """[{"name", "value" (a string, or anything else as JSON) | "binaryBase64", "region"}]; put twice: the first becomes AWSPREVIOUS"""
        answers = []
        for s in listed(secrets):
            value = s.get("value")
            content = {"SecretBinary": s["binaryBase64"]} if "binaryBase64" in s else {
                "SecretString": value if isinstance(value, str) else json.dumps(value)}
            ask = lambda action, body: self.service.moto.ask("secretsmanager", f"secretsmanager.{action}", body, s.get("region", "us-east-1"))
            try:
                answers.append(ask("PutSecretValue", {"SecretId": s["name"], **content}))
            except ValueError:
                answers.append(ask("CreateSecret", {"Name": s["name"], **content}))
        return [{"name": a["Name"], "arn": a["ARN"], "versionId": a["VersionId"]} for a in answers]

    def set_objects(self, objects):
        """[{"bucket", "key", "body" | "bodyBase64" | "size", "region", "versioned", "public"}]"""
        answers = []
        for o in listed(objects):
            version = self.service.s3.put(o["bucket"], o["key"], content(o), o.get("region", "us-east-1"), o.get("versioned", False))
            if o.get("public"):
                self.service.s3.public.add(o["bucket"])
            answers.append({"versionId": version})
        return answers

    def set_pages(self, pages):
        for page in listed(pages):
            self.service.web.add(page)

    def set_redirects(self, redirects):
        """{bucket: base URL}: 307 from everywhere else"""
        self.service.s3.redirects = redirects

    def set_hosts(self, hosts):
        """{"127.0.0.2": {"service": "s3", "region": "eu-west-1"}}"""
        self.service.hosts = hosts

    def set_tags(self, tags):
        """{instance id: {key: value}}"""
        self.service.identity.tags = tags

    def set_zones(self, zones):
        """[{"id", "name", "records": [{"name", "type", "ttl", "values"}]}]; one that is there is made anew"""
        with self.service.state.lock:
            for zone in listed(zones):
                self.service.route53.create(zone)

    def set_records(self, records):
        """[{"zone", "name", "type", "ttl", "values"}], as somebody else would put them"""
        with self.service.state.lock:
            for record in listed(records):
                self.service.route53.zones[record["zone"]].put(record)

    def set_route53(self, settings):
        """{"insync": seconds until a change is everywhere, "rate": requests a second, "busy": seconds that a change takes,
        "messages": whether a refused batch is told in the documented form}"""
        self.service.route53.settings = {"insync": 0.0, "rate": None} | settings

    def set_deny(self, rules):
        """[{"action": "secretsmanager:BatchGetSecretValue", "resource", "principal", "times"}]; [] allows everything again"""
        with self.service.state.lock:
            self.service.state.deny = listed(rules)

    def set_latency(self, latency):
        """{"ssm": 0.2, "ssm.GetParameters": 0.5, "*": 0.1} in seconds"""
        self.service.state.latency = latency

    def set_faults(self, settings):
        with self.service.state.lock:
            self.service.faults.set(settings)

    def set_imds(self, settings):
        self.service.metadata.set(settings)

    def set_batch_page(self, size):
        self.service.values.batch_page = size

    def set_clock(self, body):
        """{"offset": seconds that the server is ahead}"""
        self.service.state.clock_offset = float(body["offset"])

    def set_seed(self, seed):
        """Of the shuffling."""
        self.service.state.seed = seed
        self.service.state.random.seed(seed)

    def set_credentials(self, body):
        """{"rotate": true} new ones for the role, the old hold on; {"revoke": true} the old are refused at once as unknown; {"expire": true} they
        are refused as expired; {"add": {"key", "secret", "token", "lifetime"}}"""
        service = self.service
        old = service.metadata.current
        with service.state.lock:
            if body.get("expire") and old:
                old.expires = service.state.now() - 1
            if body.get("revoke") and old:
                service.state.credentials.pop(old.key, None)
            if "add" in body:
                a = body["add"]
                until = service.state.now() + a["lifetime"] if "lifetime" in a else None
                service.state.credentials[a["key"]] = Credential(a["key"], a["secret"], a.get("token"), until)
        if body.get("rotate"):
            service.metadata.credentials(rotate=True)

    def set_clear(self, _):
        """Forgets what was asked, keeps what there is."""
        state = self.service.state
        with state.lock:
            state.forget()
            self.service.faults.done.clear()

    def set_reset(self, _):
        self.service.reset()


def listed(value):
    return value if isinstance(value, list) else [value]
