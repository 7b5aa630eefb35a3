// containers: {networks: {NAME: {…}}, registries: {HOST: "ecr" | {user, password}}, NAME: {image, …}}

let containersSection = SectionType(
    key: "containers",
    references: [
        ["registries", "*", "user"], ["registries", "*", "password"], ["*", "secrets"], ["*", "secretEnvironment"],
        ["*", "route", "auth"],
    ], takesFacts: true, sweep: { ContainersSweep(scope: $0) }, lastSweep: { NetworksSweep(scope: $0) }
) { input, diagnostics in
    let traefik = TraefikModel.find(in: input.document, input.facts, preferring: input.config)
    let outline = ContainerOutline(input.document, input.facts, traefik)
    var registries: [String: RegistryAccess] = [:]
    var networks: [NetworkResource] = []
    var containers: [DecodedContainer] = []
    for (key, node) in input.sortedItems(&diagnostics) where node.value != .null {
        switch key {
        case "registries": registries = RegistryAccess.all(node, &diagnostics)
        case "networks": networks += NetworkResource.named(node, outline, input, &diagnostics)
        default:
            for (index, (name, item)) in node.countedContainers(key, input.facts, &diagnostics).enumerated() {
                var own = Diagnostics(compatible: diagnostics.isCompatible)
                let container = DecodedContainer(item, name, outline, traefik, &own)
                if containers.contains(where: { $0.spec.name == name }) {
                    own.error(
                        item.path, "another container is called \(name) too, once it is counted; rename one of them")
                }
                if let container { containers.append(container) }
                // The others of its count would only say the same.
                if index == 0 || own.hasErrors { diagnostics.merge(own) }
                if own.hasErrors { break }
            }
        }
    }
    guard !networks.isEmpty || !containers.isEmpty else { return [] }
    networks += containers.filter { $0.spec.networks.contains($0.spec.name) }.map {
        NetworkResource(
            own: $0.spec.name, isDenied: $0.isDenied, pool: outline.pool, adopts: $0.adopts, input)
    }
    var resources: [any Resource] = []
    if !outline.deniedSubnets.isEmpty { resources.append(MetadataGuard(outline.deniedSubnets, input)) }
    resources.append(LabelKey(id: input.id(LabelKey.name)))
    resources += networks
    resources += ImageResource.all(containers, registries, input)
    resources += containers.map { ContainerResource($0, outline, traefik, input) }
    let here = Set(containers.filter { $0.spec.networks.contains($0.spec.name) && !$0.isProxy }.map(\.spec.name))
    if !here.isEmpty {
        resources += outline.proxies.map {
            ProxyNetworks(
                id: input.id("proxy networks/\($0.name)"), proxy: $0.name,
                networks: outline.ownNetworks.filter(here.contains), adopts: $0.adopts)
        }
    }
    return resources
}

/// A registry's entry.
enum RegistryAccess: Sendable {
    case ecr
    case password(user: ReferencedText, ReferencedText)

    static func all(_ node: JSONNode, _ diagnostics: inout Diagnostics) -> [String: RegistryAccess] {
        var result: [String: RegistryAccess] = [:]
        for (host, entry) in node.map(&diagnostics) where entry.value != .null {
            guard !host.contains("/"), !host.isEmpty else {
                diagnostics.error(
                    entry.path, "\u{201C}\(host)\u{201D} is no registry's host; registry.example.com:5000 is one")
                continue
            }
            guard entry.isMap else {
                guard let text = entry.text(&diagnostics, wanted: "ecr, or a map with user and password") else {
                    continue
                }
                if text != "ecr" {
                    diagnostics.error(
                        entry.path,
                        "\u{201C}\(text)\u{201D} stands here; ecr, or a map with user and password, is wanted")
                } else if ECRName(host) == nil {
                    diagnostics.error(
                        entry.path,
                        "\(host) is no registry of Amazon ECR; ACCOUNT.dkr.ecr.REGION.amazonaws.com is one")
                } else {
                    result[host] = .ecr
                }
                continue
            }
            entry.checkKeys(["user", "password"], &diagnostics)
            func text(_ key: String) -> ReferencedText? {
                guard let node = entry.given(key) else {
                    diagnostics.error(entry.path, "it has no \u{201C}\(key)\u{201D}")
                    return nil
                }
                return node.text(&diagnostics).flatMap { ReferencedText(reading: $0, at: node.path, &diagnostics) }
            }
            if let user = text("user"), let password = text("password") {
                result[host] = .password(user: user, password)
            }
        }
        return result
    }
}

/// `ACCOUNT.dkr.ecr[-fips].REGION.amazonaws.com[.cn]`, and `ACCOUNT.dkr-ecr.REGION.on.aws`.
package struct ECRName: Sendable, Equatable {
    package let account: String
    package let region: String

    package init?(_ host: String) {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 5, parts[0].utf8.count == 12, parts[0].allSatisfy(\.isNumber) else { return nil }
        account = parts[0]
        if parts[1] == "dkr", parts[2] == "ecr" || parts[2] == "ecr-fips" {
            region = parts[3]
        } else if parts[1] == "dkr-ecr" || parts[1] == "dkr-ecr-fips" {
            region = parts[2]
        } else {
            return nil
        }
    }
}
