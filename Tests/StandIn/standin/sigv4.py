"""Signature V4 on the request as it came over the wire, as strictly as AWS: nothing here is shared with any client."""
import hashlib
import hmac
import re
from datetime import datetime, timezone
from urllib.parse import quote, unquote

from .errors import Refusal, refusal

ALGORITHM = "AWS4-HMAC-SHA256"
SAFE = "-_.~"


def digest(data):
    return hashlib.sha256(data).hexdigest()


def mac(key, text):
    return hmac.new(key, text.encode("utf-8", "surrogateescape"), hashlib.sha256).digest()


def signature(secret, day, region, service, string_to_sign):
    key = b"AWS4" + secret.encode()
    for part in (day, region, service, "aws4_request"):
        key = mac(key, part)
    return mac(key, string_to_sign).hex()


def canonical_path(raw, service):
    if service == "s3":  # the key as it is: encoded once, nothing normalised; S3 reads a bare + as a blank
        return quote(unquote(raw.replace("+", " "), errors="surrogateescape"), safe="/" + SAFE, errors="surrogateescape")
    parts = []
    for part in raw.split("/"):
        if part == "..":
            if parts:
                parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    path = "/" + "/".join(parts) + ("/" if parts and raw.endswith("/") else "")
    return quote(path, safe="/" + SAFE)  # the raw path is encoded already: this is the second time


def canonical_query(raw, leave_out=()):
    pairs = []
    for item in raw.split("&"):
        if item:
            name, _, value = item.partition("=")
            pair = tuple(quote(unquote(x, errors="surrogateescape"), safe=SAFE, errors="surrogateescape") for x in (name, value))
            if pair[0] not in leave_out:
                pairs.append(pair)
    return "&".join(f"{k}={v}" for k, v in sorted(pairs))


def canonical_request(request, service, signed, payload, leave_out=()):
    lines = []
    for name in signed:
        values = [" ".join(v.split()) for k, v in request.headers if k.lower() == name]
        lines.append(f"{name}:{','.join(values)}\n")
    return "\n".join([request.method, canonical_path(request.path or "/", service), canonical_query(request.query, leave_out), "".join(lines),
                      ";".join(signed), payload])


def parse_authorization(text, service):
    """- Returns: (credential's five parts, signed headers, signature)"""
    fields = {}
    for part in text[len(ALGORITHM):].split(","):
        name, equals, value = part.strip().partition("=")
        if not equals:
            raise refusal("incomplete", service, f"'{part.strip()}' not a valid key=value pair (missing equal-sign) in Authorization header: '{text}'.")
        fields[name] = value
    for name in ("Credential", "SignedHeaders", "Signature"):
        if name not in fields:
            raise refusal("incomplete", service, f"Authorization header requires '{name}' parameter. Authorization={text}")
    scope = fields["Credential"].split("/")
    if len(scope) != 5 or scope[4] != "aws4_request":
        raise refusal("incomplete", service, f"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{fields['Credential']}'")
    return scope, fields["SignedHeaders"].split(";"), fields["Signature"]


