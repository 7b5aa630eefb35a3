"""Instance metadata, and who may sign."""
import contextlib
import json
import time
from email.utils import parsedate_to_datetime

from .base import Case


class IdentityTests(Case):
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

    def test_metadata_over_ipv6(self):
        url = self.at["imdsURL"].replace("127.0.0.1", "[::1]")
        _, token, _ = self.token()
        self.assertEqual(self.curl("-g", "-H", f"X-aws-ec2-metadata-token: {token}", f"{url}/latest/meta-data/instance-id")[:2], (200, "i-0123456789abcdef0"))

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

    def test_new_credentials_take_a_while(self):
        self.control("imds", {"propagation": 3600})
        with self.refused("UnrecognizedClientException"):
            self.client("ssm", *self.role()).get_parameters(Names=["x"])
        self.control("imds", {"propagation": 0})
        self.client("ssm", *self.role()).get_parameters(Names=["x"])
