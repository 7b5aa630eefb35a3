// Where a service is to be found. Partitions and suffixes: botocore's partitions.json; the variables: AWS SDKs and Tools
// Reference Guide, "Service-specific endpoints" and "Dual-stack and FIPS endpoints".

package enum Service: String, Sendable {
    case cloudformation
    case ec2
    case ecr
    case route53
    case s3
    case secretsmanager
    case ssm

    /// One for all regions of a partition.
    var isGlobal: Bool { self == .route53 }

    /// As AWS_ENDPOINT_URL_… names it.
    fileprivate var variable: String {
        switch self {
        case .cloudformation: "CLOUDFORMATION"
        case .ec2: "EC2"
        case .ecr: "ECR"
        case .route53: "ROUTE_53"
        case .s3: "S3"
        case .secretsmanager: "SECRETS_MANAGER"
        case .ssm: "SSM"
        }
    }
}

package struct Endpoints: Sendable {
    private let environment: @Sendable (String) -> String?
    private let urls: [Service: String]

    /// - Parameter urls: what the command line names; goes before the environment.
    package init(environment: @escaping @Sendable (String) -> String?, urls: [Service: String] = [:]) {
        self.environment = environment
        self.urls = urls
    }

    /// Whether somebody has named it; then hosts aren't made up from bucket names.
    func isCustom(_ service: Service) -> Bool { custom(service) != nil }

    /// Without a slash at its end.
    func url(_ service: Service, region: String) -> String {
        if let custom = custom(service) { return custom.hasSuffix("/") ? String(custom.dropLast()) : custom }
        let partition = Partition(region: region)
        let isFIPS = isOn("AWS_USE_FIPS_ENDPOINT")
        // What is called by the service's own name is the registry.
        let name = service == .ecr ? isFIPS ? "ecr-fips" : "api.ecr" : service.rawValue + (isFIPS ? "-fips" : "")
        if service.isGlobal { return partition.globalURL(name, isDualStack: isOn("AWS_USE_DUALSTACK_ENDPOINT")) }
        if isOn("AWS_USE_DUALSTACK_ENDPOINT") {
            // S3 had its dual-stack names before all others.
            return service == .s3
                ? "https://\(name).dualstack.\(region).\(partition.suffix)"
                : "https://\(name).\(region).\(partition.dualStackSuffix)"
        }
        return "https://\(name).\(region).\(partition.suffix)"
    }

    /// Where its calls are signed for.
    func signingRegion(_ service: Service, region: String) -> String {
        service.isGlobal ? Partition(region: region).globalRegion : region
    }

    private func custom(_ service: Service) -> String? {
        if let url = urls[service] { return url }
        guard !isOn("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") else { return nil }
        return ["AWS_ENDPOINT_URL_\(service.variable)", "AWS_ENDPOINT_URL"].lazy.compactMap(environment).first {
            !$0.isEmpty
        }
    }

    private func isOn(_ name: String) -> Bool { environment(name)?.lowercased() == "true" }
}

private struct Partition {
    let suffix: String
    let dualStackSuffix: String
    /// Which signs for what is global.
    let globalRegion: String

    init(region: String) {
        let known = Self.byPrefix.first { region.hasPrefix($0.prefix) }
        suffix = known?.suffix ?? "amazonaws.com"
        dualStackSuffix = known?.dualStack ?? "api.aws"
        globalRegion = known?.global ?? "us-east-1"
    }

    private static let byPrefix: [(prefix: String, suffix: String, dualStack: String, global: String)] = [
        ("cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "cn-northwest-1"),
        ("us-gov-", "amazonaws.com", "api.aws", "us-gov-west-1"),
        ("eusc-", "amazonaws.eu", "api.amazonwebservices.eu", "eusc-de-east-1"),
        ("us-iso-", "c2s.ic.gov", "api.aws.ic.gov", "us-iso-east-1"),
        ("us-isob-", "sc2s.sgov.gov", "api.aws.scloud", "us-isob-east-1"),
        ("eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "eu-isoe-west-1"),
        ("us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov", "us-isof-south-1"),
    ]

    /// Route 53's endpoint rules, in botocore.
    func globalURL(_ name: String, isDualStack: Bool) -> String {
        if globalRegion == "us-gov-west-1" {
            // What it has is FIPS already.
            let plain = name.replacing("-fips", with: "")
            return "https://\(plain).us-gov.\(isDualStack ? dualStackSuffix : suffix)"
        }
        return isDualStack ? "https://\(name).global.\(dualStackSuffix)" : "https://\(name).\(suffix)"
    }
}
