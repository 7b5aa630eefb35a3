"""Names and TLS, pages, overlap, faults."""
import contextlib
import http.client
import json
import socket
import ssl
import threading

from botocore.exceptions import ClientError

from .base import Case, STACK


class WireTests(Case):
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
        log = json.loads(self.curl(self.proxy["url"] + "/_test/log")[1])
        self.assertTrue(any(e["target"] == "ssm.us-east-1.amazonaws.com:443" and e["tunnel"] for e in log))
        answered = self.curl("--noproxy", "", "-x", self.proxy["url"], "http://example.com/")[0]
        self.assertEqual(answered, 407)

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