def check_clock(stamp, service, now, day):
    if not re.fullmatch(r"\d{8}T\d{6}Z", stamp or ""):
        raise refusal("incomplete", service, f"Date must be in ISO-8601 'basic format'. Got '{stamp}'. See http://en.wikipedia.org/wiki/ISO_8601")
    then = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc).timestamp()
    if stamp[:8] != day:
        raise refusal("incomplete", service, f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{day}' != '{stamp[:8]}', from '{stamp}'.")
    basic = lambda t: datetime.fromtimestamp(t, timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    window = 15 if service == "s3" else 5  # minutes
    if abs(now - then) <= window * 60:
        return
    if service == "s3":
        iso = lambda t: datetime.fromtimestamp(t, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        raise refusal("skew", service, fields={"RequestTime": stamp, "ServerTime": iso(now), "MaxAllowedSkewMilliseconds": window * 60_000})
    if then < now:
        raise refusal("skew", service, f"Signature expired: {stamp} is now earlier than {basic(now - window * 60)} ({basic(now)} - {window} min.)")
    raise refusal("skew", service, f"Signature not yet current: {stamp} is still later than {basic(now + window * 60)} ({basic(now)} + {window} min.)")


def check_token(credential, token, service, now):
    if (credential.token or None) != (token or None):
        raise refusal("bad-token", service, fields={"Token-0": token or ""})
    if credential.expires is not None and credential.expires <= now:
        raise refusal("expired-token", service, fields={"Token-0": token or ""})


def verify(request, service, region, credentials, now):
    """- Parameters: region: where the request has arrived, None where its address doesn't tell.
    - Returns: the credential. - Raises: Refusal, in the service's own words."""
    header = request.header("authorization", "")
    if not header.startswith(ALGORITHM + " "):
        raise refusal("incomplete" if header else "missing", service, f"Authorization header is of an unknown kind: {header[:20]}")
    scope, signed, given = parse_authorization(header, service)
    key, day, scope_region, scope_service, _ = scope
    stamp = request.header("x-amz-date")
    check_clock(stamp, service, now, day)
    if scope_service != service:
        raise refusal("scope", service, f"Credential should be scoped to correct service: '{service}'. ")
    if region and scope_region != region:
        wrong = f"The authorization header is malformed; the region '{scope_region}' is wrong; expecting '{region}'"
        raise refusal("scope", service, wrong if service == "s3" else f"Credential should be scoped to a valid region, not '{scope_region}'. ",
                      fields={"Region": region})
    if key not in credentials or credentials[key].known_from > now:
        raise refusal("unknown-key", service, fields={"AWSAccessKeyId": key})
    credential = credentials[key]
    check_token(credential, request.header("x-amz-security-token"), service, now)
    present = {name.lower() for name, _ in request.headers}
    if signed != sorted(set(signed)) or "host" not in signed:
        raise refusal("mismatch", service)
    unsigned = sorted(name for name in present if name.startswith("x-amz-") and name not in signed)
    if unsigned:
        if service == "s3":
            raise refusal("denied", service, "There were headers present in the request which were not signed", fields={"HeadersNotSigned": ", ".join(unsigned)})
        raise refusal("mismatch", service)
    payload = request.header("x-amz-content-sha256")
    if service == "s3" and payload is None:
        raise refusal("incomplete", service, "Missing required header for this request: x-amz-content-sha256")
    if payload is not None and payload not in ("UNSIGNED-PAYLOAD",) and payload != digest(request.body):
        if service == "s3":
            raise Refusal("XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.", 400)
        raise refusal("mismatch", service)
    canonical = canonical_request(request, service, signed, payload or digest(request.body))
    to_sign = "\n".join([ALGORITHM, stamp, f"{day}/{scope_region}/{service}/aws4_request", digest(canonical.encode("utf-8", "surrogateescape"))])
    if not hmac.compare_digest(signature(credential.secret, day, scope_region, service, to_sign), given):
        error = refusal("mismatch", service, fields={"AWSAccessKeyId": key, "StringToSign": to_sign, "SignatureProvided": given, "CanonicalRequest": canonical})
        if service not in ("s3", "ec2"):
            error.message += (f"\n\nThe Canonical String for this request should have been\n'{canonical}'\n\n"
                              f"The String-to-Sign should have been\n'{to_sign}'\n")
        raise error
    return credential


def verify_query(request, service, credentials, now):
    """A presigned URL. - Returns: the credential."""
    fields = dict((unquote(k), unquote(v)) for k, _, v in (x.partition("=") for x in request.query.split("&")))
    key, day, region, scope_service, _ = fields["X-Amz-Credential"].split("/")
    if key not in credentials:
        raise refusal("unknown-key", service, fields={"AWSAccessKeyId": key})
    credential = credentials[key]
    check_token(credential, fields.get("X-Amz-Security-Token"), service, now)
    then = datetime.strptime(fields["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc).timestamp()
    if now > then + int(fields["X-Amz-Expires"]):
        raise refusal("denied", service, "Request has expired")
    canonical = canonical_request(request, service, fields["X-Amz-SignedHeaders"].split(";"), "UNSIGNED-PAYLOAD", ("X-Amz-Signature",))
    to_sign = "\n".join([ALGORITHM, fields["X-Amz-Date"], f"{day}/{region}/{scope_service}/aws4_request", digest(canonical.encode("utf-8", "surrogateescape"))])
    if not hmac.compare_digest(signature(credential.secret, day, region, scope_service, to_sign), fields["X-Amz-Signature"]):
        raise refusal("mismatch", service, fields={"AWSAccessKeyId": key, "StringToSign": to_sign, "CanonicalRequest": canonical})
    return credential
