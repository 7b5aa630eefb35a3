"""One request from its arrival to its line in the log."""
import contextlib
import json
import time
import traceback

from . import routing, sigv4
from .cloudformation import CloudFormation
from .errors import Refusal, refusal, render
from .faults import INSTEAD, SPOILED, Faults
from .http import Response
from .identity import Identity
from .imds import Metadata
from .route53 import Route53
from .s3 import S3, without_body
from .state import State
from .values import Values, not_allowed
from .waitcondition import WaitConditions
from .web import Web


class Service:
    def __init__(self, moto, journal=None):
        self.state, self.moto, self.journal = State(), moto, journal
        self.cloudformation, self.waits, self.faults = CloudFormation(self.state), WaitConditions(self.state), Faults()
        self.values, self.s3, self.identity, self.web = Values(self.state, moto), S3(self.state, moto), Identity(self.state), Web(self.state)
        self.route53 = Route53(self.state)
        self.metadata = Metadata(self.state, self.identity)
        self.hosts = {}  # Host without port → {"service", "region"}, for addresses that aren't AWS names
        self.control = None

    def reset(self):
        self.state.reset(self.state.seed)
        for part in (self.cloudformation, self.waits, self.values, self.s3, self.identity, self.metadata, self.web, self.route53, self.moto):
            part.reset()
        self.faults.set({})
        self.hosts = {}

    # what the servers call

    @contextlib.contextmanager
    def aws(self, request):
        if request.path.startswith("/_test/"):
            yield self.control.handle(request)
            return
        route = self.route(request)
        with self.around(request, route.service, route.region, route.action) as entry:
            if entry["fault"] not in INSTEAD:
                entry["response"] = self.answer(request, route, entry)
            yield self.finished(request, route.service, entry)

    @contextlib.contextmanager
    def imds(self, request):
        with self.around(request, "imds", None, "token" if request.path.endswith("/api/token") else request.path) as entry:
            if entry["fault"] not in INSTEAD:
                entry["action"], entry["response"] = self.metadata.handle(request)
                entry["verdict"] = "ok" if entry["response"].status == 200 else str(entry["response"].status)
            yield self.finished(request, "imds", entry)

    # the parts of it

    def route(self, request):
        route = routing.route(request)
        known = self.hosts.get(request.host.rsplit(":", 1)[0].lower())
        if self.web.has(request):
            return routing.Route("web", None, request.method)
        if known:
            service = known["service"]
            return routing.Route(service, known.get("region"), routing.s3_action(request, None) if service == "s3" else routing.action(request))
        return route

    @contextlib.contextmanager
    def around(self, request, service, region, action):
        names = ("*", service, f"{service}.{action}")
        begun = time.monotonic()
        entrance = self.state.enter(names)
        with self.state.lock:
            fault = self.faults.choose(service, action)
        entry = {"time": self.state.now(), "service": service, "region": region, "action": action, "method": request.method, "host": request.host,
                 "target": request.target, "tls": request.tls, "who": None, "names": [], "verdict": None, "fault": fault,
                 "userAgent": request.header("user-agent")}
        try:
            time.sleep(self.state.delay(service, action))
            yield entry
        finally:
            response = entry.pop("response", None)
            entry["status"] = None if response is None else response.status
            entry["milliseconds"] = round((time.monotonic() - begun) * 1000, 1)
            with self.state.lock:
                if self.journal:
                    self.journal.write(json.dumps(entry) + "\n")
                    self.journal.flush()
                # Who looks at the counters waits until nothing is in progress.
                self.state.leave(entrance, entry)

    def finished(self, request, service, entry):
        fault = entry["fault"]
        if fault in INSTEAD:
            entry["response"] = self.faults.instead(fault, service, request, self.state.now())
            entry["verdict"] = f"fault {fault}"
        elif fault in SPOILED:
            entry["response"] = self.faults.spoil(fault, entry["response"])
        response = entry["response"]
        return without_body(response) if request.method == "HEAD" else response

    def answer(self, request, route, entry):
        try:
            response = self.dispatch(request, route, entry)
            entry["verdict"] = "ok" if response.status < 400 else str(response.status)
            return response
        except Refusal as error:
            entry["verdict"] = error.code
            return render(error, route.service, request)
        except Exception as error:  # a fault of ours, not of the one who asks: say so plainly, in the log and on the wire
            traceback.print_exc()
            entry["verdict"] = f"stand-in failed: {error!r}"
            return Response(500, entry["verdict"].encode(), [("Content-Type", "text/plain")])

    def dispatch(self, request, route, entry):
        service, action = route.service, route.action
        if service == "web":
            return self.web.handle(request)
        if service == "waitcondition":
            response = self.waits.handle(request)
            entry["who"] = "presigned"
            return response
        instance = credential = None
        if request.header("authorization", "").startswith("CFN_V1 "):
            if service != "cloudformation":
                raise refusal("incomplete", service, "Authorization header requires 'Credential' parameter.")
            instance = entry["who"] = self.cloudformation.identify(request, action)
            self.cloudformation.admit(instance, action, request.form.get("StackName"), route.region)
        else:
            credential = self.authenticate(request, route, entry)
        region = route.region or self.scope(request)[0] or "us-east-1"
        entry["region"] = region
        arn = credential.arn if credential else instance and f"arn:aws:ec2:{region}:instance/{instance}"
        entry["names"] = names = self.names(request, route)
        batch = (service, action) == ("secretsmanager", "BatchGetSecretValue")
        for name in [[""]] if batch else [[n] for n in names] or [[""]]:
            if self.state.denied(service, action, name, arn):
                raise refusal("denied", service, not_allowed(arn, service, action, name[0] or "*"))
        match service:
            case "cloudformation":
                return self.cloudformation.handle(request, action, region)
            case "ssm" | "secretsmanager":
                return self.values.handle(request, service, action, region, arn)
            case "s3":
                return self.s3.handle(request, route, arn)
            case "sts":
                return self.identity.sts(request, action, credential)
            case "ec2":
                return self.identity.ec2(request, action)
            case "route53":
                return self.route53.handle(request, action)
        return self.moto.answer(service, request, request.host if route.by_address else f"{service}.{region}.amazonaws.com")

    def scope(self, request):
        found = routing.SCOPE.search(request.header("authorization", ""))
        return (found[1], found[2]) if found else (None, None)

    def authenticate(self, request, route, entry):
        service = route.service
        if service == "s3":
            if error := self.s3.misplaced(request, route, self.scope(request)[0]):
                raise error
            if request.header("authorization") is None:
                if "X-Amz-Signature=" in request.query:
                    credential = sigv4.verify_query(request, "s3", self.state.credentials, self.state.now())
                    entry["who"] = credential.key
                    return credential
                if self.s3.readable(request, route):
                    entry["who"] = "anonymous"
                    return None
        # A bucket's region is checked above; elsewhere the address says which one is right.
        expected = None if service == "s3" else route.region
        # Global ones take one region's signature, wherever they are asked.
        if service == "route53" or route.by_address and service == "sts" and not route.region:
            expected = "us-east-1"
        credential = sigv4.verify(request, service, expected, self.state.credentials, self.state.now())
        entry["who"] = credential.key
        return credential

    def names(self, request, route):
        match route.service:
            case "cloudformation":
                return [n for n in (request.form.get("StackName"),) if n]
            case "ssm" | "secretsmanager":
                return self.values.resources(request)
            case "s3":
                return self.s3.resources(request, route)
            case "route53":
                return self.route53.resources(request)
        return []
