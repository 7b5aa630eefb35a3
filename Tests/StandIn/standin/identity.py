"""STS and the tags of EC2: who asks, and which stack its instance belongs to."""
import fnmatch
from datetime import datetime, timezone
from xml.sax.saxutils import escape

from .errors import NAMESPACES, Refusal, request_id
from .http import Response
from .state import ACCOUNT


def iso(moment):
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def xml_response(body):
    return Response(200, body.encode(), [("Content-Type", "text/xml;charset=UTF-8")])


class Identity:
    def __init__(self, state):
        self.state = state
        self.reset()

    def reset(self):
        self.tags = {}  # instance id → {key: value}

    def sts(self, request, action, credential):
        if action == "GetCallerIdentity":
            result = f"<Arn>{escape(credential.arn)}</Arn><UserId>{credential.key}</UserId><Account>{ACCOUNT}</Account>"
        elif action == "AssumeRole":
            role, session = request.form.get("RoleArn", ""), request.form.get("RoleSessionName", "")
            lifetime = int(request.form.get("DurationSeconds", 3600))
            if not 900 <= lifetime <= 43200:
                raise Refusal("ValidationError", f"1 validation error detected: Value '{lifetime}' at 'durationSeconds' failed to satisfy constraint: "
                              "Member must have value between 900 and 43200", 400)
            arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.rpartition('/')[2]}/{session}"
            new = self.state.issue(arn, lifetime)
            result = (f"<Credentials><AccessKeyId>{new.key}</AccessKeyId><SecretAccessKey>{new.secret}</SecretAccessKey><SessionToken>{new.token}</SessionToken>"
                      f"<Expiration>{iso(new.expires)}</Expiration></Credentials><AssumedRoleUser><Arn>{escape(arn)}</Arn>"
                      f"<AssumedRoleId>AROASTANDIN:{escape(session)}</AssumedRoleId></AssumedRoleUser>")
        else:
            raise Refusal("InvalidAction", f"Could not find operation {action} for version {request.form.get('Version', '')}", 400)
        return xml_response(f'<{action}Response xmlns="{NAMESPACES["sts"]}"><{action}Result>{result}</{action}Result>'
                            f"<ResponseMetadata><RequestId>{request_id()}</RequestId></ResponseMetadata></{action}Response>")

    def ec2(self, request, action):
        if action != "DescribeTags":
            raise Refusal("InvalidAction", f"The action {action} is not valid for this web service.", 400)
        form, filters, i = request.form, [], 1
        while f"Filter.{i}.Name" in form:
            values = [v for k, v in form.items() if k.startswith(f"Filter.{i}.Value.")]
            filters.append((form[f"Filter.{i}.Name"], values))
            i += 1
        items = []
        for instance, tags in self.tags.items():
            for key, value in tags.items():
                facts = {"resource-id": instance, "resource-type": "instance", "key": key, "value": value, f"tag:{key}": value}
                if all(any(fnmatch.fnmatchcase(facts.get(name, ""), v) for v in values) for name, values in filters):
                    items.append((instance, key, value))
        size, start = int(form.get("MaxResults", 1000)), int(form.get("NextToken") or 0)
        body = "".join(f"<item><resourceId>{r}</resourceId><resourceType>instance</resourceType><key>{escape(k)}</key><value>{escape(v)}</value></item>"
                       for r, k, v in items[start:start + size])
        more = f"<nextToken>{start + size}</nextToken>" if start + size < len(items) else ""
        return xml_response('<?xml version="1.0" encoding="UTF-8"?>\n<DescribeTagsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
                            f"<requestId>{request_id()}</requestId><tagSet>{body}</tagSet>{more}</DescribeTagsResponse>")
