"""Hosted zones."""
import threading
import time

from botocore.exceptions import ClientError

from .base import Case

ZONE = {"id": "Z1", "name": "example.com", "records": [{"name": "www.example.com", "type": "A", "ttl": 60, "values": ["192.0.2.1"]}]}


class ZoneTests(Case):
    def setUp(self):
        super().setUp()
        self.control("zones", ZONE)
        self.route53 = self.client("route53")

    def change(self, *changes, client=None):
        batch = {"Changes": [{"Action": verb, "ResourceRecordSet": {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": v} for v in values]}}
                             for verb, name, kind, *values in changes]}
        return (client or self.route53).change_resource_record_sets(HostedZoneId="Z1", ChangeBatch=batch)["ChangeInfo"]

    def listed(self, **words):
        got = self.route53.list_resource_record_sets(HostedZoneId="Z1", **words)
        return [(r["Name"], r["Type"]) for r in got["ResourceRecordSets"]], got

    def test_names(self):
        self.change(("CREATE", "*.Code.example.com", "A", "192.0.2.2"), ("CREATE", "a-b.example.com.", "A", "192.0.2.3"),
                    ("CREATE", "a.example.com", "A", "192.0.2.3"), ("CREATE", "x.a.example.com", "A", "192.0.2.3"))
        names = [n for n, _ in self.listed()[0]]
        self.assertEqual(names, ["example.com.", "example.com.", "a-b.example.com.", "a.example.com.", "x.a.example.com.", "\\052.code.example.com.",
                                 "www.example.com."])
        self.assertEqual(self.listed(StartRecordName="b.example.com")[0][0], ("\\052.code.example.com.", "A"))

    def test_pages(self):
        for start in range(0, 700, 350):
            self.change(*[("CREATE", f"n{i:03}.example.com", "A", "192.0.2.2") for i in range(start, start + 350)])
        first, got = self.listed()
        self.assertEqual((len(first), got["IsTruncated"]), (300, True))
        second, _ = self.listed(StartRecordName=got["NextRecordName"], StartRecordType=got["NextRecordType"])
        self.assertEqual(len(set(first + second)), 600)

    def test_all_or_nothing(self):
        with self.refused("InvalidChangeBatch", 400) as error:
            self.change(("CREATE", "new.example.com", "A", "192.0.2.2"), ("CREATE", "www.example.com", "A", "192.0.2.2"))
        self.assertEqual(error.message, "[Tried to create resource record set [name='www.example.com.', type='A'] but it already exists]")
        with self.refused("InvalidChangeBatch") as error:
            self.change(("DELETE", "www.example.com", "A", "192.0.2.9"), ("DELETE", "no.example.com", "A", "192.0.2.9"))
        self.assertIn("type='A'] but the values provided do not match the current values, Tried to delete", error.message)
        self.assertIn("[name='no.example.com.', type='A'] but it was not found", error.message)
        self.assertEqual(len(self.listed()[0]), 3)
        self.change(("DELETE", "www.example.com", "A", "192.0.2.1"), ("CREATE", "www.example.com", "CNAME", "other.example.com"))
        for change, text in ((("CREATE", "www.example.com", "A", "192.0.2.1"), "conflicting RRSet of type CNAME"),
                             (("CREATE", "www.example.org", "A", "192.0.2.1"), "is not permitted in zone example.com."),
                             (("CREATE", "t.example.com", "TXT", "bare"), "enclosed in quotation marks"),
                             (("CREATE", "t.example.com", "TXT", '"' + "x" * 256 + '"'), "CharacterStringTooLong"),
                             (("CREATE", "t.example.com", "A", "::1"), "not a valid IPv4 address")):
            with self.refused("InvalidChangeBatch") as error:
                self.change(change)
            self.assertIn(text, error.message)

    def test_forms_of_a_refused_batch(self):
        for asked, root in (({}, "<ErrorResponse "), ({"messages": True}, "<InvalidChangeBatch ")):
            self.control("route53", asked)
            bodies = []
            client = self.client("route53")
            client.meta.events.register("after-call.route53", lambda http_response, **_: bodies.append(http_response.text))
            with self.assertRaises(ClientError) as raised:
                self.change(("DELETE", "no.example.com", "A", "192.0.2.9"), ("DELETE", "n.example.com", "A", "192.0.2.9"), client=client)
            self.assertEqual(raised.exception.response["ResponseMetadata"]["HTTPStatusCode"], 400)
            self.assertIn(root, bodies[0])
            self.assertEqual(bodies[0].count("<Message>"), 2 if asked else 1)

    def test_limits(self):
        names = [f"n{i}.example.com" for i in range(501)]
        with self.refused("InvalidChangeBatch") as error:
            self.change(*[("UPSERT", n, "A", "192.0.2.2") for n in names])
        self.assertIn("limit of 1000", error.message)
        self.change(*[("CREATE", n, "A", "192.0.2.2") for n in names])
        with self.refused("InvalidChangeBatch") as error:
            self.change(*[("UPSERT", f"t{i}.example.com", "TXT", '"' + "x" * 250 + '"') for i in range(64)])
        self.assertIn("limit of 32000", error.message)

    def test_in_sync(self):
        self.control("route53", {"insync": 0.3})
        change = self.change(("CREATE", "a.example.com", "A", "192.0.2.2"))
        self.assertEqual(self.route53.get_change(Id=change["Id"])["ChangeInfo"]["Status"], "PENDING")
        time.sleep(0.35)
        self.assertEqual(self.route53.get_change(Id=change["Id"])["ChangeInfo"]["Status"], "INSYNC")
        with self.refused("NoSuchChange", 404):
            self.route53.get_change(Id="C0")
        with self.refused("NoSuchHostedZone", 404):
            self.route53.list_resource_record_sets(HostedZoneId="Z0")

    def test_one_change_at_a_time(self):
        self.control("route53", {"busy": 0.3})
        codes = []

        def run(name):
            try:
                self.change(("CREATE", name, "A", "192.0.2.2"), client=self.client("route53"))
            except ClientError as error:
                codes.append(error.response["Error"]["Code"])

        threads = [threading.Thread(target=run, args=(f"n{i}.example.com",)) for i in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(codes, ["PriorRequestNotComplete"])
        self.control("route53", {"rate": 2})
        with self.refused("Throttling", 400):
            for _ in range(6):
                self.listed()

    def test_schema(self):
        """As other clients might write it."""
        inside = ("<Change><Action>CREATE</Action><ResourceRecordSet><Name>a.example.com</Name><Type>A</Type>{}</ResourceRecordSet></Change>")
        records, ttl = "<ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord></ResourceRecords>", "<TTL>60</TTL>"
        with self.refused("InvalidInput", 400) as error:
            self.raw(inside.format(records + ttl))
        self.assertIn("starting with element 'TTL'", error.message)
        self.raw(inside.format(ttl + records))
        with self.refused("MalformedInput", 400):
            self.raw(inside.format(ttl + records), namespace="")

    def raw(self, changes, namespace="https://route53.amazonaws.com/doc/2013-04-01/"):
        body = f'<ChangeResourceRecordSetsRequest xmlns="{namespace}"><ChangeBatch><Changes>{changes}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>'
        client = self.client("route53")

        def replace(request, **_):
            request.data = body.encode()

        client.meta.events.register("before-sign.route53", replace)
        self.change(("CREATE", "x.example.com", "A", "192.0.2.1"), client=client)

    def test_permissions(self):
        self.control("deny", {"action": "route53:GetChange"})
        with self.refused("AccessDenied", 403):
            self.route53.get_change(Id="C1")
        self.assertEqual(self.by_name("route53").get_hosted_zone(Id="Z1")["HostedZone"]["Name"], "example.com.")
        with self.refused("SignatureDoesNotMatch", 403):
            self.client("route53", region="eu-west-1").get_hosted_zone(Id="Z1")
