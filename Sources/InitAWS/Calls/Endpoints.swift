// Where a service is to be found. Partitions and suffixes: botocore's partitions.json; the variables: AWS SDKs and Tools
// Reference Guide, "Service-specific endpoints" and "Dual-stack and FIPS endpoints".

package enum Service: String, Sendable {
    case cloudformation
    case ec2
    case s3
    case secretsmanager
    case ssm

    /// As AWS_ENDPOINT_URL_… names it.
    fileprivate var variable: String {
        switch self {
        case .cloudformation: "CLOUDFORMATION"
        case .ec2: "EC2"
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
        let name = service.rawValue + (isOn("AWS_USE_FIPS_ENDPOINT") ? "-fips" : "")
        if isOn("AWS_USE_DUALSTACK_ENDPOINT") {
            // S3 had its dual-stack names before all others.
            return service == .s3
                ? "https://\(name).dualstack.\(region).\(partition.suffix)"
                : "https://\(name).\(region).\(partition.dualStackSuffix)"
        }
        return "https://\(name).\(region).\(partition.suffix)"
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

    init(region: String) {
        let known = Self.byPrefix.first { region.hasPrefix($0.prefix) }
        suffix = known?.suffix ?? "amazonaws.com"
        dualStackSuffix = known?.dualStack ?? "api.aws"
    }

    private static let byPrefix: [(prefix: String, suffix: String, dualStack: String)] = [
        ("cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
        ("eusc-", "amazonaws.eu", "api.amazonwebservices.eu"),
        ("us-iso-", "c2s.ic.gov", "api.aws.ic.gov"),
        ("us-isob-", "sc2s.sgov.gov", "api.aws.scloud"),
        ("eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
        ("us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    ]
}
