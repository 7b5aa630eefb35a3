import InitCore
import Testing

@testable import InitAWS

@Suite struct EndpointsTests {
    private func url(
        _ service: Service, _ region: String, _ environment: [String: String] = [:], urls: [Service: String] = [:]
    ) -> String {
        Endpoints(environment: { environment[$0] }, urls: urls).url(service, region: region)
    }

    @Test(
        "Each partition has its own names",
        arguments: [
            ("eu-west-1", "https://ssm.eu-west-1.amazonaws.com"),
            ("us-gov-west-1", "https://ssm.us-gov-west-1.amazonaws.com"),
            ("cn-north-1", "https://ssm.cn-north-1.amazonaws.com.cn"),
            ("eusc-de-east-1", "https://ssm.eusc-de-east-1.amazonaws.eu"),
            ("us-iso-east-1", "https://ssm.us-iso-east-1.c2s.ic.gov"),
            ("us-isob-east-1", "https://ssm.us-isob-east-1.sc2s.sgov.gov"),
            ("eu-isoe-west-1", "https://ssm.eu-isoe-west-1.cloud.adc-e.uk"),
            ("us-isof-south-1", "https://ssm.us-isof-south-1.csp.hci.ic.gov"),
        ])
    func partition(region: String, wanted: String) { #expect(url(.ssm, region) == wanted) }

    @Test func `dual stack and FIPS have names of their own, S3's older than the others'`() {
        let both = ["AWS_USE_DUALSTACK_ENDPOINT": "true", "AWS_USE_FIPS_ENDPOINT": "TRUE"]
        #expect(url(.ssm, "us-east-1", both) == "https://ssm-fips.us-east-1.api.aws")
        #expect(url(.s3, "us-east-1", both) == "https://s3-fips.dualstack.us-east-1.amazonaws.com")
        #expect(
            url(.cloudformation, "cn-north-1", ["AWS_USE_DUALSTACK_ENDPOINT": "true"])
                == "https://cloudformation.cn-north-1.api.amazonwebservices.com.cn")
    }

    @Test func `the API of container images isn't called as its registries are`() {
        #expect(url(.ecr, "eu-west-1") == "https://api.ecr.eu-west-1.amazonaws.com")
        #expect(url(.ecr, "us-east-1", ["AWS_USE_FIPS_ENDPOINT": "true"]) == "https://ecr-fips.us-east-1.amazonaws.com")
        #expect(
            url(.ecr, "eu-west-1", ["AWS_USE_DUALSTACK_ENDPOINT": "true"]) == "https://api.ecr.eu-west-1.api.aws")
        #expect(url(.ecr, "eu-west-1", ["AWS_ENDPOINT_URL_ECR": "http://ecr"]) == "http://ecr")
    }

    @Test func `the command line goes before the service's variable, that before the general one`() {
        let environment = ["AWS_ENDPOINT_URL": "http://all/", "AWS_ENDPOINT_URL_SECRETS_MANAGER": "http://secrets"]
        #expect(url(.secretsmanager, "us-east-1", environment) == "http://secrets")
        #expect(url(.ssm, "us-east-1", environment) == "http://all")
        #expect(
            url(.cloudformation, "us-east-1", environment, urls: [.cloudformation: "http://named"]) == "http://named")
        let ignored = environment.merging(["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"]) { $1 }
        #expect(url(.ssm, "us-east-1", ignored) == "https://ssm.us-east-1.amazonaws.com")
    }

    @Test(
        "Route 53 is one for all regions of a partition, and signed for by one of them",
        arguments: [
            ("eu-west-1", "https://route53.amazonaws.com", "us-east-1"),
            ("us-gov-east-1", "https://route53.us-gov.amazonaws.com", "us-gov-west-1"),
            ("cn-north-1", "https://route53.amazonaws.com.cn", "cn-northwest-1"),
            ("eusc-de-east-1", "https://route53.amazonaws.eu", "eusc-de-east-1"),
            ("us-isob-east-1", "https://route53.sc2s.sgov.gov", "us-isob-east-1"),
        ])
    func global(region: String, wanted: String, signing: String) {
        #expect(url(.route53, region) == wanted)
        #expect(Endpoints(environment: { _ in nil }).signingRegion(.route53, region: region) == signing)
        #expect(Endpoints(environment: { _ in nil }).signingRegion(.ssm, region: region) == region)
    }

    @Test func `Route 53's dual stack and FIPS names, where it has them`() {
        let both = ["AWS_USE_DUALSTACK_ENDPOINT": "true", "AWS_USE_FIPS_ENDPOINT": "true"]
        #expect(url(.route53, "eu-west-1", both) == "https://route53-fips.global.api.aws")
        #expect(url(.route53, "us-gov-west-1", both) == "https://route53.us-gov.api.aws")
        #expect(url(.route53, "us-east-1", ["AWS_ENDPOINT_URL_ROUTE_53": "http://here"]) == "http://here")
    }

    // MARK: S3

    private func address(_ url: String, region: String = "eu-west-1", _ environment: [String: String] = [:]) -> String?
    {
        S3Location(url: url).map {
            S3Address($0, region: region, endpoints: Endpoints(environment: { environment[$0] })).url
        }
    }

    @Test(
        "An object's address",
        arguments: [
            ("s3://bucket/a/b", "https://bucket.s3.eu-west-1.amazonaws.com/a/b"),
            (
                "s3://bucket/a b+c(ü)?versionId=x/y",
                "https://bucket.s3.eu-west-1.amazonaws.com/a%20b%2Bc%28%C3%BC%29?versionId=x%2Fy"
            ),
            // A certificate's * holds for one label.
            ("s3://dotted.bucket/a", "https://s3.eu-west-1.amazonaws.com/dotted.bucket/a"),
            // A name of the old rules.
            ("s3://Old_Bucket/a", "https://s3.eu-west-1.amazonaws.com/Old_Bucket/a"),
        ])
    func address(spelled: String, wanted: String) { #expect(address(spelled) == wanted) }

    @Test func `an endpoint that somebody names gets the bucket in the path`() {
        #expect(
            address("s3://bucket/a", ["AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9000"])
                == "http://127.0.0.1:9000/bucket/a")
    }

    @Test func `in China and by dual stack the bucket stands in the host, too`() {
        #expect(address("s3://bucket/a", region: "cn-north-1") == "https://bucket.s3.cn-north-1.amazonaws.com.cn/a")
        #expect(
            address("s3://bucket/a", ["AWS_USE_DUALSTACK_ENDPOINT": "true"])
                == "https://bucket.s3.dualstack.eu-west-1.amazonaws.com/a")
    }

    @Test(
        "A URL's key gets the spelling that S3 signs",
        arguments: [
            ("https://bucket.s3.amazonaws.com/a+b", "https://bucket.s3.amazonaws.com/a%2Bb"),
            (
                "https://s3.eu-west-1.amazonaws.com/bucket/(x)%20y?versionId=1",
                "https://s3.eu-west-1.amazonaws.com/bucket/%28x%29%20y?versionId=1"
            ),
            ("https://s3.amazonaws.com/s3/key", "https://s3.amazonaws.com/s3/key"),
        ])
    func spelling(written: String, wanted: String) { #expect(S3Address(url: written)?.url == wanted) }
}
