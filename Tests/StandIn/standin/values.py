"""Parameter Store and Secrets Manager: moto's stores, the real services' limits, permissions and order of answers."""
import json

from .errors import Refusal, refusal
from .http import Response

KMS_REFUSED = ("The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access. "
               "(Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException; Request ID: 00000000-0000-0000-0000-000000000000; Proxy: null)")


def not_allowed(arn, service, action, resource):
    return (f"User: {arn} is not authorized to perform: {service}:{action} on resource: {resource} "
            f"because no identity-based policy allows the {service}:{action} action")


def too_many(member, values, most):
    shown = ", ".join(values)
    return Refusal("ValidationException", f"1 validation error detected: Value '[{shown}]' at '{member}' failed to satisfy constraint: "
                   f"Member must have length less than or equal to {most}", 400)


def answer(result):
    return Response(200, json.dumps(result).encode(), [("Content-Type", "application/x-amz-json-1.1")])


class Values:
    def __init__(self, state, moto):
        self.state, self.moto = state, moto
        self.reset()

    def reset(self):
        self.batch_page = None  # how many secrets an answer of BatchGetSecretValue holds; None: all

    def resources(self, request):
        """The names that the request is about, for the log and the deny rules."""
        try:
            body = json.loads(request.body or b"{}")
        except ValueError:
            return []
        for key in ("Names", "SecretIdList"):
            if isinstance(body.get(key), list):
                return body[key]
        return [body[key] for key in ("Name", "SecretId", "Path") if isinstance(body.get(key), str)]

    def handle(self, request, service, action, region, who):
        try:
            body = json.loads(request.body or b"{}")
        except ValueError:
            raise Refusal("SerializationException", "Unable to parse the request body", 400) from None
        if service == "ssm" and action in ("GetParameters", "GetParameter"):
            return self.parameters(body, action, region, who)
        if service == "secretsmanager" and action == "BatchGetSecretValue":
            return self.secrets(body, region, who)
        if service == "secretsmanager" and action == "GetSecretValue":
            self.check_secret(body.get("SecretId", ""), who)
        return self.moto.answer(service, request, f"{service}.{region}.amazonaws.com")

    # Parameter Store

    def parameters(self, body, action, region, who):
        names = body.get("Names", []) if action == "GetParameters" else [body.get("Name", "")]
        if not names:
            raise Refusal("ValidationException", "1 validation error detected: Value '[]' at 'names' failed to satisfy constraint: "
                          "Member must have length greater than or equal to 1", 400)
        if len(names) > 10:
            raise too_many("names", names, 10)
        found, invalid = [], []
        for name in names:
            # moto knows no ARNs here.
            plain = name.partition(":parameter")[2] if name.startswith("arn:") else name
            got = self.moto.ask("ssm", "AmazonSSM.GetParameters", {"Names": [plain], "WithDecryption": body.get("WithDecryption", False)}, region)
            for parameter in got["Parameters"]:
                if parameter["Type"] == "SecureString" and body.get("WithDecryption") and self.state.denied("kms", "Decrypt", [name], who):
                    raise Refusal("AccessDeniedException", KMS_REFUSED, 400)
                selector = name.removeprefix(parameter["ARN"] if name.startswith("arn:") else parameter["Name"])
                found.append(parameter | ({"Selector": selector} if selector else {}))
            invalid += got["InvalidParameters"]
        if action == "GetParameters":
            # The service promises no order.
            self.state.random.shuffle(found)
            return answer({"Parameters": found, "InvalidParameters": invalid})
        if not found:
            base, colon, version = names[0].rpartition(":")
            if colon and self.moto.ask("ssm", "AmazonSSM.GetParameters", {"Names": [base]}, region)["Parameters"]:
                raise Refusal("ParameterVersionNotFound", f"Systems Manager could not find version {version} of {base}. Verify the version and try again.", 400)
            raise Refusal("ParameterNotFound", "", 400)
        return answer({"Parameter": found[0]})

    # Secrets Manager

    def check_secret(self, secret, who):
        if self.state.denied("secretsmanager", "GetSecretValue", [secret], who):
            raise refusal("denied", "secretsmanager", not_allowed(who, "secretsmanager", "GetSecretValue", secret))
        if self.state.denied("kms", "Decrypt", [secret], who):
            raise Refusal("AccessDeniedException", "Access to KMS is not allowed", 400)

    def secrets(self, body, region, who):
        wanted = body.get("SecretIdList")
        if not wanted and not body.get("Filters"):
            raise Refusal("InvalidParameterException", "Either 'SecretIdList' or 'Filters' must be provided, but not both.", 400)
        if wanted and body.get("Filters"):
            raise Refusal("InvalidParameterException", "Either 'SecretIdList' or 'Filters' must be provided, but not both.", 400)
        if wanted and len(wanted) > 20:
            raise too_many("secretIdList", wanted, 20)
        if wanted and body.get("MaxResults"):
            raise Refusal("InvalidParameterException", "MaxResults can only be used with Filters.", 400)
        values, errors = [], []
        start = int(body.get("NextToken") or 0)
        page = wanted[start:start + (self.batch_page or 20)]
        for secret in page:
            try:
                self.check_secret(secret, who)
                value = self.moto.ask("secretsmanager", "secretsmanager.GetSecretValue", {"SecretId": secret}, region)
                values.append({k: v for k, v in value.items() if v is not None})
            except Refusal as error:
                errors.append({"SecretId": secret, "ErrorCode": error.code, "Message": error.message})
            except ValueError as error:
                said = json.loads(str(error))
                errors.append({"SecretId": secret, "ErrorCode": said["__type"], "Message": said.get("message") or said.get("Message", "")})
        self.state.random.shuffle(values)
        result = {"SecretValues": values, "Errors": errors}
        if start + len(page) < len(wanted):
            result["NextToken"] = str(start + len(page))
        return answer(result)
