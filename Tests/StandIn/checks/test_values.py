"""Parameters, secrets, objects."""
import json

from .base import Case


class ValueTests(Case):
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
