#!/usr/bin/env python3
"""selftest.py: AWS's own client library and curl against the stand-in. Silent and 0 when all is well; seconds."""
import contextlib
import http.client
import json
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
from email.utils import parsedate_to_datetime

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

HERE = pathlib.Path(__file__).parent
STACK = {"name": "S", "instances": ["i-0123456789abcdef0"], "Resources": {
    "Host": {"Metadata": {"number": 10, "flag": True, "list": [1, "two"], "name": {"Ref": "AWS::StackName"}, "text": {"Fn::Sub": "${AWS::Region}/${!x}"}},
             "CreationPolicy": {"ResourceSignal": {"Count": "2", "Timeout": "PT5M"}}}}}


class Program:
    """A program of ours that prints one line of JSON when it is ready."""

    def __init__(self, name, *words):
        self.process = subprocess.Popen([sys.executable, HERE / name, *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ready = json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(10)


class StandInTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        root = pathlib.Path(cls.directory.name)
        cls.aws = Program("aws.py", "--tls", root / "tls", "--state", root / "state", "--extra-address", "127.0.0.2")
        cls.at = cls.aws.ready
        cls.proxy = Program("proxy.py", "--password", "u:p", "--route", f"*:443=127.0.0.1:{cls.at['tlsPort']}", "--route", f"*:80=127.0.0.1:{cls.at['port']}")

    @classmethod
    def tearDownClass(cls):
        ends = cls.proxy.end(), cls.aws.end()
        lines = (pathlib.Path(cls.directory.name) / "state/requests.jsonl").read_text().splitlines()
        cls.directory.cleanup()
        assert ends == (0, 0), ends
        assert all(json.loads(line)["service"] for line in lines) and lines

    def setUp(self):
        self.control("reset", {})

    def control(self, name, body=None):
        request = urllib.request.Request(f"{self.at['url']}/_test/{name}", None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{name}: {error.read().decode()}") from None

    def client(self, service, key=None, secret=None, token=None, region="us-east-1", url=None, **config):
        config = {"retries": {"total_max_attempts": 1}, "s3": {"addressing_style": "path"}} | config
        return boto3.client(service, region_name=region, endpoint_url=url or self.at["url"], aws_access_key_id=key or self.at["accessKeyId"],
                            aws_secret_access_key=secret or self.at["secretAccessKey"], aws_session_token=token, config=Config(**config))

    def by_name(self, service, region="us-east-1", **config):
        """Over TLS by AWS's real host names, through the proxy."""
        proxy = self.proxy.ready["url"].replace("http://", "http://u:p@")
        config = {"retries": {"total_max_attempts": 1}, "proxies": {"https": proxy}} | config
        return boto3.client(service, region_name=region, aws_access_key_id=self.at["accessKeyId"], aws_secret_access_key=self.at["secretAccessKey"],
                            verify=self.at["ca"], config=Config(**config))

    def refused(self, code, status=None):
        return Refused(self, code, status)

    def curl(self, *words):
        """- Returns: (status, body, head)"""
        done = subprocess.run(["curl", "-sS", "-i", "--noproxy", "*", *words], capture_output=True, text=True)
        if done.returncode:
            return done.returncode * -1, done.stderr, ""
        text = done.stdout.removeprefix("HTTP/1.1 100 Continue\n\n")
        head, _, body = text.partition("\n\n") if "\r" not in text else text.partition("\r\n\r\n")
        return int(head.split()[1]), body, head

    # instance metadata

    def token(self, *words):
        return self.curl("-X", "PUT", "-H", "X-aws-ec2-metadata-token-ttl-seconds: 60", f"{self.at['imdsURL']}/latest/api/token", *words)

    def metadata(self, path):
        _, token, _ = self.token()
        return self.curl("-H", f"X-aws-ec2-metadata-token: {token}", f"{self.at['imdsURL']}/latest/{path}")[:2]

    def test_metadata_wants_a_token(self):
        self.assertEqual(self.curl(f"{self.at['imdsURL']}/latest/meta-data/instance-id")[0], 401)
        self.assertEqual(self.curl("-X", "PUT", f"{self.at['imdsURL']}/latest/api/token")[0], 400)
        self.assertEqual(self.token("-H", "X-Forwarded-For: 10.0.0.1")[0], 403)
        self.assertEqual(self.token("-H", "Via: 1.1 proxy")[0], 403)
        self.assertEqual(self.metadata("meta-data/instance-id"), (200, "i-0123456789abcdef0"))
        self.assertEqual(self.metadata("meta-data/placement/region"), (200, "us-east-1"))
        self.assertEqual(self.metadata("meta-data/iam/security-credentials/"), (200, "ec2role"))
        self.assertEqual(self.metadata("meta-data/nothing")[0], 404)
        self.assertEqual(json.loads(self.metadata("dynamic/instance-identity/document")[1])["instanceId"], "i-0123456789abcdef0")

    def test_metadata_settings(self):
        self.control("imds", {"tokenLifetime": 0})
        self.assertEqual(self.metadata("meta-data/instance-id")[0], 401)
        self.control("imds", {"tokenLifetime": None, "roleDelay": 3600})
        self.assertEqual(self.metadata("meta-data/iam/security-credentials/")[0], 404)
        self.control("tags", {"i-0123456789abcdef0": {"aws:cloudformation:stack-name": "S"}})
        self.assertEqual(self.metadata("meta-data/tags/instance/aws:cloudformation:stack-name")[0], 404)
        self.control("imds", {"tags": True})
        self.assertEqual(self.metadata("meta-data/tags/instance/aws:cloudformation:stack-name"), (200, "S"))
        self.control("imds", {"disabled": True})
        self.assertEqual(self.token()[0], 403)

    def test_container_credentials(self):
        url = f"{self.at['imdsURL']}/v2/credentials/role"
        self.assertEqual(self.curl(url)[0], 401)
        status, body, _ = self.curl("-H", "Authorization: container-token", url)
        c = json.loads(body)
        self.client("ssm", c["AccessKeyId"], c["SecretAccessKey"], c["Token"]).get_parameters(Names=["x"])

    # who may sign, and how well

    def role(self):
        c = json.loads(self.metadata("meta-data/iam/security-credentials/ec2role")[1])
        return c["AccessKeyId"], c["SecretAccessKey"], c["Token"]

    def test_credentials(self):
        key, secret, token = self.role()
        self.client("ssm", key, secret, token).get_parameters(Names=["x"])
        arn = self.client("sts", key, secret, token).get_caller_identity()["Arn"]
        self.assertEqual(arn, "arn:aws:sts::123456789012:assumed-role/ec2role/i-0123456789abcdef0")
        for service, call, codes in (
            ("ssm", lambda c: c.get_parameters(Names=["x"]), ("UnrecognizedClientException", "UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException")),
            ("sts", lambda c: c.get_caller_identity(), ("InvalidClientTokenId", "InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken")),
            ("s3", lambda c: c.get_object(Bucket="bkt", Key="k"), ("InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch", "ExpiredToken")),
            ("ec2", lambda c: c.describe_tags(), ("AuthFailure", "AuthFailure", "AuthFailure", "RequestExpired")),
        ):
            key, secret, token = self.role()
            with self.subTest(service):
                with self.refused(codes[0]):
                    call(self.client(service, "AKIANOBODY", secret, token))
                with self.refused(codes[1]):
                    call(self.client(service, key, secret, token + "x"))
                with self.refused(codes[2]):
                    call(self.client(service, key, secret + "x", token))
                self.control("credentials", {"expire": True})
                with self.refused(codes[3]):
                    call(self.client(service, key, secret, token))
                self.control("credentials", {"rotate": True})
        assumed = self.client("sts").assume_role(RoleArn="arn:aws:iam::123456789012:role/other", RoleSessionName="me")["Credentials"]
        arn = self.client("sts", assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"]).get_caller_identity()["Arn"]
        self.assertEqual(arn, "arn:aws:sts::123456789012:assumed-role/other/me")

    def test_clock(self):
        self.control("objects", {"bucket": "bkt", "key": "k", "body": "x"})
        for offset, refuses in ((400, True), (-400, True), (200, False)):
            self.control("clock", {"offset": offset})
            for service, call, code in (("ssm", lambda c: c.get_parameters(Names=["x"]), "InvalidSignatureException"),
                                        ("sts", lambda c: c.get_caller_identity(), "SignatureDoesNotMatch")):
                with self.refused(code) if refuses else contextlib.nullcontext() as error:
                    call(self.client(service))
                if refuses:
                    self.assertRegex(error.message, "Signature expired: .* min" if offset > 0 else "Signature not yet current: ")
            self.client("s3").get_object(Bucket="bkt", Key="k")
        self.control("clock", {"offset": 1000})
        with self.refused("RequestTimeTooSkewed", 403):
            self.client("s3").get_object(Bucket="bkt", Key="k")
        date = next(line for line in self.curl(self.at["url"])[2].splitlines() if line.startswith("Date: "))
        ahead = parsedate_to_datetime(date[len("Date: "):]).timestamp() - time.time()
        self.assertTrue(900 < ahead < 1100, ahead)

    def test_unsigned_and_misdirected(self):
        url = self.at["url"]
        self.assertEqual(self.curl(url + "/?Action=DescribeStacks&Version=2010-05-15")[0], 403)
        status, body, _ = self.curl("-H", "X-Amz-Target: AmazonSSM.GetParameters", "-d", "{}", url)
        self.assertEqual((status, json.loads(body)["__type"]), (400, "MissingAuthenticationTokenException"))
        self.control("hosts", {"127.0.0.2": {"service": "ssm", "region": "eu-west-1"}})
        with self.refused("InvalidSignatureException") as error:
            self.client("ssm", url=url.replace("127.0.0.1", "127.0.0.2")).get_parameters(Names=["x"])
        self.assertIn("Credential should be scoped to a valid region", error.message)

    # CloudFormation

    def test_describe_stack_resource(self):
        self.control("stacks", STACK)
        cfn = self.client("cloudformation")
        detail = cfn.describe_stack_resource(StackName="S", LogicalResourceId="Host")["StackResourceDetail"]
        self.assertEqual(json.loads(detail["Metadata"]), {"number": "10", "flag": "true", "list": ["1", "two"], "name": "S", "text": "us-east-1/${x}"})
        self.assertEqual((detail["ResourceStatus"], detail["PhysicalResourceId"]), ("CREATE_IN_PROGRESS", "i-0123456789abcdef0"))
        orders = {tuple(json.loads(cfn.describe_stack_resource(StackName="S", LogicalResourceId="Host")["StackResourceDetail"]["Metadata"])) for _ in range(20)}
        self.assertGreater(len(orders), 1)
        with self.refused("ValidationError") as error:
            cfn.describe_stack_resource(StackName="T", LogicalResourceId="Host")
        self.assertEqual(error.message, "Stack 'T' does not exist")
        with self.refused("ValidationError") as error:
            cfn.describe_stack_resource(StackName="S", LogicalResourceId="Hos")
        self.assertEqual(error.message, "Resource Hos does not exist for stack S")
        with self.refused("ValidationError"):
            self.client("cloudformation", region="eu-west-1").describe_stack_resource(StackName="S", LogicalResourceId="Host")

    def test_signals(self):
        self.control("stacks", STACK)
        cfn = self.client("cloudformation")
        send = lambda unique, status="SUCCESS": cfn.signal_resource(StackName="S", LogicalResourceId="Host", UniqueId=unique, Status=status)
        send("i-1")
        with self.refused("ValidationError") as error:
            send("i-1")
        self.assertEqual(error.message, "Signal with ID i-1 for resource Host already exists. Signals may only be updated with a FAILURE status.")
        send("i-2")
        with self.refused("ValidationError") as error:
            send("i-2")
        self.assertRegex(error.message, "^Stack arn:aws:cloudformation:us-east-1:123456789012:stack/S/[-0-9a-f]+ is in CREATE_COMPLETE state and cannot be signaled$")
        self.assertEqual([(s["uniqueId"], s["status"], s["accepted"]) for s in self.control("signals")],
                         [("i-1", "SUCCESS", True), ("i-1", "SUCCESS", False), ("i-2", "SUCCESS", True), ("i-2", "SUCCESS", False)])
        self.assertEqual(cfn.describe_stacks(StackName="S")["Stacks"][0]["StackStatus"], "CREATE_COMPLETE")
        self.control("stacks", STACK | {"name": "F"})
        cfn.signal_resource(StackName="F", LogicalResourceId="Host", UniqueId="i-1", Status="FAILURE")
        self.assertEqual(cfn.describe_stacks(StackName="F")["Stacks"][0]["StackStatus"], "CREATE_FAILED")
        late = {"Resources": {"Host": {"CreationPolicy": {"ResourceSignal": {"Timeout": "PT0S"}}}}}
        self.control("stacks", late | {"name": "L", "onFailure": "ROLLBACK"})
        events = cfn.describe_stack_events(StackName="L")["StackEvents"]
        self.assertEqual(events[0]["ResourceStatus"], "ROLLBACK_IN_PROGRESS")
        self.assertIn("Failed to receive 1 resource signal(s) within the specified duration", [e.get("ResourceStatusReason") for e in events])

    def identity(self):
        import base64
        document = self.metadata("dynamic/instance-identity/document")[1].rstrip()
        signature = self.metadata("dynamic/instance-identity/signature")[1].replace("\n", "")
        return f"Authorization: CFN_V1 {base64.b64encode(document.encode()).decode()}:{signature}"

    def test_instance_identity(self):
        self.control("stacks", [STACK, {"name": "Other", "Resources": {"Host": {"PhysicalResourceId": "i-other"}}}])
        who, url = self.identity(), self.at["url"]
        ask = lambda action, stack, more="": f"{url}/?Action={action}&StackName={stack}&LogicalResourceId=Host&ContentType=JSON&Version=2010-05-15{more}"
        status, body, _ = self.curl("-H", who, ask("DescribeStackResource", "S"))
        detail = json.loads(body)["DescribeStackResourceResponse"]["DescribeStackResourceResult"]["StackResourceDetail"]
        self.assertEqual((status, type(detail["LastUpdatedTimestamp"]), type(detail["Metadata"])), (200, float, str))
        self.assertEqual(self.curl("-H", who, ask("SignalResource", "S", "&UniqueId=i-1&Status=SUCCESS"))[0], 200)
        status, body, _ = self.curl("-H", who, ask("DescribeStackResource", "Other"))
        self.assertEqual((status, json.loads(body)["Error"]["Code"], json.loads(body)["Error"]["Message"]),
                         (403, "AccessDenied", "Instance i-0123456789abcdef0 is not allowed to call DescribeStackResource for Other"))
        self.assertEqual(self.curl("-H", who, ask("DescribeStackEvents", "S"))[0], 403)
        self.assertEqual(self.curl("-H", who[:-3] + "AA=", ask("DescribeStackResource", "S"))[0], 403)

    def test_wait_conditions(self):
        url = self.control("wait-conditions", {"name": "S", "base": self.at["url"]})["url"]
        put = lambda target, *words: self.curl("-X", "PUT", "--data-binary", '{"Status":"SUCCESS"}', *words, target)[0]
        self.assertEqual(put(url), 403)  # curl adds a Content-Type of its own
        self.assertEqual(put(url.replace("Expires=86399", "Expires=86400"), "-H", "Content-Type:"), 403)
        self.assertEqual(put(url, "-H", "Content-Type:"), 200)
        self.assertEqual([w["body"] for w in self.control("wait-conditions")], ['{"Status":"SUCCESS"}'])

    # values

    def test_parameters(self):
        self.control("parameters", [{"name": "/a", "value": "1"}, {"name": "/a", "value": "2"}, {"name": "/s", "value": "t", "type": "SecureString"}])
        ssm = self.client("ssm")
        got = ssm.get_parameters(Names=["/a:1", "/s", "/no", "/a:9"], WithDecryption=True)
        self.assertEqual({p["Name"] + p.get("Selector", ""): p["Value"] for p in got["Parameters"]}, {"/a:1": "1", "/s": "t"})
        self.assertEqual(sorted(got["InvalidParameters"]), ["/a:9", "/no"])
        with self.refused("ValidationException") as error:
            ssm.get_parameters(Names=[f"/{i}" for i in range(11)])
        self.assertIn("Member must have length less than or equal to 10", error.message)
        self.control("deny", [{"action": "ssm:GetParameters", "resource": "/s"}, {"action": "kms:Decrypt", "resource": "/s"}])
        with self.refused("AccessDeniedException") as error:
            ssm.get_parameters(Names=["/a", "/s"])
        self.assertRegex(error.message, "is not authorized to perform: ssm:GetParameters on resource: /s because no identity-based policy allows")
        self.control("deny", [{"action": "ssm:*", "times": 1}])
        with self.refused("AccessDeniedException"):
            ssm.get_parameters(Names=["/a"])
        ssm.get_parameters(Names=["/a"])

    def test_secrets(self):
        self.control("secrets", [{"name": "a", "value": {"k": "v"}}, {"name": "a", "value": {"k": "w"}}, {"name": "b", "value": "plain"}])
        sm = self.client("secretsmanager")
        self.assertEqual(json.loads(sm.get_secret_value(SecretId="a")["SecretString"]), {"k": "w"})
        self.assertEqual(json.loads(sm.get_secret_value(SecretId="a", VersionStage="AWSPREVIOUS")["SecretString"]), {"k": "v"})
        with self.refused("ResourceNotFoundException"):
            sm.get_secret_value(SecretId="nope")
        self.control("deny", {"action": "secretsmanager:GetSecretValue", "resource": "b"})
        got = sm.batch_get_secret_value(SecretIdList=["a", "b", "nope"])
        self.assertEqual([s["Name"] for s in got["SecretValues"]], ["a"])
        self.assertEqual({e["SecretId"]: e["ErrorCode"] for e in got["Errors"]}, {"b": "AccessDeniedException", "nope": "ResourceNotFoundException"})
        with self.refused("ValidationException"):
            sm.batch_get_secret_value(SecretIdList=[f"s{i}" for i in range(21)])
        self.control("deny", {"action": "secretsmanager:BatchGetSecretValue"})
        with self.refused("AccessDeniedException"):
            sm.batch_get_secret_value(SecretIdList=["a"])
        sm.get_secret_value(SecretId="b")

    # objects

    def test_objects(self):
        keys = ["plain", "a+b", "a b", "é/ü?x=1&y", "d//e", "tilde~(1)'!*"]
        self.control("objects", [{"bucket": "bkt", "key": k, "body": k} for k in keys])
        s3 = self.client("s3")
        for key in keys:
            self.assertEqual(s3.get_object(Bucket="bkt", Key=key)["Body"].read().decode(), key)
        first = self.control("objects", {"bucket": "versions", "key": "k", "body": "one", "versioned": True})[0]["versionId"]
        self.control("objects", {"bucket": "versions", "key": "k", "body": "two"})
        self.assertEqual(s3.get_object(Bucket="versions", Key="k", VersionId=first)["Body"].read(), b"one")
        got = s3.get_object(Bucket="versions", Key="k", Range="bytes=1-")
        self.assertEqual((got["Body"].read(), got["ContentRange"]), (b"wo", "bytes 1-2/3"))
        with self.refused("304"):
            s3.get_object(Bucket="versions", Key="k", IfNoneMatch=got["ETag"])
        self.assertEqual(s3.head_object(Bucket="versions", Key="k")["ContentLength"], 3)
        with self.refused("NoSuchKey", 404):
            s3.get_object(Bucket="bkt", Key="nope")
        self.control("deny", {"action": "s3:ListBucket"})
        with self.refused("AccessDenied", 403):
            s3.get_object(Bucket="bkt", Key="nope")
        with self.refused("NoSuchBucket", 404):
            s3.get_object(Bucket="nope", Key="nope")
        self.assertEqual(self.curl(f"{self.at['url']}/bkt/plain")[0], 403)
        self.control("objects", {"bucket": "open", "key": "k", "body": "x", "public": True})
        self.assertEqual(self.curl(f"{self.at['url']}/open/k")[:2], (200, "x"))
        self.assertEqual(self.curl(self.client("s3", signature_version="s3v4").generate_presigned_url("get_object", {"Bucket": "bkt", "Key": "a+b"}))[:2], (200, "a+b"))

    def test_regions_of_buckets(self):
        self.control("objects", {"bucket": "far", "key": "k", "body": "x", "region": "eu-west-1"})
        plain = {"s3": {"addressing_style": "path"}}
        with self.refused("AuthorizationHeaderMalformed", 400) as error:
            self.no_redirect(self.client("s3", **plain)).get_object(Bucket="far", Key="k")
        self.assertEqual(error.raw["Error"]["Region"], "eu-west-1")
        for style in ("path", "virtual"):
            with self.refused("PermanentRedirect", 301) as error:
                self.no_redirect(self.by_name("s3", region="us-west-2", s3={"addressing_style": style})).get_object(Bucket="far", Key="k")
            self.assertEqual(error.raw["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"], "eu-west-1")
            # botocore's own redirector finds its way
            self.assertEqual(self.by_name("s3", region="us-west-2", s3={"addressing_style": style}).get_object(Bucket="far", Key="k")["Body"].read(), b"x")
        there = self.at["url"].replace("127.0.0.1", "127.0.0.2")
        self.control("redirects", {"far": there})
        status, _, head = self.curl(f"{self.at['url']}/far/k")
        self.assertEqual((status, f"Location: {there}/far/k" in head), (307, True))

    def no_redirect(self, client):
        """Without botocore's way of finding a bucket's region: the bare answer is what counts."""
        for name in ("needs-retry.s3", "before-parameter-build.s3", "before-endpoint-resolution.s3"):
            for handler in client.meta.events._emitter._handlers.prefix_search(name):
                if "S3RegionRedirector" in repr(handler):
                    client.meta.events.unregister(name, handler)
        return client

    # by name, over TLS, through a proxy with a password

    def test_by_name(self):
        self.control("stacks", STACK)
        self.control("parameters", {"name": "/a", "value": "1"})
        self.control("secrets", {"name": "a", "value": "s"})
        self.control("tags", {"i-1": {"k": "v", "l": "w"}})
        self.control("objects", {"bucket": "b.with.dots", "key": "k+", "body": "x"})
        self.by_name("cloudformation").describe_stack_resource(StackName="S", LogicalResourceId="Host")
        self.assertEqual(self.by_name("ssm").get_parameter(Name="/a")["Parameter"]["Value"], "1")
        self.assertEqual(self.by_name("secretsmanager").get_secret_value(SecretId="a")["SecretString"], "s")
        self.assertEqual(self.by_name("s3").get_object(Bucket="b.with.dots", Key="k+")["Body"].read(), b"x")
        self.by_name("sts").get_caller_identity()
        tags = self.by_name("ec2").describe_tags(Filters=[{"Name": "resource-id", "Values": ["i-1"]}, {"Name": "key", "Values": ["l"]}])["Tags"]
        self.assertEqual([(t["Key"], t["Value"]) for t in tags], [("l", "w")])
        hosts = {e["host"] for e in self.control("log") if e["tls"]}
        self.assertLessEqual({"cloudformation.us-east-1.amazonaws.com", "ssm.us-east-1.amazonaws.com"}, hosts)
        log = json.loads(self.curl(self.proxy.ready["url"] + "/_test/log")[1])
        self.assertTrue(any(e["target"] == "ssm.us-east-1.amazonaws.com:443" and e["tunnel"] for e in log))
        answered = self.curl("--noproxy", "", "-x", self.proxy.ready["url"], "http://example.com/")[0]
        self.assertEqual(answered, 407)

    # what tests are made of

    def test_pages(self):
        self.control("pages", [{"path": "/f", "size": 1000, "basic": "me:secret"}, {"path": "/r", "redirect": [302, "/f"]}])
        url = self.at["url"]
        self.assertEqual(self.curl(url + "/f")[0], 401)
        self.assertEqual(self.curl("-u", "me:secret", "-o", "/dev/null", "-w", "x 206 %{http_code}", "-r", "10-19", url + "/f")[0], 206)
        self.assertEqual(self.curl(url + "/r")[0], 302)

    def test_overlap(self):
        self.control("latency", {"ssm": 0.2})
        ssm = self.client("ssm", max_pool_connections=20)
        threads = [threading.Thread(target=ssm.get_parameters, kwargs={"Names": [f"/{i}"]}) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        counters = self.control("counters")
        self.assertEqual((counters["requests"]["ssm.GetParameters"], counters["max_concurrent"]["ssm"]), (4, 4))

    def raw(self, target, tls=False, timeout=5):
        """- Returns: (all bytes until the end, the error that ended it)"""
        connection = socket.create_connection(("127.0.0.1", self.at["tlsPort" if tls else "port"]), timeout=timeout)
        if tls:
            connection = ssl.create_default_context(cafile=self.at["ca"]).wrap_socket(connection, server_hostname="localhost", suppress_ragged_eofs=False)
        got = b""
        with connection:
            connection.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            try:
                while data := connection.recv(65536):
                    got += data
            except ssl.SSLEOFError:  # what Python makes of a reset within TLS; an orderly end says close_notify
                return got, ConnectionResetError
            except OSError as error:
                return got, type(error)
        return got, None

    def test_what_a_fault_is_on_the_wire(self):
        self.control("pages", {"path": "/f", "size": 100_000})
        for tls in (False, True):
            with self.subTest(tls=tls):
                whole, error = self.raw("/f", tls)
                self.assertEqual((len(whole.partition(b"\r\n\r\n")[2]), error), (100_000, None))
                for kind, most, expected in (("reset", 0, ConnectionResetError), ("lost", 0, ConnectionResetError),
                                             ("reset-body", 51_000, ConnectionResetError), ("truncate", 51_000, None), ("stall-body", 51_000, TimeoutError)):
                    self.control("faults", {"kinds": [kind]})
                    got, error = self.raw("/f", tls, 0.3 if expected is TimeoutError else 5)
                    self.assertEqual(error, expected, kind)
                    self.assertLess(len(got), most + 1, kind)
                self.control("faults", {})

    def test_connections_stay(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.at["port"])
        for _ in range(3):
            connection.request("GET", "/_test/counters")
            self.assertEqual(connection.getresponse().read()[:1], b"{")
        ends = connection.sock.getsockname()
        connection.request("GET", "/_test/log")
        connection.getresponse().read()
        self.assertEqual(connection.sock.getsockname(), ends)
        connection.close()

    def test_new_credentials_take_a_while(self):
        self.control("imds", {"propagation": 3600})
        with self.refused("UnrecognizedClientException"):
            self.client("ssm", *self.role()).get_parameters(Names=["x"])
        self.control("imds", {"propagation": 0})
        self.client("ssm", *self.role()).get_parameters(Names=["x"])

    def test_faults(self):
        self.control("parameters", {"name": "/a", "value": "v" * 2000})
        self.control("objects", {"bucket": "bkt", "key": "k", "body": "x" * 100_000})
        seen = {}
        for kind in ("throttle", "500", "502", "503", "reset", "expired", "clock", "portal", "lost", "reset-body", "truncate"):
            self.control("faults", {"kinds": [kind], "services": ["ssm", "s3"]})
            seen[kind] = []
            for call in (lambda: self.client("ssm").get_parameter(Name="/a"), lambda: self.client("s3").get_object(Bucket="bkt", Key="k")["Body"].read()):
                try:
                    call()
                    seen[kind].append("ok")
                except ClientError as error:
                    seen[kind].append(error.response["Error"]["Code"])
                except Exception as error:
                    seen[kind].append(type(error).__name__)
        self.assertEqual({k: seen[k] for k in ("throttle", "500", "503", "expired", "clock")}, {
            "throttle": ["ThrottlingException", "SlowDown"], "500": ["InternalServerError", "InternalError"],
            "503": ["ServiceUnavailableException", "ServiceUnavailable"], "expired": ["ExpiredTokenException", "ExpiredToken"],
            "clock": ["InvalidSignatureException", "RequestTimeTooSkewed"]})
        for kind in ("reset", "lost", "reset-body", "truncate"):
            self.assertNotIn("ok", seen[kind], kind)
        self.control("faults", {"kinds": ["dribble"]})
        self.assertEqual(len(self.client("s3").get_object(Bucket="bkt", Key="k")["Body"].read()), 100_000)
        self.control("faults", {"share": 0.5, "seed": 3, "kinds": ["500"], "times": 5, "services": ["sts"]})
        for _ in range(40):
            with contextlib.suppress(ClientError):
                self.client("sts").get_caller_identity()
        self.assertEqual(self.control("counters")["faults"], {"500": 5})
        # with retries, AWS's own client gets through
        self.control("faults", {"share": 0.3, "seed": 4})
        client = self.client("ssm", retries={"total_max_attempts": 20, "mode": "standard"})
        self.control("faults", {"share": 0.3, "seed": 4, "kinds": ["throttle", "500", "503", "reset", "lost"]})
        self.assertEqual(len(client.get_parameter(Name="/a")["Parameter"]["Value"]), 2000)


class Refused:
    """Within it, AWS's client must be refused with this code."""

    def __init__(self, test, code, status):
        self.test, self.code, self.status = test, code, status

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        self.test.assertIsInstance(error, ClientError)
        self.raw = error.response
        self.message = error.response["Error"].get("Message", "")
        self.test.assertEqual(error.response["Error"]["Code"], self.code, self.message)
        if self.status:
            self.test.assertEqual(error.response["ResponseMetadata"]["HTTPStatusCode"], self.status)
        return True


if __name__ == "__main__":
    unittest.main()
