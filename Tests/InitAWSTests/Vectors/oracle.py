#!/usr/bin/env python3
"""oracle.py COUNT [SEED]: random requests as JSON, in the form of sigv4.json, signed by botocore itself.

Odd paths, queries with duplicates, blanks and no values, odd blanks in headers, tokens, bodies; service s3 and others. The same for the same seed.
Beside the fields of sigv4.json (README.md) each has `authorization`, the header's value. Needs botocore (Tests/StandIn/install)."""
import datetime
import json
import random
import sys
from unittest import mock
from urllib.parse import quote

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

WORDS = ["a", "Key", "ab c", "a+b", "ü", "日本", "%", "%2F", "=", "&", "?", "#", "~", "-_.~", "(x)", "'q'", "!*", "@:;,", "$", '"', "\\", "[]", "{}", "|", "^", "`",
         "..", ".", "...", "0", "\u200b", "😀", "é", "e\u0301", "<>", "\t", " "]
NAMES = ["Accept", "X-Custom", "x-amz-meta-Key", "X-Amz-Target", "Content-Type", "Range", "If-None-Match", "ZZ", "a-1"]
SERVICES = ["s3", "s3", "ssm", "secretsmanager", "cloudformation", "sts", "ec2"]
REGIONS = ["us-east-1", "eu-west-1", "cn-north-1", "us-gov-west-1"]


def encoded(text):
    return quote(text, safe="-_.~")


def path(draw):
    parts = ["".join(draw.choices(WORDS, k=draw.choice([1, 1, 2, 3]))) for _ in range(draw.randrange(5))]
    raw = "/" + "/".join(p if p in (".", "..") else encoded(p) for p in parts)
    if draw.random() < 0.2:
        raw = raw.replace("/", "//", 1)
    return raw + ("/" if draw.random() < 0.2 else "")


def query(draw):
    pairs = []
    for _ in range(draw.choice([0, 0, 1, 2, 3, 6])):
        name = "".join(draw.choices(WORDS, k=draw.choice([1, 2])))
        for _ in range(draw.choice([1, 1, 2])):
            pairs.append((name, "".join(draw.choices(WORDS, k=draw.randrange(4)))))
    return "&".join(encoded(n) + ("" if not v and draw.random() < 0.5 else "=" + encoded(v)) for n, v in pairs)


def headers(draw, host):
    found = [["Host", host]]
    for name in draw.sample(NAMES, draw.randrange(5)):
        for _ in range(draw.choice([1, 1, 1, 2])):
            words = draw.choices(["v", "two  words", "x\ty", "a, b", '"q   q"', "é", "1=2;3"], k=draw.choice([1, 2]))
            found.append([name, draw.choice(["", " ", "   "]) + "  ".join(words) + draw.choice(["", " ", "\t "])])
    return found


def case(number, draw):
    service, region = draw.choice(SERVICES), draw.choice(REGIONS)
    host = draw.choice([f"{service}.{region}.amazonaws.com", "127.0.0.1:8080", "my.bucket.s3.amazonaws.com"])
    method = draw.choice(["GET", "GET", "POST", "PUT", "HEAD", "DELETE"])
    raw_query = query(draw)
    target = path(draw) + ("?" + raw_query if raw_query else "")
    body = "".join(draw.choices(WORDS, k=draw.randrange(20))) if method in ("POST", "PUT") else ""
    token = encoded("".join(draw.choices(WORDS, k=20))) + "/+=" if draw.random() < 0.4 else None
    key, secret = "AKIA" + str(draw.randrange(10**12)), "".join(draw.choices("abcXYZ019/+", k=40))
    moment = datetime.datetime(2020, 1, 1) + datetime.timedelta(seconds=draw.randrange(10**9))
    given = headers(draw, host)
    held = HTTPHeaders()
    for name, value in given:
        held.add_header(name, value)
    # By plain HTTP botocore always signs the body, S3 or not.
    request = AWSRequest(method, f"http://{host}{target}", held, body.encode())
    signer = (botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth)(Credentials(key, secret, token), service, region)
    seen = {}
    canonical, to_sign = signer.canonical_request, signer.string_to_sign
    signer.canonical_request = lambda r: seen.setdefault("canonicalRequest", canonical(r))
    signer.string_to_sign = lambda r, c: seen.setdefault("stringToSign", to_sign(r, c))
    with mock.patch("botocore.auth.get_current_datetime", lambda: moment):
        signer.add_auth(request)
    authorization = request.headers["Authorization"]
    made = {"name": f"random-{number}", "method": method, "target": target, "headers": given, "body": body,
            "normalize": service != "s3", "signBody": service == "s3", "region": region, "service": service,
            "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"), "accessKeyId": key, "secretAccessKey": secret}
    if token:
        made["token"] = token
    return made | seen | {"signature": authorization.rpartition("=")[2], "authorization": authorization}


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    draw = random.Random(seed)
    json.dump([case(i, draw) for i in range(count)], sys.stdout, ensure_ascii=True)


if __name__ == "__main__":
    main()
