"""Wait conditions: presigned URLs on a bucket of CloudFormation's own, which take one PUT per signal."""
import hashlib
import hmac
import uuid
from time import gmtime, strftime
from urllib.parse import quote

from .errors import Refusal, render
from .http import Response
from .state import ACCOUNT

SIGNED_UNTIL = 86399  # seconds, as the real ones


class WaitConditions:
    def __init__(self, state):
        self.state = state
        self.reset()

    def reset(self):
        self.handles = {}  # path?query → name
        self.bodies = []

    def create(self, name, base=None, region="us-east-1", lifetime=SIGNED_UNTIL):
        """- Returns: the URL. base: scheme and authority; else the real host name."""
        host = f"cloudformation-waitcondition-{region}.s3.{region}.amazonaws.com"
        arn = f"arn:aws:cloudformation:{region}:{ACCOUNT}:stack/{name}/{uuid.uuid4()}/WaitHandle"
        day = strftime("%Y%m%dT%H%M%SZ", gmtime(self.state.now()))
        path = "/" + quote(arn, safe="/-_.~")
        query = (f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={day}&X-Amz-SignedHeaders=host&X-Amz-Expires={lifetime}"
                 f"&X-Amz-Credential=AKIAWAITCONDITION%2F{day[:8]}%2F{region}%2Fs3%2Faws4_request")
        signature = hmac.new(self.state.identity_key, f"{path}?{query}".encode(), hashlib.sha256).hexdigest()
        target = f"{path}?{query}&X-Amz-Signature={signature}"
        self.handles[target] = (name, self.state.now() + lifetime)
        return (base or f"https://{host}") + target

    def handle(self, request):
        """Only the very target, and no Content-Type: the signature covers nothing else, as S3 would see it."""
        try:
            if request.target not in self.handles:
                raise Refusal("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. "
                              "Check your key and signing method.", 403)
            name, until = self.handles[request.target]
            if self.state.now() > until:
                raise Refusal("AccessDenied", "Request has expired", 403)
            if request.method != "PUT":
                raise Refusal("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. "
                              "Check your key and signing method.", 403)
            if request.header("content-type"):
                raise Refusal("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. "
                              "Check your key and signing method.", 403, {"StringToSign": f"PUT\n\n{request.header('content-type')}\n"})
            if request.header("authorization"):
                raise Refusal("InvalidArgument", "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
                              "parameter or the Authorization header should be specified", 400)
            if request.header("transfer-encoding"):
                raise Refusal("NotImplemented", "A header you provided implies functionality that is not implemented", 501, {"Header": "Transfer-Encoding"})
        except Refusal as error:
            return render(error, "s3", request)
        self.bodies.append({"name": name, "body": request.body.decode("utf-8", "replace"), "time": self.state.now()})
        return Response(200, b"", [("ETag", f'"{hashlib.md5(request.body).hexdigest()}"'), ("x-amz-request-id", uuid.uuid4().hex[:16].upper())])
