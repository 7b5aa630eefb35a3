"""CloudFormation's query API: what an instance asks of it."""
import base64
import binascii
import hashlib
import hmac
import json
from datetime import datetime, timezone
from xml.sax.saxutils import escape

from .errors import NAMESPACES, Refusal, refusal, request_id
from .http import Response
from .stacks import Stack, validation

CFN_V1_ACTIONS = ("DescribeStackResource", "SignalResource")


def identity_signature(key, document):
    """128 bytes in lines of base64, as the metadata service gives them. The real one is RSA; ours is keyed, which only we can check."""
    raw = b"".join(hmac.new(key, bytes([i]) + document, hashlib.sha256).digest() for i in range(4))
    text = base64.b64encode(raw).decode()
    return "\n".join(text[i:i + 64] for i in range(0, len(text), 64))


def stringified(node, random):
    """Every scalar a string, every map shuffled: what the real service may do to metadata."""
    if isinstance(node, dict):
        items = [(k, stringified(v, random)) for k, v in node.items()]
        random.shuffle(items)
        return dict(items)
    if isinstance(node, list):
        return [stringified(x, random) for x in node]
    if isinstance(node, bool):
        return "true" if node else "false"
    return node if node is None or isinstance(node, str) else json.dumps(node)


class CloudFormation:
    def __init__(self, state):
        self.state = state
        self.reset()

    def reset(self):
        self.stacks = {}
        self.signals = []  # every SignalResource that was understood, accepted or not

    def create(self, fixture, region="us-east-1"):
        stack = Stack(fixture, self.state.now, region)
        self.stacks[stack.region, stack.name] = stack
        return stack

    def find(self, name, region):
        for stack in self.stacks.values():
            if (region is None or stack.region == region) and name in (stack.name, stack.id):
                stack.settle()
                return stack
        return None

    # CFN_V1

    def identify(self, request, action):
        """The instance that shows its identity document. - Raises: Refusal."""
        document, _, given = request.header("authorization")[len("CFN_V1 "):].partition(":")
        try:
            text = base64.b64decode(document, validate=True)
            fields = json.loads(text)
        except (binascii.Error, ValueError):
            raise refusal("incomplete", "cloudformation", "Invalid identity document") from None
        expected = identity_signature(self.state.identity_key, text).replace("\n", "")
        if not hmac.compare_digest(expected, given):
            raise refusal("mismatch", "cloudformation", "Invalid identity document signature")
        if action not in CFN_V1_ACTIONS:
            raise refusal("denied", "cloudformation", f"Instance {fields['instanceId']} is not allowed to call {action}")
        return fields["instanceId"]

    def admit(self, instance, action, name, region):
        """An instance may only speak to the stack that it belongs to."""
        stack = self.find(name, region)
        if stack and (instance in stack.instances or any(r.physical == instance for r in stack.resources.values())):
            return
        raise refusal("denied", "cloudformation", f"Instance {instance} is not allowed to call {action} for {name}")

    # actions

    def handle(self, request, action, region):
        parameters = request.form
        method = {"DescribeStackResource": self.describe_resource, "SignalResource": self.signal, "DescribeStacks": self.describe_stacks,
                  "DescribeStackEvents": self.describe_events, "CreateStack": self.create_stack}.get(action)
        if method is None:
            version = parameters.get("Version", "")
            raise Refusal("InvalidAction", f"Could not find operation {action} for version {version}", 400)
        with self.state.lock:
            result = method(parameters, region)
        return self.answer(action, result, parameters.get("ContentType") == "JSON")

    def needed(self, parameters, *names):
        missing = [n for n in names if not parameters.get(n)]
        if missing:
            texts = [f"Value null at '{n[0].lower() + n[1:]}' failed to satisfy constraint: Member must not be null" for n in missing]
            count = f"{len(missing)} validation error{'s' * (len(missing) > 1)} detected"
            raise validation(f"{count}: {'; '.join(texts)}")
        return [parameters[n] for n in names]

    def describe_resource(self, parameters, region):
        name, logical = self.needed(parameters, "StackName", "LogicalResourceId")
        stack = self.find(name, region)
        if stack is None:
            raise validation(f"Stack '{name}' does not exist")
        if logical not in stack.resources:
            raise validation(f"Resource {logical} does not exist for stack {name}")
        r = stack.resources[logical]
        detail = {"StackId": stack.id, "StackName": stack.name, "LogicalResourceId": r.name, "PhysicalResourceId": r.physical, "ResourceType": r.type,
                  "ResourceStatus": r.status, "ResourceStatusReason": r.reason, "LastUpdatedTimestamp": r.updated, "Description": None,
                  "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED", "LastCheckTimestamp": None}, "ModuleInfo": None, "Metadata": None}
        if r.metadata is not None:
            detail["Metadata"] = json.dumps(stringified(r.metadata, self.state.random), ensure_ascii=False)
        return {"StackResourceDetail": detail}

    def signal(self, parameters, region):
        name, logical, unique, status = self.needed(parameters, "StackName", "LogicalResourceId", "UniqueId", "Status")
        entry = {"stack": name, "resource": logical, "uniqueId": unique, "status": status, "time": self.state.now(), "accepted": False, "error": None}
        self.signals.append(entry)
        try:
            if status not in ("SUCCESS", "FAILURE"):
                raise validation(f"1 validation error detected: Value '{status}' at 'status' failed to satisfy constraint: "
                                 "Member must satisfy enum value set: [SUCCESS, FAILURE]")
            if len(unique) > 64:
                raise validation(f"1 validation error detected: Value '{unique}' at 'uniqueId' failed to satisfy constraint: "
                                 "Member must have length less than or equal to 64")
            stack = self.find(name, region)
            if stack is None:
                raise validation(f"Stack '{name}' does not exist")
            stack.signal(logical, unique, status)
        except Refusal as error:
            entry["error"] = error.message
            raise
        entry["accepted"] = True
        return None

    def describe_stacks(self, parameters, region):
        name = parameters.get("StackName")
        stack = self.find(name, region) if name else None
        if name and stack is None:
            raise validation(f"Stack with id {name} does not exist")
        chosen = [stack] if stack else [s for s in self.stacks.values() if s.region == region]
        return {"Stacks": [{"StackId": s.id, "StackName": s.name, "CreationTime": s.created, "StackStatus": s.status} for s in chosen]}

    def describe_events(self, parameters, region):
        stack = self.find(parameters.get("StackName"), region)
        if stack is None:
            raise validation(f"Stack [{parameters.get('StackName')}] does not exist")
        return {"StackEvents": [{"StackId": stack.id, "StackName": stack.name, "EventId": str(i), **e} for i, e in reversed(list(enumerate(stack.events)))]}

    def create_stack(self, parameters, region):
        name, body = self.needed(parameters, "StackName", "TemplateBody")
        if self.find(name, region):
            raise Refusal("AlreadyExistsException", f"Stack [{name}] already exists", 400)
        values, i = {}, 1
        while f"Parameters.member.{i}.ParameterKey" in parameters:
            values[parameters[f"Parameters.member.{i}.ParameterKey"]] = parameters.get(f"Parameters.member.{i}.ParameterValue", "")
            i += 1
        fixture = {"name": name, "template": json.loads(body), "parameters": values, "onFailure": parameters.get("OnFailure", "ROLLBACK")}
        return {"StackId": self.create(fixture, region or "us-east-1").id}

    def answer(self, action, result, as_json):
        rid = request_id()
        headers = [("x-amzn-RequestId", rid)]
        if as_json:
            body = {f"{action}Response": {"ResponseMetadata": {"RequestId": rid}}}
            if result is not None:
                body[f"{action}Response"][f"{action}Result"] = result
            return Response(200, json.dumps(body).encode(), [("Content-Type", "application/json")] + headers)
        inner = "" if result is None else f"<{action}Result>{xml(result)}</{action}Result>"
        body = (f'<{action}Response xmlns="{NAMESPACES["cloudformation"]}">{inner}'
                f"<ResponseMetadata><RequestId>{rid}</RequestId></ResponseMetadata></{action}Response>")
        return Response(200, body.encode(), [("Content-Type", "text/xml")] + headers)


def xml(node, name=""):
    if isinstance(node, dict):
        return "".join(f"<{k}>{xml(v, k)}</{k}>" for k, v in node.items() if v is not None)
    if isinstance(node, list):
        return "".join(f"<member>{xml(x)}</member>" for x in node)
    if name.endswith(("Timestamp", "Time")):
        return datetime.fromtimestamp(node, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    return escape(str(node))
