"""S3: moto's objects; regions, redirects and public reading as the real service has them."""
import uuid
from urllib.parse import quote, unquote

from .errors import Refusal, refusal
from .http import Request, Response
from .moto_backend import own_scope
from .state import ACCOUNT


class S3:
    def __init__(self, state, moto):
        self.state, self.moto = state, moto
        self.reset()

    def reset(self):
        self.redirects = {}  # bucket → base URL of the only place that serves it: 307 elsewhere
        self.public = set()  # buckets that anybody may read

    def place(self, request, route):
        """- Returns: (bucket, raw key)"""
        if route.bucket:
            return route.bucket, request.path[1:]
        bucket, _, key = request.path[1:].partition("/")
        return unquote(bucket), key

    def region(self, bucket):
        from moto.s3.models import s3_backends

        found = s3_backends[ACCOUNT]["aws"].buckets.get(bucket)
        return found.region_name if found else None

    def resources(self, request, route):
        bucket, key = self.place(request, route)
        return [f"{bucket}/{unquote(key.replace('+', ' '), errors='replace')}" if key else bucket]

    def misplaced(self, request, route, scope_region):
        """Where the bucket is elsewhere. - Returns: a Refusal, or None. It comes before the signature: the signature is for the wrong region then."""
        bucket, key = self.place(request, route)
        home = self.region(bucket)
        if bucket in self.redirects:
            base = self.redirects[bucket]
            if base.partition("://")[2].lower() != request.host.lower():
                location = base + request.target
                return Refusal("TemporaryRedirect", "Please re-send this request to the specified temporary endpoint. Continue to use the original request "
                               "endpoint for future requests.", 307, {"Endpoint": base.partition("://")[2], "Bucket": bucket},
                               [("Location", location), ("x-amz-bucket-region", home or "us-east-1")])
        if home is None:
            return None
        if route.region and route.region != home or route.by_address and not route.region and not route.bucket and home != "us-east-1":
            endpoint = f"{bucket}.s3.{home}.{route.suffix}" if route.bucket else f"s3.{home}.{route.suffix or 'amazonaws.com'}"
            return Refusal("PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all "
                           "future requests to this endpoint.", 301, {"Endpoint": endpoint, "Bucket": bucket}, [("x-amz-bucket-region", home)])
        if scope_region and scope_region != home:
            return Refusal("AuthorizationHeaderMalformed",
                           f"The authorization header is malformed; the region '{scope_region}' is wrong; expecting '{home}'", 400,
                           {"Region": home}, [("x-amz-bucket-region", home)])
        return None

    def readable(self, request, route):
        return self.place(request, route)[0] in self.public and request.method in ("GET", "HEAD")

    def handle(self, request, route, who):
        bucket, key = self.place(request, route)
        home = self.region(bucket) or route.region or "us-east-1"
        # moto sees the path style; a bare + in a path is a blank.
        query = "&".join(x for x in request.query.split("&") if x and not x.lower().startswith("x-amz-"))
        target = "/" + bucket + ("/" + key.replace("+", "%20") if key else "") + ("?" + query if query else "")
        # Who may read is decided here: moto shall not decide it again.
        headers = request.headers if request.header("authorization") else [*request.headers, own_scope("s3", home)]
        inner = Request(request.method, target, headers, request.body, request.peer)
        response = self.moto.answer("s3", inner, f"s3.{home}.amazonaws.com")
        if response.status == 404 and b"NoSuchBucket" not in response.body and self.state.denied("s3", "ListBucket", [bucket], who):
            # Who may not list isn't told that a key is missing.
            raise refusal("denied", "s3", f'User: {who} is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::{bucket}" '
                          "because no identity-based policy allows the s3:ListBucket action")
        response.headers.append(("x-amz-request-id", uuid.uuid4().hex[:16].upper()))
        return response

    def put(self, bucket, key, body, region="us-east-1", versioned=False, headers=()):
        """For the control API. - Returns: the version id, or None."""
        def ask(method, target, data=b"", more=()):
            response = self.moto.answer("s3", Request(method, target, [own_scope("s3", region), *more], data), f"s3.{region}.amazonaws.com")
            if response.status >= 300:
                raise ValueError(response.body.decode())
            return response

        if self.region(bucket) is None:
            place = f"<CreateBucketConfiguration><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
            ask("PUT", f"/{bucket}", b"" if region == "us-east-1" else place.encode())
        if versioned:
            ask("PUT", f"/{bucket}?versioning", b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
        return ask("PUT", f"/{bucket}/{quote(key, safe='/~')}", body, headers).header("x-amz-version-id")


def without_body(response):
    """HEAD says the length and no more."""
    if response.header("content-length") is None:
        response.headers.append(("Content-Length", str(len(response.body))))
    return Response(response.status, b"", response.headers, response.delivery)
