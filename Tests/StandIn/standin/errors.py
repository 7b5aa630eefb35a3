"""AWS's errors as each protocol writes them."""
import json
import uuid
from xml.sax.saxutils import escape

from .http import Response

PROTOCOLS = {"s3": "s3", "ec2": "ec2", "ssm": "json", "secretsmanager": "json", "kms": "json", "ecr": "json", "sqs": "json", "dynamodb": "json"}
NAMESPACES = {"cloudformation": "http://cloudformation.amazonaws.com/doc/2010-05-15/", "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
              "route53": "https://route53.amazonaws.com/doc/2013-04-01/"}

INVALID_TOKEN = "The security token included in the request is invalid."
EXPIRED_TOKEN = "The security token included in the request is expired"
MISMATCH = ("The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. "
            "Consult the service documentation for details.")
EC2_REFUSED = "AWS was not able to validate the provided access credentials"

# What went wrong → protocol → (code, status, message). A message of None is given by the one who refuses.
REFUSALS = {
    "missing": {"query": ("MissingAuthenticationToken", 403, "Request is missing Authentication Token"),
                "json": ("MissingAuthenticationTokenException", 400, "Request is missing Authentication Token"),
                "s3": ("AccessDenied", 403, "Access Denied"), "ec2": ("AuthFailure", 401, EC2_REFUSED)},
    "incomplete": {"query": ("IncompleteSignature", 400, None), "json": ("IncompleteSignatureException", 400, None),
                   "s3": ("AuthorizationHeaderMalformed", 400, None), "ec2": ("AuthFailure", 401, EC2_REFUSED)},
    "unknown-key": {"query": ("InvalidClientTokenId", 403, INVALID_TOKEN), "json": ("UnrecognizedClientException", 400, INVALID_TOKEN),
                    "s3": ("InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."),
                    "ec2": ("AuthFailure", 401, EC2_REFUSED)},
    "bad-token": {"query": ("InvalidClientTokenId", 403, INVALID_TOKEN), "json": ("UnrecognizedClientException", 400, INVALID_TOKEN),
                  "s3": ("InvalidToken", 400, "The provided token is malformed or otherwise invalid."), "ec2": ("AuthFailure", 401, EC2_REFUSED)},
    "expired-token": {"query": ("ExpiredToken", 403, EXPIRED_TOKEN), "json": ("ExpiredTokenException", 400, EXPIRED_TOKEN),
                      "s3": ("ExpiredToken", 400, "The provided token has expired."), "ec2": ("RequestExpired", 400, "Request has expired.")},
    "mismatch": {"query": ("SignatureDoesNotMatch", 403, MISMATCH), "json": ("InvalidSignatureException", 400, MISMATCH),
                 "s3": ("SignatureDoesNotMatch", 403,
                        "The request signature we calculated does not match the signature you provided. Check your key and signing method."),
                 "ec2": ("AuthFailure", 401, EC2_REFUSED)},
    "skew": {"query": ("SignatureDoesNotMatch", 403, None), "json": ("InvalidSignatureException", 400, None),
             "s3": ("RequestTimeTooSkewed", 403, "The difference between the request time and the current time is too large."),
             "ec2": ("RequestExpired", 400, "Request has expired.")},
    "scope": {"query": ("SignatureDoesNotMatch", 403, None), "json": ("InvalidSignatureException", 400, None),
              "s3": ("AuthorizationHeaderMalformed", 400, None), "ec2": ("AuthFailure", 401, EC2_REFUSED)},
    "denied": {"query": ("AccessDenied", 403, None), "json": ("AccessDeniedException", 400, None), "s3": ("AccessDenied", 403, None),
               "ec2": ("UnauthorizedOperation", 403, None)},
    "throttled": {"query": ("Throttling", 400, "Rate exceeded"), "json": ("ThrottlingException", 400, "Rate exceeded"),
                  "s3": ("SlowDown", 503, "Please reduce your request rate."), "ec2": ("RequestLimitExceeded", 503, "Request limit exceeded.")},
    "internal": {"query": ("InternalFailure", 500, "The request processing has failed because of an unknown error, exception or failure."),
                 "json": ("InternalServerError", 500, "An internal error occurred."),
                 "s3": ("InternalError", 500, "We encountered an internal error. Please try again."),
                 "ec2": ("InternalError", 500, "An internal error has occurred")},
    "unavailable": {"query": ("ServiceUnavailable", 503, "Service is unavailable. Please try again later"),
                    "json": ("ServiceUnavailableException", 503, "Service is unavailable. Please try again later"),
                    "s3": ("ServiceUnavailable", 503, "Service is unable to handle request."),
                    "ec2": ("Unavailable", 503, "The server is overloaded and can't handle the request.")},
}


