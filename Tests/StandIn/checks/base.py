"""What the checks share: one stand-in and one proxy for all of them, AWS's client library, curl."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

HERE = pathlib.Path(__file__).parent.parent
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


class Bed:
    """Started by selftest.py before the first check."""

    aws = proxy = directory = None

    @classmethod
    def start(cls):
        cls.directory = tempfile.TemporaryDirectory()
        root = pathlib.Path(cls.directory.name)
        cls.aws = Program("aws.py", "--tls", root / "tls", "--state", root / "state", "--extra-address", "127.0.0.2", "--imds-address", "127.0.0.1",
                          "--imds-address", "::1")
        at = cls.aws.ready
        cls.proxy = Program("proxy.py", "--password", "u:p", "--route", f"*:443=127.0.0.1:{at['tlsPort']}", "--route", f"*:80=127.0.0.1:{at['port']}")

    @classmethod
    def end(cls):
        """Both must end by themselves, and the journal must be whole."""
        ends = cls.proxy.end(), cls.aws.end()
        lines = (pathlib.Path(cls.directory.name) / "state/requests.jsonl").read_text().splitlines()
        cls.directory.cleanup()
        if ends != (0, 0) or not lines or not all(json.loads(line)["service"] for line in lines):
            sys.exit(f"selftest: the programs ended with {ends}, {len(lines)} lines in the journal")


class Case(unittest.TestCase):
    def setUp(self):
        self.at, self.proxy = Bed.aws.ready, Bed.proxy.ready
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
        proxy = self.proxy["url"].replace("http://", "http://u:p@")
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

    def token(self, *words):
        return self.curl("-X", "PUT", "-H", "X-aws-ec2-metadata-token-ttl-seconds: 60", f"{self.at['imdsURL']}/latest/api/token", *words)

    def metadata(self, path):
        _, token, _ = self.token()
        return self.curl("-H", f"X-aws-ec2-metadata-token: {token}", f"{self.at['imdsURL']}/latest/{path}")[:2]

    def role(self):
        c = json.loads(self.metadata("meta-data/iam/security-credentials/ec2role")[1])
        return c["AccessKeyId"], c["SecretAccessKey"], c["Token"]


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
