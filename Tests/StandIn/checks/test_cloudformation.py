"""Metadata, signals, wait conditions."""
import base64
import json

from .base import Case, STACK


class CloudFormationTests(Case):
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
        url = self.control("wait-conditions", {"name": "T"})["url"]
        self.assertTrue(url.startswith("https://cloudformation-waitcondition-us-east-1.s3.us-east-1.amazonaws.com/arn%3Aaws%3Acloudformation%3A"), url)
        by_name = ("--noproxy", "", "--proxy-user", "u:p", "-x", self.proxy["url"], "--cacert", self.at["ca"], "--suppress-connect-headers")
        self.assertEqual(put(url, "-H", "Content-Type:", *by_name), 200)
        self.assertEqual([w["name"] for w in self.control("wait-conditions")], ["S", "T"])
