"""Which service, region and action a request means: from its Host, else from the credential's scope."""
import re
from dataclasses import dataclass

from . import route53

SUFFIX = r"(?P<suffix>amazonaws\.com(?:\.cn)?|api\.aws|c2s\.ic\.gov|sc2s\.sgov\.gov)"
REGION = r"(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)"
S3_HOST = re.compile(rf"^(?:(?P<bucket>.+)\.)?s3(?:[.-](?P<dualstack>dualstack)?\.?{REGION})?\.{SUFFIX}$")
SERVICE_HOST = re.compile(rf"^(?P<service>[a-z0-9-]+?)(?:-fips)?(?:\.{REGION})?\.{SUFFIX}$")
TARGETS = {"AmazonSSM": "ssm", "secretsmanager": "secretsmanager", "TrentService": "kms"}
SCOPE = re.compile(r"Credential=[^/]+/\d*/([^/]*)/([^/]*)/")


@dataclass
class Route:
    service: str
    region: str = None  # as the address says; None where it doesn't
    action: str = ""
    bucket: str = None  # from a virtual-host address
    by_address: bool = False
    suffix: str = None


def route(request):
    host = request.host.lower()
    host = host if host.startswith("[") else host.rsplit(":", 1)[0] if ":" in host else host
    found = S3_HOST.match(host)
    if found and (found["bucket"] or "").startswith("cloudformation-waitcondition-"):
        return Route("waitcondition", found["region"], "Put", by_address=True)
    if found:
        return Route("s3", found["region"], s3_action(request, found["bucket"]), found["bucket"], True, found["suffix"])
    found = SERVICE_HOST.match(host)
    if found:
        return Route(found["service"], found["region"], action(request), by_address=True, suffix=found["suffix"])
    target, scope = request.header("x-amz-target", ""), SCOPE.search(request.header("authorization", ""))
    if "/WaitHandle" in request.path or request.path.startswith("/arn%3Aaws%3Acloudformation"):
        return Route("waitcondition", None, "Put")
    if scope:
        name = scope[2]
        return Route(name, None, s3_action(request, None) if name == "s3" else action(request))
    if target.split(".")[0] in TARGETS:
        return Route(TARGETS[target.split(".")[0]], None, action(request))
    if "Action" in request.form and request.path in ("", "/"):
        return Route("cloudformation", None, action(request))
    return Route("s3", None, s3_action(request, None))


def action(request):
    if request.path.startswith("/2013-04-01/"):
        return route53.action(request)
    return request.header("x-amz-target", "").partition(".")[2] or request.form.get("Action", "")


def s3_action(request, bucket):
    key = request.path.strip("/") if bucket else request.path.strip("/").partition("/")[2]
    match request.method, bool(key):
        case "GET", True:
            return "GetObject"
        case "HEAD", True:
            return "HeadObject"
        case "PUT", True:
            return "PutObject"
        case "GET", False:
            return "GetBucketLocation" if "location" in request.query else "ListObjects"
        case "HEAD", False:
            return "HeadBucket"
        case "PUT", False:
            return "CreateBucket"
    return request.method.title() + ("Object" if key else "Bucket")
