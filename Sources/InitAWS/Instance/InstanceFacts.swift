// `${public-ipv4}` and the like, from instance metadata.

package import InitCore

extension InstanceMetadata {
    /// All of them side by side. What the run knows from elsewhere (the stack, a region that was named) isn't answered here.
    /// - Parameter isPlan: a plan goes on without, an apply can't.
    package func facts(
        _ names: Set<HostFacts.Name>, isPlan: Bool
    ) async -> [HostFacts.Name: HostFacts.Answer] {
        await withTaskGroup(of: (HostFacts.Name, HostFacts.Answer).self) { group in
            for name in names {
                guard let item = Self.item(name) else { continue }
                group.addTask {
                    do {
                        let value = try await self.get("meta-data/\(item.path)") ?? ""
                        if !value.isEmpty { return (name, .value(value)) }
                        return (name, isPlan ? .unknown(item.lack) : .missing(item.lack))
                    } catch {
                        let why =
                            switch error {
                            case let error as Unavailable: "instance metadata: \(error.why)"
                            default: Failure(wrapping: error).message
                            }
                        return (name, isPlan ? .unknown(why) : .missing(why))
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    /// Where it stands, and what it means when it doesn't.
    private static func item(_ name: HostFacts.Name) -> (path: String, lack: String)? {
        switch name {
        case .instanceID: ("instance-id", "instance metadata has no instance id")
        case .publicIPv4:
            (
                "public-ipv4",
                "this instance has no public IPv4 address; let its subnet give one, associate an Elastic IP, or write ${local-ipv4}"
            )
        case .publicHostname:
            (
                "public-hostname",
                "this instance has no public host name, which takes a public address and a VPC with DNS hostnames enabled"
            )
        case .localIPv4: ("local-ipv4", "this instance has no private IPv4 address")
        case .ipv6: ("ipv6", "this instance has no IPv6 address; assign one to its network interface")
        case .region: ("placement/region", "instance metadata has no region")
        case .availabilityZone: ("placement/availability-zone", "instance metadata has no availability zone")
        case .stack, .resource: nil
        }
    }
}