class Refusal(Exception):
    """A request that AWS would refuse. fields: further elements of an S3 error; headers: of the answer; messages: where the error is its own root."""

    def __init__(self, code, message, status=400, fields=None, headers=(), messages=None):
        super().__init__(f"{code}: {message}")
        self.messages = messages
        self.code, self.message, self.status, self.fields, self.headers = code, message, status, fields or {}, list(headers)


def refusal(kind, service, message=None, **more):
    code, status, text = REFUSALS[kind][PROTOCOLS.get(service, "query")]
    return Refusal(code, text or message, status, **more)


def request_id():
    return str(uuid.uuid4())


def elements(fields):
    return "".join(f"<{k}>{escape(str(v))}</{k}>" for k, v in fields.items())


def render(error, service, request):
    """The refusal as the service's protocol writes it."""
    protocol, rid = PROTOCOLS.get(service, "query"), request_id()
    headers = list(error.headers)
    if protocol == "json":
        # The services' own errors say Message or message; clients must read both.
        text = "Message" if service == "secretsmanager" and not error.code.endswith(("SignatureException", "TokenException", "ClientException")) else "message"
        body, kind = json.dumps({"__type": error.code, text: error.message}), "application/x-amz-json-1.1"
        headers.append(("x-amzn-RequestId", rid))
    elif protocol == "s3":
        rid = rid.replace("-", "")[:16].upper()
        fields = {"Code": error.code, "Message": error.message, **error.fields, "RequestId": rid, "HostId": "standin"}
        body, kind = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{elements(fields)}</Error>', "application/xml"
        headers += [("x-amz-request-id", rid), ("x-amz-id-2", "standin")]
    elif protocol == "ec2":
        body = (f'<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>{elements({"Code": error.code, "Message": error.message})}</Error></Errors>'
                f"<RequestID>{rid}</RequestID></Response>")
        kind = "text/xml;charset=UTF-8"
    elif error.messages is not None:
        inside = "".join(elements({"Message": m}) for m in error.messages)
        body = (f'<?xml version="1.0" encoding="UTF-8"?>\n<{error.code} xmlns="{NAMESPACES[service]}"><Messages>{inside}</Messages>'
                f"<RequestId>{rid}</RequestId></{error.code}>")
        kind = "text/xml"
        headers.append(("x-amzn-RequestId", rid))
    elif request.form.get("ContentType") == "JSON":
        sender = "Sender" if error.status < 500 else "Receiver"
        body, kind = json.dumps({"Error": {"Code": error.code, "Message": error.message, "Type": sender}, "RequestId": rid}), "application/json"
        headers.append(("x-amzn-RequestId", rid))
    else:
        sender = "Sender" if error.status < 500 else "Receiver"
        fields = {"Type": sender, "Code": error.code, "Message": error.message}
        namespace = NAMESPACES.get(service, f"https://{service}.amazonaws.com/doc/")
        body = f'<ErrorResponse xmlns="{namespace}">\n  <Error>{elements(fields)}</Error>\n  <RequestId>{rid}</RequestId>\n</ErrorResponse>\n'
        kind = "text/xml"
        headers.append(("x-amzn-RequestId", rid))
    return Response(error.status, body.encode(), [("Content-Type", kind)] + headers)
