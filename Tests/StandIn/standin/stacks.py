"""Stacks with their resources, creation policies and signals. A fixture gives the template; nothing is really created."""
import re
import time
import uuid

from .errors import Refusal
from .state import ACCOUNT

SIGNALABLE = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS")
PHYSICAL = {"AWS::EC2::Instance": "i-0123456789abcdef0"}


def validation(message):
    return Refusal("ValidationError", message, 400)


def seconds(duration):
    """ISO 8601 as creation policies have it: PT1H30M15S."""
    found = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?", duration)
    if not found:
        raise ValueError(f"not a duration: {duration}")
    hours, minutes, secs = (int(x or 0) for x in found.groups())
    return hours * 3600 + minutes * 60 + secs


class Resource:
    def __init__(self, name, body, stack):
        self.name, self.stack = name, stack
        self.type = body.get("Type", "AWS::EC2::Instance")
        self.physical = body.get("PhysicalResourceId") or PHYSICAL.get(self.type) or f"{stack.name}-{name}-{uuid.uuid4().hex[:12].upper()}"
        self.metadata = body.get("Metadata")
        self.updated = stack.now()
        self.signals = {}  # unique id → status
        policy = (body.get("CreationPolicy") or {}).get("ResourceSignal")
        self.count = int(policy.get("Count", 1)) if policy is not None else 0
        self.deadline = time.monotonic() + seconds(policy.get("Timeout", "PT5M")) if policy is not None else None
        self.status = "CREATE_IN_PROGRESS" if self.count else "CREATE_COMPLETE"
        self.reason = None


class Stack:
    """on_failure: DO_NOTHING (→ CREATE_FAILED) or ROLLBACK (→ ROLLBACK_IN_PROGRESS)."""

    def __init__(self, fixture, now, region):
        self.name, self.now = fixture["name"], now
        self.region = fixture.get("region", region)
        self.id = fixture.get("id") or f"arn:aws:cloudformation:{self.region}:{ACCOUNT}:stack/{self.name}/{uuid.uuid4()}"
        self.instances = set(fixture.get("instances", []))
        self.parameters = fixture.get("parameters", {})
        self.on_failure = fixture.get("onFailure", "DO_NOTHING")
        self.hold = fixture.get("hold", False)  # stays in progress, as when other resources are still at work
        self.created = now()
        self.events = []
        template = fixture.get("template", fixture)
        self.defaults = {k: v.get("Default", "") for k, v in template.get("Parameters", {}).items()}
        self.resources = {}
        for name, body in template.get("Resources", template.get("resources", {})).items():
            self.resources[name] = Resource(name, body, self)
        self.status = fixture.get("status", "CREATE_IN_PROGRESS")
        for resource in self.resources.values():
            resource.metadata = self.resolve(resource.metadata)
        self.event(None, "CREATE_IN_PROGRESS", "User Initiated")
        self.settle()

    def event(self, resource, status, reason=None):
        self.events.append({"LogicalResourceId": resource.name if resource else self.name, "ResourceStatus": status, "ResourceStatusReason": reason,
                            "Timestamp": self.now(), "ResourceType": resource.type if resource else "AWS::CloudFormation::Stack",
                            "PhysicalResourceId": resource.physical if resource else self.id})

    def resolve(self, node):
        """What the real service puts in place of the intrinsic functions most templates use."""
        if isinstance(node, list):
            return [self.resolve(x) for x in node]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (name, value), = node.items()
            if name == "Ref":
                return self.value(value)
            if name == "Fn::Sub":
                text, names = value if isinstance(value, list) else (value, {})
                names = {k: self.resolve(v) for k, v in names.items()}
                text = re.sub(r"\$\{([^!}][^}]*)\}", lambda m: str(names[m[1]] if m[1] in names else self.value(m[1])), text)
                return text.replace("${!", "${")
            if name == "Fn::Join":
                return value[0].join(str(self.resolve(x)) for x in self.resolve(value[1]))
            if name == "Fn::GetAtt":
                return self.value(".".join(value) if isinstance(value, list) else value)
        return {k: self.resolve(v) for k, v in node.items()}

    def value(self, name):
        pseudo = {"AWS::StackName": self.name, "AWS::Region": self.region, "AWS::AccountId": ACCOUNT, "AWS::StackId": self.id,
                  "AWS::URLSuffix": "amazonaws.com", "AWS::Partition": "aws"}
        for known in (pseudo, self.parameters, self.defaults):
            if name in known:
                return known[name]
        resource, _, attribute = name.partition(".")
        if resource not in self.resources:
            raise validation(f"Template format error: Unresolved resource dependencies [{name}] in the Resources block of the template")
        return f"{self.resources[resource].physical}.{attribute}" if attribute else self.resources[resource].physical

    def settle(self):
        """Time and signals do their work."""
        for resource in self.resources.values():
            if resource.status == "CREATE_IN_PROGRESS" and "FAILURE" in resource.signals.values():
                unique = next(k for k, v in resource.signals.items() if v == "FAILURE")
                self.fail(resource, f"Received FAILURE signal with UniqueId {unique}")
            elif resource.status == "CREATE_IN_PROGRESS" and len(resource.signals) >= resource.count:
                resource.status, resource.updated = "CREATE_COMPLETE", self.now()
                self.event(resource, resource.status)
            elif resource.status == "CREATE_IN_PROGRESS" and time.monotonic() > resource.deadline:
                self.fail(resource, f"Failed to receive {resource.count - len(resource.signals)} resource signal(s) within the specified duration")
        done = all(r.status == "CREATE_COMPLETE" for r in self.resources.values())
        if self.status == "CREATE_IN_PROGRESS" and done and not self.hold:
            self.status = "CREATE_COMPLETE"
            self.event(None, self.status)

    def fail(self, resource, reason):
        resource.status, resource.reason, resource.updated = "CREATE_FAILED", reason, self.now()
        self.event(resource, resource.status, reason)
        if self.status == "CREATE_IN_PROGRESS":
            self.status = "ROLLBACK_IN_PROGRESS" if self.on_failure == "ROLLBACK" else "CREATE_FAILED"
            self.event(None, self.status, f"The following resource(s) failed to create: [{resource.name}]. ")

    def signal(self, logical, unique, status):
        """The texts: awslabs and AWS sample repositories' issues, see README.md."""
        self.settle()
        if self.status not in SIGNALABLE:
            raise validation(f"Stack {self.id} is in {self.status} state and cannot be signaled")
        if logical not in self.resources:
            raise validation(f"Resource {logical} does not exist for stack {self.name}")
        resource = self.resources[logical]
        if resource.status not in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"):
            raise validation(f"Resource {logical} is in {resource.status} state and cannot be signaled")
        if unique in resource.signals and status != "FAILURE":
            raise validation(f"Signal with ID {unique} for resource {logical} already exists. Signals may only be updated with a FAILURE status.")
        resource.signals[unique] = status
        self.event(resource, "CREATE_IN_PROGRESS", f"Received {status} signal with UniqueId {unique}")
        self.settle()

    def update(self, metadata):
        """New metadata, resource by resource, as a stack update brings it."""
        for name, body in metadata.items():
            self.resources[name].metadata, self.resources[name].updated = self.resolve(body), self.now()
        self.status = "UPDATE_COMPLETE"

    def summary(self):
        self.settle()
        return {"name": self.name, "id": self.id, "region": self.region, "status": self.status, "events": self.events,
                "resources": {n: {"type": r.type, "physicalId": r.physical, "status": r.status, "reason": r.reason, "signals": r.signals}
                              for n, r in self.resources.items()}}
