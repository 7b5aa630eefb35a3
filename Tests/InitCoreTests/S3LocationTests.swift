import InitCore
import Testing

@Suite struct S3LocationTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let url: String
        let location: S3Location?

        init(_ url: String, _ location: S3Location?) {
            self.url = url
            self.location = location
        }

        var testDescription: String { url }
    }

    private static func at(
        _ bucket: String, _ key: String, _ region: String? = nil, version: String? = nil, host: String?
    ) -> S3Location {
        S3Location(bucket: bucket, key: key, region: region, versionId: version, host: host)
    }

    @Test(
        "A URL's bucket, key and region",
        arguments: [
            Case("s3://b/k", at("b", "k", host: nil)),
            Case("S3://b/a/k%20x?versionId=3%2F4", at("b", "a/k x", version: "3/4", host: nil)),
            Case("s3://b/a#b", at("b", "a#b", host: nil)),
            Case("https://s3.amazonaws.com/b/a/k", at("b", "a/k", host: "s3.amazonaws.com")),
            Case("http://b.s3.amazonaws.com/k", at("b", "k", host: "b.s3.amazonaws.com")),
            Case("https://b.c.s3.amazonaws.com/k", at("b.c", "k", host: "b.c.s3.amazonaws.com")),
            Case("https://b.S3.Amazonaws.com/k", at("b", "k", host: "b.S3.Amazonaws.com")),
            Case(
                "https://b.s3-external-1.amazonaws.com/k",
                at("b", "k", "us-east-1", host: "b.s3-external-1.amazonaws.com")),
            Case(
                "https://s3.eu-west-1.amazonaws.com/b/k", at("b", "k", "eu-west-1", host: "s3.eu-west-1.amazonaws.com")),
            Case(
                "https://b.s3.eu-west-1.amazonaws.com/k",
                at("b", "k", "eu-west-1", host: "b.s3.eu-west-1.amazonaws.com")),
            Case(
                "https://b.s3-eu-west-1.amazonaws.com/k",
                at("b", "k", "eu-west-1", host: "b.s3-eu-west-1.amazonaws.com")),
            Case(
                "https://my.s3.s3.eu-west-1.amazonaws.com/k",
                at("my.s3", "k", "eu-west-1", host: "my.s3.s3.eu-west-1.amazonaws.com")),
            Case(
                "https://b.s3.dualstack.ap-southeast-2.amazonaws.com/k",
                at("b", "k", "ap-southeast-2", host: "b.s3.dualstack.ap-southeast-2.amazonaws.com")),
            Case(
                "https://b.s3-fips.us-east-2.amazonaws.com/k",
                at("b", "k", "us-east-2", host: "b.s3-fips.us-east-2.amazonaws.com")),
            Case(
                "https://s3-fips.dualstack.us-gov-west-1.amazonaws.com/b/k",
                at("b", "k", "us-gov-west-1", host: "s3-fips.dualstack.us-gov-west-1.amazonaws.com")),
            Case(
                "https://s3-fips-us-gov-west-1.amazonaws.com/b/k",
                at("b", "k", "us-gov-west-1", host: "s3-fips-us-gov-west-1.amazonaws.com")),
            Case(
                "https://b.s3.cn-north-1.amazonaws.com.cn/k",
                at("b", "k", "cn-north-1", host: "b.s3.cn-north-1.amazonaws.com.cn")),
            Case(
                "https://s3.us-iso-east-1.c2s.ic.gov/b/k",
                at("b", "k", "us-iso-east-1", host: "s3.us-iso-east-1.c2s.ic.gov")),
            Case(
                "https://b.s3.us-isob-east-1.sc2s.sgov.gov/k",
                at("b", "k", "us-isob-east-1", host: "b.s3.us-isob-east-1.sc2s.sgov.gov")),
            Case(
                "https://b.s3.eusc-de-east-1.amazonaws.eu/k",
                at("b", "k", "eusc-de-east-1", host: "b.s3.eusc-de-east-1.amazonaws.eu")),
            Case("https://b.s3-accelerate.amazonaws.com/k", at("b", "k", host: "b.s3-accelerate.amazonaws.com")),
            Case(
                "https://b.s3-accelerate.dualstack.amazonaws.com/k",
                at("b", "k", host: "b.s3-accelerate.dualstack.amazonaws.com")),
            Case(
                "https://u:p@b.s3.amazonaws.com:8443/k%2Bx?x=1&versionId=v",
                at("b", "k+x", version: "v", host: "b.s3.amazonaws.com:8443")),
            Case("https://b.s3.amazonaws.com/100%", at("b", "100%", host: "b.s3.amazonaws.com")),
            Case("https://b.s3.amazonaws.com/k#part", at("b", "k", host: "b.s3.amazonaws.com")),
        ])
    func found(test: Case) { #expect(S3Location(url: test.url) == test.location) }

    @Test(
        "What names no object of S3",
        arguments: [
            "", "b/k", "s3://", "s3://b", "s3://b/", "s3:///k", "https://example.com/b/k", "https://s3.amazonaws.com/b",
            "https://s3.amazonaws.com/b/", "https://b.s3.amazonaws.com/", "https://b.s3.amazonaws.com",
            "ftp://s3.amazonaws.com/b/k",
            "https://amazonaws.com/b/k", "https://s3amazonaws.com/b/k", "https://s3.amazonaws.com.example.com/b/k",
            "https://ec2.eu-west-1.amazonaws.com/b/k", "https://b.s3-website-eu-west-1.amazonaws.com/k",
            "https://b.s3-website.eu-west-1.amazonaws.com/k", "https://a-1.s3-accesspoint.eu-west-1.amazonaws.com/k",
            "https://s3-accelerate.amazonaws.com/b/k",
        ])
    func other(url: String) { #expect(S3Location(url: url) == nil) }
}
